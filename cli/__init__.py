"""The command `vdd`."""

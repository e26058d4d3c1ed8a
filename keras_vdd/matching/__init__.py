"""The matching losses, one file each, as pure functions of arrays."""

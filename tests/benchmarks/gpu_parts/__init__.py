"""The parts of `gpu.py`: each is run in a process of its own, as `main(report, size, *arguments)`."""

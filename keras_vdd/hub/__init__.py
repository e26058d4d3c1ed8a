"""Distilled sets on disk and on the Hugging Face Hub: write, read, and show as videos in `datasets`."""

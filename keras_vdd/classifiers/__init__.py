"""Classifiers that leave the toolkit: what they are tested on, how one is trained and kept, what it says of a video."""

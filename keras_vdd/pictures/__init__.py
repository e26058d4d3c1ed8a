"""Normalised videos and memories as pictures: pixels, PNG files, animations. numpy and Pillow only."""

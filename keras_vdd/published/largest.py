"""What a published set may hold at most: a config may ask for more than its files hold, since memories are repeated."""

LARGEST_VIDEO = 2**29
"""Bytes of one video, float32."""
LARGEST_MEAN = 1e6
"""Of pixels scaled to 0..1; a standard deviation lies between its inverse and it."""
MOST_PAIRS = 10**7
"""Videos of a set; few memories make many."""

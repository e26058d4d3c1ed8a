"""Temporal compression: which frames are matched with which, in what segments, and how few frames become many.

Section 3 of "Dancing with Still Images" (CVPR 2024). A method is a quadruplet (N_syn, N_real, K, I): trainable frames,
real frames that they are matched with, segments matched one by one, and interpolation to the videos' length. NumPy
alone.
"""

from keras_vdd.temporal.correspondence import is_ordered, is_uniform, segments, why_not_ordered, why_not_uniform
from keras_vdd.temporal.interpolation import INTERPOLATIONS, interpolation_matrix

__all__ = [
    "INTERPOLATIONS",
    "interpolation_matrix",
    "is_ordered",
    "is_uniform",
    "segments",
    "why_not_ordered",
    "why_not_uniform",
]

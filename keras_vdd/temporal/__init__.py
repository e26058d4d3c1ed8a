"""Temporal compression: which frames are matched with which, in what segments, and how few frames become many.

Section 3 of "Dancing with Still Images" (CVPR 2024). A method is a quadruplet (N_syn, N_real, K, I): trainable frames,
real frames that they are matched with, segments matched one by one, and interpolation to the videos' length. Functions
are loaded when first used, so that recipes know the rules without NumPy.
"""

from keras_vdd.registry import loaded_when_used

INTERPOLATIONS = {
    "duplicate": "each stored frame is shown for an equal share of the video",
    "linear": "linear, the first and the last stored frame being the first and the last of the video",
    "half-pixel": "linear with half-pixel centres, edges held",
}
"""How few frames become many: the name of each fixed rule, and what it does in words."""
LEARNED = "parametric"
"""The rule that is a network trained on real clips, see `Interpolator`."""

_HOMES = {
    "Architecture": "timesformer",
    "Interpolator": "interpolator",
    "TimeSformer": "layer",
    "between_key_frames": "key_frames",
    "interpolation_matrix": "interpolation",
    "is_ordered": "correspondence",
    "is_uniform": "correspondence",
    "segments": "correspondence",
    "why_not_ordered": "correspondence",
    "why_not_uniform": "correspondence",
}

__all__ = ["INTERPOLATIONS", "LEARNED", *_HOMES]


__getattr__, __dir__ = loaded_when_used(__name__, _HOMES, __all__)

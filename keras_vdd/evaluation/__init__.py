"""Fresh networks trained on a set of videos and tested on real clips: protocols, baselines, scores.

Names are loaded when first used: scores and metrics need no Keras.
"""

import importlib

_HOMES = {
    "Amount": "baselines",
    "Baseline": "baselines",
    "Beside": "baselines",
    "BatchStandardise": "standardise",
    "Classifier": "classifier",
    "ClipBatches": "clip_batches",
    "CosineToZero": "optimizers",
    "CoupledSGD": "optimizers",
    "Embedding": "classifier",
    "FixedVideos": "training_sets",
    "NetworkScore": "scores",
    "Protocol": "protocol",
    "ResultRow": "records",
    "Results": "records",
    "Score": "scores",
    "SquaredError": "losses",
    "RealClips": "real_clips",
    "RealSample": "real_samples",
    "StoreVideos": "training_sets",
    "TenthAtHalf": "optimizers",
    "Trainer": "trainer",
    "at_equal_bytes": "real_samples",
    "at_equal_count": "real_samples",
    "evaluate": "fresh_networks",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'keras_vdd.evaluation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"keras_vdd.evaluation.{_HOMES[name]}"), name)


def __dir__():
    return __all__

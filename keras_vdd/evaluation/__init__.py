"""Fresh networks trained on a set of videos and tested on real clips: protocols, baselines, scores.

Names are loaded when first used: scores and metrics need no Keras.
"""

from keras_vdd.registry import loaded_when_used

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


__getattr__, __dir__ = loaded_when_used(__name__, _HOMES, __all__)

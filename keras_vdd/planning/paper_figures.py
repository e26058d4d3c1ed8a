"""Accuracies and storage that "Dancing with Still Images" (CVPR 2024) prints, to stand beside one's own.

Table 1: sets of MiniUCF learned by DM on ConvNet + GRU, by frames and interpolation, tested on that network. Tables 2
and 3: percent on MiniC3D, mean and deviation, top-1 on MiniUCF and HMDB51, top-5 on Kinetics-400
and Something-Something V2. Table 4: sets of MiniUCF learned on MiniC3D and tested on other networks. Storage is copied
as printed, in megabytes of one kind or the other. Key frames have the figures of PRISM (arXiv 2505.22564) on MiniC3D,
top-1, which come without deviations.
"""

from dataclasses import dataclass

SETS = ("miniucf", "hmdb51", "kinetics400", "ssv2")
_CUTS = {"miniucf": (16, 112), "hmdb51": (16, 112), "kinetics400": (8, 64), "ssv2": (8, 64)}

# By method and videos per class; one column a set. A method alone is static-dynamic.
_ACCURACIES = {
    ("full", 1): ((57.22, 0.14), (28.58, 0.69), (34.6, 0.5), (29.0, 0.6)),
    ("random", 1): ((9.9, 0.8), (4.6, 0.5), (3.0, 0.1), (3.3, 0.1)),
    ("random", 5): ((22.9, 1.1), (6.6, 0.7), (5.6, 0.0), (3.9, 0.1)),
    ("herding", 1): ((12.7, 1.6), (3.8, 0.2), None, None),
    ("herding", 5): ((25.8, 0.3), (8.5, 0.4), None, None),
    ("k-center", 1): ((11.5, 0.7), (3.1, 0.1), None, None),
    ("k-center", 5): ((23.0, 1.3), (5.2, 0.3), None, None),
    ("dm-naive", 1): ((15.3, 1.1), (6.1, 0.2), (6.3, 0.0), (3.6, 0.0)),
    ("dm-naive", 5): ((25.7, 0.2), (8.0, 0.2), (9.1, 0.9), (4.1, 0.0)),
    ("mtt-naive", 1): ((19.0, 0.1), (6.6, 0.5), (3.8, 0.2), (3.9, 0.1)),
    ("mtt-naive", 5): ((28.4, 0.7), (8.4, 0.6), (9.1, 0.3), (6.3, 0.3)),
    ("frepo-naive", 1): ((20.3, 0.5), (7.2, 0.8), None, None),
    ("frepo-naive", 5): ((30.2, 1.7), (9.6, 0.7), None, None),
    ("static-dc", 1): ((13.7, 1.1), (5.1, 0.9), (4.6, 0.2), (3.9, 0.1)),
    ("static-dc", 5): ((24.7, 0.5), (7.8, 0.4), (6.6, 0.2), (4.1, 0.0)),
    ("dm", 1): ((17.5, 0.1), (6.0, 0.4), (6.3, 0.2), (4.0, 0.1)),
    ("dm", 5): ((27.2, 0.4), (8.2, 0.1), (7.0, 0.1), (3.8, 0.1)),
    ("mtt", 1): ((23.3, 0.6), (6.5, 0.1), (6.3, 0.1), (5.5, 0.1)),
    ("mtt", 5): ((28.3, 0.0), (8.9, 0.6), (11.5, 0.5), (8.3, 0.2)),
    ("frepo", 1): ((22.0, 1.0), (8.6, 0.5), None, None),
    ("frepo", 5): ((31.2, 0.7), (10.3, 0.6), None, None),
}
# Of MiniUCF at one video a class, by the network that is trained on the set.
_ACROSS = {
    "convnet_gru": {
        "random": (6.2, 0.8),
        "dm-naive": (9.9, 0.7),
        "dm": (12.0, 0.7),
        "mtt-naive": (8.4, 0.5),
        "mtt": (14.8, 0.1),
    },
    "convnet_lstm": {
        "random": (6.5, 0.3),
        "dm-naive": (9.2, 0.3),
        "dm": (10.3, 0.2),
        "mtt-naive": (7.3, 0.4),
        "mtt": (13.4, 0.2),
    },
}
# Of MiniUCF at one video a class, by interpolation and N_syn = N_real; all in one segment.
_BY_FRAMES = {
    "duplicate": {1: (17.4, 0.3), 2: (18.0, 0.4), 4: (17.3, 0.5), 8: (17.9, 0.6)},
    "linear": {2: (15.6, 0.1), 4: (16.1, 0.4), 8: (16.3, 0.5)},
    "parametric": {1: (17.0, 0.6), 2: (18.6, 0.8), 4: (19.2, 1.0), 8: (18.5, 0.9)},
}
_NETWORKS = {"mini_c3d": "MiniC3D", "convnet_gru": "CNN+GRU", "convnet_lstm": "CNN+LSTM"}
_STORAGE = {"static-dc": ("8 MB", "36 MB"), "frepo": ("48 MB", "228 MB")}
_STORAGE |= dict.fromkeys(("dm", "mtt"), ("94 MB", "455 MB"))
_WHOLE_CLIPS = ("115 MB", "586 MB")
# PRISM, by set, videos per class and insertion.
_KEY_FRAMES = {
    ("miniucf", 1, "gradient"): (17.9, "20 MB"),
    ("miniucf", 5, "gradient"): (28.0, "133 MB"),
    ("hmdb51", 1, "gradient"): (7.5, "22 MB"),
    ("hmdb51", 5, "gradient"): (10.5, "137 MB"),
    ("miniucf", 1, "random"): (16.8, None),
    ("miniucf", 1, "none"): (15.8, None),
}
# Stills and motion clips of a video with static-dynamic memory, where they are not 2 of each.
_PER_VIDEO = {"frepo": 1}
_FULL_STORAGE = {"miniucf": "9.81 GB", "hmdb51": "4.93 GB"}


@dataclass(frozen=True)
class Figure:
    """One cell of the paper's tables, or of another's.

    Attributes:
        mean, deviation: float, percent; deviation None where it is not known.
        top: 1 or 5.
        table: 1 to 4, or the name of another paper.
        storage: text as printed; None for the sets of tables 1 and 3, and where there is none.
        network: the network that was trained on the set, as `evaluation.architecture` has it.
    """

    mean: float
    deviation: float | None
    top: int
    table: int | str
    storage: str | None
    network: str = "mini_c3d"

    def __str__(self):
        digits = 2 if round(10 * self.mean) != 10 * self.mean else 1
        deviation = "" if self.deviation is None else f" +- {self.deviation:.{digits}f}"
        percent = f"{self.mean:.{digits}f}{deviation} % top-{self.top}"
        where = f"table {self.table}" if isinstance(self.table, int) else self.table
        return f"{percent} on {_NETWORKS[self.network]} ({where})"


def figure(method, data_set, videos_per_class, network="mini_c3d"):
    """Return the paper's `Figure`, or None where it has none.

    Args:
        method: "dm", "mtt", "frepo" (with static-dynamic memory), the same with "-naive" (whole videos),
            "static-dc", "random", "herding", "k-center" or "full".
        data_set: name of a set as `data.set` has it.
        videos_per_class: int.
        network: the network that is trained on the set, as `evaluation.architecture` has it.
    """
    if network != "mini_c3d":
        known = (
            _ACROSS.get(network, {}).get(method) if (data_set, videos_per_class) == ("miniucf", 1) else None
        )
        return known and Figure(*known, 1, 4, _STORAGE.get(method, _WHOLE_CLIPS)[0], network)
    row = _ACCURACIES.get((method, videos_per_class))
    if row is None or data_set not in SETS or row[SETS.index(data_set)] is None:
        return None
    mean, deviation = row[SETS.index(data_set)]
    if data_set not in _FULL_STORAGE:
        return Figure(mean, deviation, 5, 3, None)
    storage = _STORAGE.get(method, _WHOLE_CLIPS)[videos_per_class == 5]
    return Figure(mean, deviation, 1, 2, _FULL_STORAGE[data_set] if method == "full" else storage)


def figure_of(recipe):
    """Return the `Figure` that a recipe's result stands beside, or None: other memories, networks or cuts have none."""
    memory, data = recipe.memory, recipe.data
    if _CUTS.get(data.set) != (data.frames, data.size):
        return None
    if recipe.dynamic is not None and recipe.dynamic.network != "mini_c3d":
        return _by_frames(recipe)
    if (
        memory.stored_frames is not None
        or memory.dynamic_size is not None
        or not _whole_clips(recipe.dynamic)
    ):
        return None
    method, videos = recipe.method, memory.videos_per_class
    if method == "key-frames":
        printed = _KEY_FRAMES.get((data.set, videos, memory.insertion))
        if printed is None or recipe.dynamic.loss != "dm" or recipe.evaluation.architecture != "mini_c3d":
            return None
        return Figure(printed[0], None, 1, "PRISM, arXiv 2505.22564", printed[1])
    if method in ("naive", "static-dynamic"):
        method = recipe.dynamic.loss + ("-naive" if method == "naive" else "")
    stored, each = (memory.statics_per_class, memory.dynamics_per_class), _PER_VIDEO.get(method, 2) * videos
    expected = {"still": (videos, 0), "full-video": (0, 0), "static-dynamic": (each, each)}
    if stored != expected.get(memory.kind) or (method.endswith("-naive") and memory.kind != "full-video"):
        return None
    return figure(method, data.set, videos, recipe.evaluation.architecture)


def _whole_clips(stage):
    """Whether a stage 2, where there is one, matches whole clips with whole videos."""
    return getattr(stage, "real_frames", None) is None and getattr(stage, "segments", 1) == 1


def _by_frames(recipe):
    """The cell of table 1 that has a recipe's N_syn = N_real and interpolation, in one segment."""
    memory, stage, network = recipe.memory, recipe.dynamic, recipe.evaluation.architecture
    study = recipe.data.set, memory.kind, memory.videos_per_class, stage.loss, stage.network, network
    if study != ("miniucf", "full-video", 1, "dm", "convnet_gru", "convnet_gru"):
        return None
    if stage.real_frames != memory.stored_frames or stage.segments != 1:
        return None
    cell = _BY_FRAMES.get(memory.interpolation, {}).get(stage.real_frames)
    return cell and Figure(*cell, 1, 1, None, network)

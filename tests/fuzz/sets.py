"""Published sets, made and used at random: every way of reading one gives the videos that PyTorch makes of its arrays.

A set of any kind, sizes, storage type and class names is exported, loaded by `keras_vdd.load` and by `datasets`, and
put through some operations of `datasets`. What must come out is computed here, by PyTorch's own convolution and
interpolation, of the arrays that were loaded; those may differ from the ones that went in by half a step of storage.
"""

import random
import tempfile
import time
import warnings
from typing import NamedTuple

import datasets
import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional

import keras_vdd
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.temporal.key_frames import as_moments

# Half a step of the largest value that is stored; of `int4`, and of float16's 11 bits.
ROUNDING = {"float32": 0, "float16": 2**-11, "int8": 0.5 / 127, "int4": 0.5 / 7}
LETTERS = "aZ09 ._-'\"\\/:#{}[]%&|\N{SNOWMAN}\N{LATIN SMALL LETTER E WITH ACUTE}e\N{COMBINING ACUTE ACCENT}"
LETTERS += "\N{RIGHT-TO-LEFT OVERRIDE}"
TOLERANCE = 1e-4


class Asked(NamedTuple):
    """A set, and what is done with it once it is loaded."""

    kind: str
    storage: str
    names: list
    slots: int
    memories: tuple
    """Of stills and of motion, for each slot."""
    frames: int
    stored: int
    size: tuple
    small: tuple
    """Of motion."""
    integrators: int
    time: str
    scale: float
    seed: int
    operations: list
    """(name, number that the rest is drawn by)."""

    def made(self):
        """The `DistilledSet`."""
        draw, slots, (statics, dynamics) = np.random.default_rng(self.seed), self.slots, self.memories
        classes, stored, time = len(self.names), min(self.stored, self.frames), self.time
        if time == "linear" and stored == 1:
            stored = self.frames
        names = [f"{label}{name}".strip() for label, name in enumerate(self.names)]

        def normal(*shape):
            return (draw.standard_normal(shape) * self.scale).astype("float32")

        more = {}
        if self.kind == "full-video":
            more["video"] = normal(classes, slots, stored, *self.size, 3)
        elif self.kind == "key-frames":
            keys = draw.random((classes, slots, self.frames)) > 0.5
            keys[..., [0, -1]] = True
            more["positions"] = moments = as_moments(keys)
            more["key_frames"] = normal(*moments.shape, *self.size, 3) * (moments >= 0)[..., None, None, None]
        else:
            more["static"] = normal(classes, slots * statics, *self.size, 3)
        if self.kind == "static-dynamic":
            small = map(min, self.small, self.size)
            integrators = min(self.integrators, classes)
            more["dynamic"] = normal(classes, slots * dynamics, stored, *small, 1)
            more["kernels"], more["biases"] = normal(integrators, 3, 3, 3, 4, 3), normal(integrators, 3)
        colours = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
        return DistilledSet(
            self.kind, names, self.frames, *colours, videos_per_class=slots, interpolation=time, **more
        )


def attempt(asked):
    """Make and read a set; return (its kind and storage, what is wrong or "", seconds)."""
    began = time.process_time()
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder:
        try:
            complaint = read(asked.made(), asked.storage, f"{folder}/set", asked.operations)
        except Exception as error:  # whatever it is, the try that led to it is named
            complaint = f"{type(error).__name__}: {error}"
    return f"{asked.kind} as {asked.storage}", complaint, time.process_time() - began


def read(made, storage, folder, operations):
    """Export a set and read it in every way; return what is wrong, or ""."""
    keras_vdd.export(made, folder, dtype=storage)
    back = keras_vdd.load(folder)
    if list(back.class_names) != list(made.class_names):
        return f"class names {back.class_names}"
    for name, array in made.arrays.items():
        off = np.abs(back.arrays[name] - array).max() if array is not None else 0
        if array is not None and off > ROUNDING[storage] * np.abs(array).max() * 1.01:
            return f"{name} is off by {off}"
    expected, pairs = videos_by_torch(back), made.pairs()
    if wrong := differs(back.reconstruct(), expected):
        return f"keras_vdd.load: {wrong}"
    rows, places = datasets.load_dataset(folder, split="train"), list(range(len(pairs)))
    for name, number in operations:
        rows, places = CHANGES[name](rows, places, random.Random(number))
    return matches(rows, places, expected, pairs, made)


def matches(rows, places, expected, pairs, made):
    """What differs between rows and those at `places` of the set, or ""."""
    if len(rows) != len(places):
        return f"{len(rows)} rows of {len(places)}"
    for row, place in zip(rows, places, strict=True):
        label, still, motion = pairs[place].tolist()
        if (row["label"], row["static"], row["dynamic"]) != (label, still, motion):
            return f"row {place} is another"
        if row["class_name"] != made.class_names[label]:
            return f"row {place} is of class {row['class_name']!r}"
        if wrong := differs(np.asarray(row["video"]), expected[place]):
            return f"row {place}: {wrong}"
    return ""


def differs(videos, expected):
    """How far videos are from those expected, in words, or "" where they are near enough."""
    if videos.shape != expected.shape or videos.dtype != np.float32:
        return f"{videos.dtype} {videos.shape}, not {expected.shape}"
    off = np.abs(videos - expected).max(initial=0)
    return f"off by {off}" if not off <= TOLERANCE * max(1, np.abs(expected).max(initial=0)) else ""


def _select(rows, places, draw):
    chosen = [draw.randrange(len(places)) for _ in range(draw.randint(1, 5))]
    return rows.select(chosen), [places[at] for at in chosen]


def _shuffle(rows, places, draw):
    seed = draw.randrange(1000)
    order = datasets.Dataset.from_dict({"at": list(range(len(places)))}).shuffle(seed=seed)["at"]
    return rows.shuffle(seed=seed), [places[at] for at in order]


def _shard(rows, places, draw):
    count = draw.randint(1, min(3, len(places)))
    index, whole = draw.randrange(count), draw.random() < 0.5
    numbers = datasets.Dataset.from_dict({"at": list(range(len(places)))})
    order = numbers.shard(count, index, contiguous=whole)["at"]
    return rows.shard(count, index, contiguous=whole), [places[at] for at in order]


def _filter(rows, places, draw):
    kept = [at for at in range(len(places)) if draw.random() < 0.7] or [0]
    there = set(kept)
    chosen = rows.filter(lambda _, at: at in there, with_indices=True, load_from_cache_file=False)
    return chosen, [places[at] for at in kept]


def _map(rows, places, draw):
    return rows.map(
        lambda label: {"twice": 2 * label}, input_columns="label", load_from_cache_file=False
    ), places


def _sort(rows, places, draw):
    labels = rows["label"]
    order = sorted(range(len(places)), key=lambda at: labels[at])
    with warnings.catch_warnings():
        # Of `datasets`, which sorts as older pyarrow wants to be asked.
        warnings.filterwarnings("ignore", "Specifying null_placement")
        return rows.sort("label"), [places[at] for at in order]


def _skip(rows, places, draw):
    first = draw.randrange(len(places))
    return rows.skip(first), places[first:]


def _join(rows, places, draw):
    return datasets.concatenate_datasets([rows, rows]), places * 2


def _format(rows, places, draw):
    return rows.with_format("numpy").with_format(None), places


CHANGES = {
    change.__name__[1:]: change
    for change in (_select, _shuffle, _shard, _filter, _map, _sort, _skip, _join, _format)
}

drawn = st.builds(
    Asked,
    kind=st.sampled_from(["still", "full-video", "key-frames", "static-dynamic"]),
    storage=st.sampled_from([*ROUNDING]),
    names=st.lists(st.text(LETTERS, max_size=12), min_size=1, max_size=5),
    slots=st.integers(1, 3),
    memories=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    frames=st.integers(1, 6),
    stored=st.integers(1, 6),
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    small=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    integrators=st.integers(1, 5),
    time=st.sampled_from(["duplicate", "linear", "half-pixel"]),
    scale=st.sampled_from([1, 0.01, 30]),
    seed=st.integers(0, 2**32),
    operations=st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 2**32)), max_size=4),
)


def videos_by_torch(kept):
    """float32 (pairs, T, H, W, 3): the videos of all pairs of a set, made by PyTorch."""
    arrays = {name: torch.tensor(value) for name, value in kept.arrays.items() if value is not None}
    return np.stack([_video(kept, arrays, *pair).numpy() for pair in kept.pairs().tolist()])


def _video(kept, arrays, label, still, motion):
    frames, size = kept.frames, kept.size
    if "video" in arrays:
        return _in_time(arrays["video"][label, still].flatten(1), frames, kept.interpolation).unflatten(
            1, (*size, 3)
        )
    if "key_frames" in arrays:
        return torch.tensor(_between(kept.positions[label, still], kept.key_frames[label, still], frames))
    shown = arrays["static"][label, still].expand(frames, *size, 3)
    if "dynamic" not in arrays:
        return shown
    clip = arrays["dynamic"][label, motion].movedim(-1, 1)  # (t, 1, h, w)
    clip = functional.interpolate(clip, size, mode="bilinear", align_corners=False)
    clip = _in_time(clip.flatten(1), frames, kept.interpolation).unflatten(1, (*size, 1))
    joined = torch.cat([shown, clip], dim=-1).movedim(-1, 0)[None].double()
    number = label * len(arrays["kernels"]) // len(kept.class_names)
    kernel = arrays["kernels"][number].permute(4, 3, 0, 1, 2).double()
    made = functional.conv3d(joined, kernel, arrays["biases"][number].double(), padding=1)
    return made[0].movedim(0, -1).float()


def _in_time(stored, frames, rule):
    """(T, n) of (t, n), as PyTorch makes signals longer."""
    if len(stored) == frames:
        return stored
    mode = {"duplicate": {"mode": "nearest"}, "linear": {"mode": "linear", "align_corners": True}}
    settings = mode.get(rule, {"mode": "linear", "align_corners": False})
    return functional.interpolate(stored.T[None], frames, **settings)[0].T


def _between(positions, key_frames, frames):
    there = positions >= 0
    flat = key_frames[there].reshape(there.sum(), -1)
    columns = [np.interp(np.arange(frames), positions[there], column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(frames, *key_frames.shape[1:]).astype(np.float32)

"""A distilled set in memory: arrays, names and provenance, with no learning framework."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_vdd.distilled.budget import stored_bytes
from keras_vdd.distilled.labels import check_labels
from keras_vdd.distilled.shapes import check_shapes, float_array, settled
from keras_vdd.errors import UsageError
from keras_vdd.memory import pairing
from keras_vdd.memory.memory import Memory
from keras_vdd.memory.registry import MEMORIES
from keras_vdd.temporal import upsampling
from keras_vdd.temporal.interpolator import Interpolator


@dataclass(frozen=True, eq=False, init=False)
class DistilledSet:
    """What distillation learned, and all that is needed to make videos of it.

    Shapes: C classes, VPC video slots a class, SPC statics, DPC dynamics, T frames, I integrators;
    class c uses integrator c * I // C. All arrays are float32; videos are normalised by `mean` and `std`.

    The arrays of its kind of memory are given by name and are attributes of that name; those of other kinds are
    None. "static-dynamic" has `static`, `dynamic`, `kernels` and `biases`, "still" has `static`, "full-video" has
    `video`, "key-frames" has `key_frames` and `positions`; one that was registered has those that its
    `keras_vdd.memory.Memory` names. `keras_vdd.load` reads one, `keras_vdd.export` writes one; a set made of arrays of
    one's own is written and trained on like any other.

    Attributes:
        kind: "static-dynamic", "still", "full-video", "key-frames" or another kind of memory.
        class_names: tuple of C str.
        frames: int, T.
        mean, std: tuples of 3 floats, of pixels scaled to 0..1, one a channel.
        videos_per_class: int, VPC.
        arrays: all arrays of the memory, by name.
        static: (C, SPC, H, W, 3), or None for full videos.
        dynamic: (C, DPC, T, H, W, 1), or None. Fewer pixels are interpolated linearly, fewer frames by
            `interpolation`.
        video: (C, VPC, T, H, W, 3), or None. Fewer frames are interpolated by `interpolation`.
        key_frames: (C, VPC, K, H, W, 3), K being the most of a video, or None. Interpolation between them is linear.
        positions: (C, VPC, K), the frames of a video that they are, from 0 to T - 1, and -1 past its last; or None.
        kernels: (I, 3, 3, 3, 4, 3), axes (integrator, time, height, width, in, out), or None.
        biases: (I, 3), or None.
        labels: (C, VPC, C) learned labels, or None.
        label_kind: what they are: "probabilities", each row of which sums to 1, or "regression", FRePo's
            targets of a mean squared error; None where there are none.
        interpolation: str, how few frames become many, of `keras_vdd.temporal.INTERPOLATIONS`, or "parametric".
        interpolator: `keras_vdd.temporal.Interpolator` of "parametric", where fewer frames are stored; else None.
        recipe: str, the resolved recipe's YAML text.
        provenance: dict of plain values: versions, seed, name of the source set.

    Raises:
        UsageError: an array is missing, superfluous or of another shape than the others say, or labels
            are not of their kind.

    Example:
        >>> stills = np.zeros((2, 1, 32, 32, 3), "float32")
        >>> made = keras_vdd.DistilledSet(
        ...     "still", ["wave", "clap"], 8, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), 1, static=stills
        ... )
        >>> made.reconstruct().shape
        (2, 8, 32, 32, 3)
    """

    kind: str
    class_names: tuple[str, ...]
    frames: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    videos_per_class: int
    arrays: Mapping[str, np.ndarray]
    labels: np.ndarray | None = None
    label_kind: str | None = None
    recipe: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)
    interpolation: str = "half-pixel"
    interpolator: Interpolator | None = None

    def __init__(
        self, kind: str, class_names: Iterable[str], frames: int, mean: Iterable[float], std: Iterable[float],
        videos_per_class: int, *, labels: np.ndarray | None = None, label_kind: str | None = None,
        recipe: str = "", provenance: dict[str, Any] | None = None, interpolation: str = "half-pixel",
        interpolator: Interpolator | None = None,
        arrays: Mapping[str, np.ndarray | None] | None = None, **named: np.ndarray | None,
    ) -> None:  # fmt: skip
        settle = object.__setattr__
        if kind not in MEMORIES:
            raise UsageError(f"Memory kind {kind!r} is unknown: choose one of {', '.join(MEMORIES.names())}.")
        settle(self, "kind", kind)
        settle(self, "class_names", tuple(str(name) for name in class_names))
        settle(self, "frames", frames)
        settle(self, "mean", tuple(float(value) for value in mean))
        settle(self, "std", tuple(float(value) for value in std))
        settle(self, "videos_per_class", videos_per_class)
        settle(self, "arrays", settled(kind, {**(arrays or {}), **named}))
        settle(self, "labels", None if labels is None else float_array("labels", labels, 3))
        settle(self, "label_kind", label_kind)
        settle(self, "interpolation", interpolation)
        settle(self, "interpolator", interpolator)
        settle(self, "recipe", recipe)
        settle(self, "provenance", {} if provenance is None else provenance)
        check_shapes(self)
        check_labels(self.labels, self.label_kind)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._in_words('float32')})"

    def _in_words(self, dtype: str) -> str:
        height, width = self.size
        videos = f"{len(self.pairs()):,} videos of {self.frames} x {height} x {width}"
        return f"{self.kind}: {self.classes} classes, {videos}, {self.nbytes(dtype):,} bytes as {dtype}"

    def __getattr__(self, name: str) -> Any:
        if name == "arrays":  # not there yet, as in a copy that is being made
            raise AttributeError(name)
        if name in self.arrays:
            return self.arrays[name]
        if not name.startswith("_") and any(name in memory.arrays for memory in MEMORIES):
            return None
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def memory(self) -> Memory:
        """The `keras_vdd.memory.Memory` of the set's kind."""
        return MEMORIES.get(self.kind)

    @property
    def classes(self) -> int:
        """int, C."""
        return len(self.class_names)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the videos."""
        return self.memory.size(self.arrays)

    @property
    def counts(self) -> tuple[int, int]:
        """(statics, dynamics) of a class that pairs are made of; full videos count as statics."""
        return self.memory.counts(self.arrays, self.videos_per_class)

    @property
    def statics_per_class(self) -> int:
        """int, SPC; 0 where each video slot has what it shows, as in full videos."""
        several = any(not items.single and items.index == "static" for items in self.memory.items)
        return self.counts[0] if several else 0

    @property
    def dynamics_per_class(self) -> int:
        """int, DPC; 0 where there are no dynamic memories."""
        return self.counts[1]

    @property
    def integrators(self) -> int:
        """int, I, groups of classes that share weights; 0 where none do."""
        shared = self.memory.shared
        return len(self.arrays[shared[0].array]) if shared else 0

    def integrator_of(self, label: int) -> int:
        """Return the index of the integrator that class `label` uses."""
        return int(label) * self.integrators // self.classes

    def nbytes(self, dtype: str = "float32") -> int:
        """Return the exact bytes of the memories stored as `dtype`; all that is shared is float32.

        Raises:
            UsageError: a set of this kind cannot be stored so.
        """
        return stored_bytes(self, dtype)

    def pairs(self) -> np.ndarray:
        """Return every pair, int32 (n, 3) rows (class, static, dynamic), in the fixed order: by class, slot, static."""
        return pairing.enumerate_pairs(self.classes, self.videos_per_class, *self.counts)

    def sample_pairs(self, rng: np.random.Generator) -> np.ndarray:
        """Draw one pair for each video slot, int32 (C * VPC, 3), as the paper does at each step."""
        return pairing.sample_pairs(rng, self.classes, self.videos_per_class, *self.counts)

    def slots_of(self, pairs: np.ndarray) -> np.ndarray:
        """Return the video slot of each pair, int32 (n,)."""
        return pairing.slots_of(self._checked(pairs), self.videos_per_class, self.counts[0])

    def labels_of(self, pairs: np.ndarray) -> np.ndarray:
        """Return the class of each pair, int32 (n,)."""
        return np.ascontiguousarray(self._checked(pairs)[:, 0], dtype=np.int32)

    def soft_labels_of(self, pairs: np.ndarray) -> np.ndarray:
        """Return the label vector of each pair, float32 (n, C): learned where there is one, else one-hot.

        Learned ones of kind "regression" are no probabilities: train on them with a mean squared error.
        """
        labels = self.labels_of(pairs)
        if self.labels is None:
            return np.eye(self.classes, dtype=np.float32)[labels]
        return self.labels[labels, self.slots_of(pairs)]

    def reconstruct(self, pairs: np.ndarray | None = None) -> np.ndarray:
        """Make the videos of pairs, in NumPy: the same bytes on every backend, and without one.

        Args:
            pairs: int (n, 3) rows (class, static, dynamic), in any order; None for all, in the fixed order.

        Returns:
            float32 (n, T, H, W, 3), normalised by the set's mean and std.

        Raises:
            UsageError: a pair names a memory that the set does not have.
        """
        pairs = self.pairs() if pairs is None else self._checked(pairs)
        return self.memory.reconstruct(self, pairs)

    def motion(self, label: int, dynamics: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return motion clips at the size of the videos, of a set that has dynamic memories.

        Args:
            label: int, of the class.
            dynamics: which of its memories, int (n,) or a slice; all by default.

        Returns:
            float32 (n, T, H, W).
        """
        clips = self.arrays["dynamic"][label, dynamics, ..., 0]
        rule = self.interpolation, self.interpolator
        matrices = upsampling.axis_matrices(clips.shape[1:], (self.frames, *self.size), *rule)
        return upsampling.upsample(clips, matrices)

    def _checked(self, pairs: np.ndarray) -> np.ndarray:
        pairs = np.asarray(pairs)
        if pairs.ndim != 2 or pairs.shape[1] != 3 or pairs.dtype.kind not in "iu":
            raise UsageError(
                f"Pairs have shape {pairs.shape} and type {pairs.dtype}; they are whole numbers (n, 3)."
            )
        statics, dynamics = self.counts
        ends = np.array([self.classes, statics, dynamics])
        low = np.array([0, 0, 0 if dynamics else -1])
        wrong = np.flatnonzero(((pairs < low) | (pairs >= ends)).any(axis=1))
        if len(wrong):
            raise UsageError(
                f"Pair {pairs[wrong[0]].tolist()} is not in the set, which has {self.classes} classes, "
                f"{statics} statics and {dynamics} dynamics a class."
            )
        return pairs

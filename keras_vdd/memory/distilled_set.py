"""A distilled set in memory: arrays, names and provenance, with no learning framework."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_vdd.errors import UsageError
from keras_vdd.memory import pairing, reconstruct, upsampling
from keras_vdd.memory.budget import KINDS, stored_bytes
from keras_vdd.memory.labels import check_labels

_RANKS = {"static": 5, "dynamic": 6, "video": 6, "kernels": 6, "biases": 2, "labels": 3}
_NEEDED = {
    "static-dynamic": ("static", "dynamic", "kernels", "biases"),
    "still": ("static",),
    "full-video": ("video",),
}


@dataclass(frozen=True, eq=False)
class DistilledSet:
    """What distillation learned, and all that is needed to make videos of it.

    Shapes: C classes, VPC video slots a class, SPC statics, DPC dynamics, T frames, I integrators;
    class c uses integrator c * I // C. All arrays are float32; videos are normalised by `mean` and `std`.

    Attributes:
        kind: "static-dynamic", "still" or "full-video".
        class_names: tuple of C str.
        frames: int, T.
        mean, std: tuples of 3 floats, of pixels scaled to 0..1, one a channel.
        videos_per_class: int, VPC.
        static: (C, SPC, H, W, 3), or None for full videos.
        dynamic: (C, DPC, T, H, W, 1), or None. Fewer frames and pixels are interpolated linearly.
        video: (C, VPC, T, H, W, 3), or None.
        kernels: (I, 3, 3, 3, 4, 3), axes (integrator, time, height, width, in, out), or None.
        biases: (I, 3), or None.
        labels: (C, VPC, C) learned labels, or None.
        label_kind: what they are: "probabilities", each row of which sums to 1, or "regression", FRePo's
            targets of a mean squared error; None where there are none.
        recipe: str, the resolved recipe's YAML text.
        provenance: dict of plain values: versions, seed, name of the source set.

    Raises:
        UsageError: an array is missing, superfluous or of another shape than the others say, or labels
            are not of their kind.
    """

    kind: str
    class_names: tuple[str, ...]
    frames: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    videos_per_class: int
    static: np.ndarray | None = None
    dynamic: np.ndarray | None = None
    video: np.ndarray | None = None
    kernels: np.ndarray | None = None
    biases: np.ndarray | None = None
    labels: np.ndarray | None = None
    label_kind: str | None = None
    recipe: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"Memory kind {self.kind!r} is unknown: choose one of {', '.join(KINDS)}.")
        settle = object.__setattr__
        settle(self, "class_names", tuple(str(name) for name in self.class_names))
        settle(self, "mean", tuple(float(value) for value in self.mean))
        settle(self, "std", tuple(float(value) for value in self.std))
        for name, rank in _RANKS.items():
            self._settle_array(name, rank)
        self._check_shapes()
        check_labels(self.labels, self.label_kind)

    def _settle_array(self, name: str, rank: int) -> None:
        array = getattr(self, name)
        needed = name in _NEEDED[self.kind]
        if array is None:
            if needed:
                raise UsageError(f"A {self.kind} set needs the array {name!r}, which is None.")
            return
        if not needed and name != "labels":
            raise UsageError(f"A {self.kind} set has no array {name!r}: leave it None.")
        array = np.ascontiguousarray(array, dtype=np.float32)
        if array.ndim != rank or 0 in array.shape:
            raise UsageError(
                f"Array {name!r} has shape {array.shape}; it needs {rank} axes, none of them empty."
            )
        object.__setattr__(self, name, array)

    def _check_shapes(self) -> None:
        classes, frames = len(self.class_names), self.frames
        if not classes or len(set(self.class_names)) != classes:
            raise UsageError("A distilled set needs at least one class name, and no name twice.")
        if frames < 1:
            raise UsageError(f"frames={frames} must be at least 1.")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise UsageError(f"mean={self.mean} and std={self.std} must be 3 numbers each, std above 0.")
        height, width = self.size
        expected = {
            "static": (classes, self.statics_per_class, height, width, 3),
            "dynamic": (classes, self.dynamics_per_class, *self._motion_shape(), 1),
            "video": (classes, self.videos_per_class, frames, height, width, 3),
            "kernels": (self.integrators, 3, 3, 3, 4, 3),
            "biases": (self.integrators, 3),
            "labels": (classes, self.videos_per_class, classes),
        }
        for name, shape in expected.items():
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise UsageError(
                    f"Array {name!r} has shape {array.shape}; the rest of the set needs {shape}."
                )
        if self.integrators > classes:
            raise UsageError(f"{self.integrators} integrators are more than the {classes} classes.")
        pairing.memories_per_slot(self.videos_per_class, *self._memories())

    def _motion_shape(self) -> tuple[int, ...]:
        """(frames, height, width) of the motion as stored, at most those of the videos."""
        shape = (self.frames, *self.size)
        return shape if self.dynamic is None else tuple(map(min, shape, self.dynamic.shape[2:5]))

    @property
    def classes(self) -> int:
        """int, C."""
        return len(self.class_names)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the videos."""
        height, width = self._held("video" if self.static is None else "static").shape[-3:-1]
        return height, width

    @property
    def statics_per_class(self) -> int:
        """int, SPC; 0 for full videos."""
        return 0 if self.static is None else self.static.shape[1]

    @property
    def dynamics_per_class(self) -> int:
        """int, DPC; 0 where there are no dynamic memories."""
        return 0 if self.dynamic is None else self.dynamic.shape[1]

    @property
    def integrators(self) -> int:
        """int, I; 0 where there are none."""
        return 0 if self.kernels is None else self.kernels.shape[0]

    def integrator_of(self, label: int) -> int:
        """Return the index of the integrator that class `label` uses."""
        return int(label) * self.integrators // self.classes

    def nbytes(self, dtype: str = "float32") -> int:
        """Return the exact bytes of the memories stored as `dtype`; integrators and labels are float32.

        Raises:
            UsageError: a set of this kind cannot be stored so.
        """
        return stored_bytes(self, dtype)

    def pairs(self) -> np.ndarray:
        """Return every pair, int32 (n, 3) rows (class, static, dynamic), in the fixed order of `pairing`."""
        return pairing.enumerate_pairs(self.classes, self.videos_per_class, *self._memories())

    def sample_pairs(self, rng: np.random.Generator) -> np.ndarray:
        """Draw one pair for each video slot, int32 (C * VPC, 3), as the paper does at each step."""
        return pairing.sample_pairs(rng, self.classes, self.videos_per_class, *self._memories())

    def slots_of(self, pairs: np.ndarray) -> np.ndarray:
        """Return the video slot of each pair, int32 (n,)."""
        return pairing.slots_of(self._checked(pairs), self.videos_per_class, self._memories()[0])

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
        """Make the videos of pairs.

        Args:
            pairs: int (n, 3) rows (class, static, dynamic), in any order; None for all, in the fixed order.

        Returns:
            float32 (n, T, H, W, 3), normalised by the set's mean and std.

        Raises:
            UsageError: a pair names a memory that the set does not have.
        """
        pairs = self.pairs() if pairs is None else self._checked(pairs)
        if self.kind == "full-video":
            return self._held("video")[pairs[:, 0], pairs[:, 1]]
        if self.kind == "still":
            return reconstruct.repeat_still(self._held("static")[pairs[:, 0], pairs[:, 1]], self.frames)
        videos = np.empty((len(pairs), self.frames, *self.size, 3), np.float32)
        for label in np.unique(pairs[:, 0]):
            self._reconstruct_class(int(label), pairs, np.flatnonzero(pairs[:, 0] == label), videos)
        return videos

    def _reconstruct_class(
        self, label: int, pairs: np.ndarray, places: np.ndarray, videos: np.ndarray
    ) -> None:
        which = self.integrator_of(label)
        kernel, bias = self._held("kernels")[which], self._held("biases")[which]
        statics, static_of = np.unique(pairs[places, 1], return_inverse=True)
        dynamics, dynamic_of = np.unique(pairs[places, 2], return_inverse=True)
        stills = reconstruct.still_part(self._held("static")[label, statics], kernel, bias, self.frames)
        motions = reconstruct.motion_part(self.motion(label, dynamics), kernel)
        for place, static, dynamic in zip(places, static_of, dynamic_of, strict=True):
            videos[place] = motions[dynamic]
            reconstruct.add_still(videos[place], stills[static])

    def motion(self, label: int, dynamics: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return motion clips of class `label` at the size of the videos, float32 (n, T, H, W)."""
        clips = self._held("dynamic")[label, dynamics, ..., 0]
        matrices = upsampling.axis_matrices(clips.shape[1:], (self.frames, *self.size))
        return upsampling.upsample(clips, matrices)

    def _held(self, name: str) -> np.ndarray:
        """An array that a set of this kind has: that was checked when the set was made."""
        return getattr(self, name)

    def _memories(self) -> tuple[int, int]:
        if self.kind == "full-video":
            return self.videos_per_class, 0
        return self.statics_per_class, self.dynamics_per_class

    def _checked(self, pairs: np.ndarray) -> np.ndarray:
        pairs = np.asarray(pairs)
        if pairs.ndim != 2 or pairs.shape[1] != 3 or pairs.dtype.kind not in "iu":
            raise UsageError(
                f"Pairs have shape {pairs.shape} and type {pairs.dtype}; they are whole numbers (n, 3)."
            )
        statics, dynamics = self._memories()
        ends = np.array([self.classes, statics, dynamics])
        low = np.array([0, 0, 0 if dynamics else -1])
        wrong = np.flatnonzero(((pairs < low) | (pairs >= ends)).any(axis=1))
        if len(wrong):
            raise UsageError(
                f"Pair {pairs[wrong[0]].tolist()} is not in the set, which has {self.classes} classes, "
                f"{statics} statics and {dynamics} dynamics a class."
            )
        return pairs

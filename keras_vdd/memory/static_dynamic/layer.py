"""Stills, motion clips and the integrators that join them."""

import numpy as np
from keras import ops

from keras_vdd.layers import Integrator
from keras_vdd.layers.integrator import start_weights
from keras_vdd.memory import pairing
from keras_vdd.memory.layer import MemoryLayer
from keras_vdd.temporal import upsampling


class StaticDynamicMemory(MemoryLayer):
    """Static memory S (frozen), dynamic memory D and integrators H: a video is H(S[c, i], D[c, j]).

    "Dancing with Still Images" (CVPR 2024), section 4. D starts from N(0, 1) in the paper; here all
    weights start from zero, or as drawn by the integrator's initialiser, until they are assigned.

    Args:
        classes: int.
        videos_per_class, statics_per_class, dynamics_per_class: int, VPC, SPC and DPC.
        frames, size: int, of a video.
        integrators: int, 1 for an H shared by all classes; class c uses c * integrators // classes.
        stored_frames, dynamic_size: int, frames and side of the motion clips as they are learned and
            stored; a call interpolates them to `frames` and `size`, which None stands for.
        quantise: "int8" or "int4", learn memories as they are stored in it, and see the static memory so too; None
            for as they are.
        interpolation: str, how frames are, of `keras_vdd.temporal.INTERPOLATIONS`, or "parametric" by `interpolator`.
    """

    kind = "static-dynamic"

    def __init__(
        self, classes, videos_per_class, statics_per_class, dynamics_per_class, frames, size, integrators=1,
        stored_frames=None, dynamic_size=None, quantise=None, interpolation="half-pixel", **kwargs,
    ):  # fmt: skip
        counts = videos_per_class, statics_per_class, dynamics_per_class
        super().__init__(classes, *counts, frames, size, quantise, **kwargs)
        side = size if dynamic_size is None else dynamic_size
        motion = (frames if stored_frames is None else stored_frames, side, side)
        upsampling.axis_matrices(motion, (frames, size, size))  # refuses more than there is
        self._over_time = interpolation
        self.static = self.add_weight(
            name="static",
            shape=(classes, statics_per_class, size, size, 3),
            initializer="zeros",
            trainable=False,
        )
        self.dynamic = self.add_weight(
            name="dynamic", shape=(classes, dynamics_per_class, *motion, 1), initializer="zeros"
        )
        self.integrators = [Integrator(name=f"integrator{i}", dtype="float32") for i in range(integrators)]
        for integrator in self.integrators:
            integrator.build((None, size, size, 3))
        self.built = True

    @classmethod
    def of(cls, settings, classes, frames, size):
        return cls(
            classes, settings.videos_per_class, settings.statics_per_class, settings.dynamics_per_class, frames,
            size, settings.integrators, settings.stored_frames, settings.dynamic_size, settings.quantise,
            settings.interpolation,
        )  # fmt: skip

    def start(self, settings, start):
        """The stills of stage 1, motion from N(0, 1), integrators as `memory.integrator_start` says."""
        self.static.assign(start.stills)
        self.dynamic.assign(start.rng.standard_normal(self.dynamic.shape, dtype="float32"))
        for integrator in self.integrators:
            kernel, bias = start_weights(start.rng, settings.integrator_start)
            integrator.kernel.assign(kernel)
            integrator.bias.assign(bias)

    def call(self, pairs):
        """Pairs ordered by class, as `sample`, `draw_batches` and `enumerate` give them.

        With several integrators the pairs of each one's classes are as many as `pairing.shares` says.
        """
        return self._integrated(pairs, self._enlarging(self._over_time))

    @property
    def stored_frames(self):
        return self.dynamic.shape[2]

    def stored(self, pairs):
        """As `call`, with motion as few frames as it is stored in; the integrator sees those alone."""
        return self._integrated(pairs, [None, *self._enlarging("half-pixel")[1:]])

    def _enlarging(self, over_time):
        stored, whole = self.dynamic.shape[2:5], (self.frames, self.size, self.size)
        return upsampling.axis_matrices(stored, whole, over_time, self.interpolator)

    def _integrated(self, pairs, enlarging):
        labels = pairs[:, 0]
        static = self._seen(self.static, labels, pairs[:, 1])
        dynamic = self._enlarged(self._seen(self.dynamic, labels, pairs[:, 2]), enlarging)
        if len(self.integrators) == 1:
            return self.integrators[0](static, dynamic)
        ends = [0, *np.cumsum(pairing.shares(pairs.shape[0], self.classes, self._groups)).tolist()]
        parts = [
            integrator(static[start:end], dynamic[start:end])
            for integrator, start, end in zip(self.integrators, ends, ends[1:])
            if start < end
        ]
        return ops.concatenate(parts, axis=0)

    @staticmethod
    def _enlarged(dynamic, matrices):
        if all(matrix is None for matrix in matrices):
            return dynamic
        clips = upsampling.upsample(ops.squeeze(dynamic, -1), matrices, ops)
        return ops.expand_dims(clips, -1)

    @property
    def _groups(self):
        return len(self.integrators)

    def arrays(self):
        return {
            "static": self._array(self.static),
            "dynamic": self._array(self.dynamic),
            "kernels": np.stack([ops.convert_to_numpy(h.kernel) for h in self.integrators]),
            "biases": np.stack([ops.convert_to_numpy(h.bias) for h in self.integrators]),
        }

"""Stills, motion clips and the integrators that join them."""

import numpy as np
from keras import ops

from keras_vdd.layers import Integrator
from keras_vdd.memory.layer import Memory


class StaticDynamicMemory(Memory):
    """Static memory S (frozen), dynamic memory D and integrators H: a video is H(S[c, i], D[c, j]).

    "Dancing with Still Images" (CVPR 2024), section 4. D starts from N(0, 1) in the paper; here all
    weights start from zero, or as drawn by the integrator's initialiser, until they are assigned.

    Args:
        classes: int.
        videos_per_class, statics_per_class, dynamics_per_class: int, VPC, SPC and DPC.
        frames, size: int, of a video.
        integrators: int, 1 for an H shared by all classes; class c uses integrator c * integrators // classes.
    """

    kind = "static-dynamic"

    def __init__(
        self, classes, videos_per_class, statics_per_class, dynamics_per_class, frames, size, integrators=1, **kwargs
    ):
        counts = videos_per_class, statics_per_class, dynamics_per_class
        super().__init__(classes, *counts, frames, size, **kwargs)
        self.static = self.add_weight(
            name="static",
            shape=(classes, statics_per_class, size, size, 3),
            initializer="zeros",
            trainable=False,
        )
        self.dynamic = self.add_weight(
            name="dynamic", shape=(classes, dynamics_per_class, frames, size, size, 1), initializer="zeros"
        )
        self.integrators = [Integrator(name=f"integrator{i}", dtype="float32") for i in range(integrators)]
        for integrator in self.integrators:
            integrator.build((None, size, size, 3))
        self.built = True

    def call(self, pairs):
        """Pairs ordered by class, equally many of each, as `sample` and `enumerate` give them."""
        labels = pairs[:, 0]
        static = ops.reshape(self.static.value, (-1, *self.static.shape[2:]))
        dynamic = ops.reshape(self.dynamic.value, (-1, *self.dynamic.shape[2:]))
        static = ops.take(static, labels * self.statics_per_class + pairs[:, 1], axis=0)
        dynamic = ops.take(dynamic, labels * self.dynamics_per_class + pairs[:, 2], axis=0)
        if len(self.integrators) == 1:
            return self.integrators[0](static, dynamic)
        ends = self._ends(pairs.shape[0] // self.classes)
        parts = [
            integrator(static[start:end], dynamic[start:end])
            for integrator, start, end in zip(self.integrators, ends, ends[1:])
        ]
        return ops.concatenate(parts, axis=0)

    def _ends(self, pairs_per_class):
        users = np.arange(self.classes) * len(self.integrators) // self.classes
        return [int(n) * pairs_per_class for n in np.searchsorted(users, range(len(self.integrators) + 1))]

    def arrays(self):
        return {
            "static": ops.convert_to_numpy(self.static),
            "dynamic": ops.convert_to_numpy(self.dynamic),
            "kernels": np.stack([ops.convert_to_numpy(h.kernel) for h in self.integrators]),
            "biases": np.stack([ops.convert_to_numpy(h.bias) for h in self.integrators]),
        }

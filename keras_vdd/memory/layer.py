"""What the three kinds of memory have in common as Keras layers."""

import keras

from keras_vdd.memory import pairing


class Memory(keras.layers.Layer):
    """A layer whose weights are the synthetic set.

    Call with pairs, int32 (n, 3) rows (class, static, dynamic) as `keras_vdd.memory.pairing` orders them;
    returns float32 videos (n, frames, size, size, 3), normalised. Weights are float32 whatever the
    precision of the networks.

    Attributes:
        classes, videos_per_class, statics_per_class, dynamics_per_class: int; stills count as statics, and
            so do full videos.
        frames, size: int, of a video.
    """

    kind = None

    def __init__(
        self, classes, videos_per_class, statics_per_class, dynamics_per_class, frames, size, **kwargs
    ):
        super().__init__(dtype="float32", **kwargs)
        pairing.memories_per_slot(videos_per_class, statics_per_class, dynamics_per_class)
        self.classes, self.videos_per_class = classes, videos_per_class
        self.statics_per_class, self.dynamics_per_class = statics_per_class, dynamics_per_class
        self.frames, self.size = frames, size

    def sample(self, rng):
        """Draw one pair of each video slot, int32 (classes * VPC, 3), as a step of the paper does."""
        return pairing.sample_pairs(rng, *self._counts())

    def enumerate(self):
        """Return all pairs, int32 (n, 3), in their fixed order."""
        return pairing.enumerate_pairs(*self._counts())

    def arrays(self):
        """Return the weights as `DistilledSet` names and shapes them: a dict of numpy arrays."""
        raise TypeError(f"{type(self).__name__} does not say what its arrays are")

    def _counts(self):
        return self.classes, self.videos_per_class, self.statics_per_class, self.dynamics_per_class

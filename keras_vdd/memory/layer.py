"""What all kinds of memory have in common as Keras layers."""

import keras
from keras import ops

from keras_vdd.memory import pairing
from keras_vdd.storage.rounding import quantised, straight_through
from keras_vdd.storage.storage_types import check_rounding


class MemoryLayer(keras.layers.Layer):
    """A layer whose weights are the synthetic set.

    Call with pairs, int32 (n, 3) rows (class, static, dynamic) as `keras_vdd.memory.pairing` orders them;
    returns float32 videos (n, frames, size, size, 3), normalised. Weights are float32 whatever the
    precision of the networks.

    A kind of memory is a subclass that makes its weights, `call`s them, and has `of`, `start` and `arrays`. What
    stage 2 learns at a rate of its own is a weight of that name, or a layer of that name inside this one.

    Attributes:
        classes, videos_per_class, statics_per_class, dynamics_per_class: int; stills count as statics, and
            so do full videos.
        frames, size: int, of a video.
        interpolator: `keras_vdd.temporal.Interpolator`, frozen, which interpolation "parametric" needs before the first
            call; else None.
        quantise: "int8", "int4" or None; a call sees each still, motion clip or video rounded as storage of that type
            keeps it, and the gradient passes straight through. None rounds nothing; True stands for int8.
    """

    kind: str
    # Whether `learns_by` is asked at each step, with the gradient of each frame.
    gradient_of_frames = False

    def __init__(
        self, classes, videos_per_class, statics_per_class, dynamics_per_class, frames, size, quantise=None,
        **kwargs,
    ):  # fmt: skip
        super().__init__(dtype="float32", **kwargs)
        pairing.memories_per_slot(videos_per_class, statics_per_class, dynamics_per_class)
        self.classes, self.videos_per_class = classes, videos_per_class
        self.statics_per_class, self.dynamics_per_class = statics_per_class, dynamics_per_class
        self.frames, self.size = frames, size
        self.quantise = check_rounding(quantise)
        self.interpolator = None

    @classmethod
    def of(cls, settings, classes, frames, size):
        """Return the layer of the `memory` settings of a recipe, its weights not yet at their start."""
        raise TypeError(f"{cls.__name__} does not say how settings make it")

    def start(self, settings, start):
        """Assign what stage 2 starts from.

        Args:
            settings: the `memory` settings.
            start: `keras_vdd.stages.start.Start`: `stills` of stage 1, `rng`, and random real clips.
        """
        raise TypeError(f"{type(self).__name__} does not say what it starts from")

    def sample(self, rng):
        """Draw one pair of each video slot, int32 (classes * VPC, 3), as a step of the paper does."""
        return pairing.sample_pairs(rng, *self._counts())

    @property
    def stored_frames(self):
        """int, N_syn: frames that are stored of a video."""
        return self.frames

    def stored(self, pairs):
        """Return the frames that videos of pairs (n, 3) are made of, float32 (n, stored_frames, size, size, 3)."""
        return self(pairs)

    def draw_batches(self, rng, batch, steps):
        """Draw the pairs of each training step of trajectory matching.

        Args:
            rng: `numpy.random.Generator`.
            batch: int, videos a step.
            steps: int.

        Returns:
            int32 (steps, min(batch, classes * VPC), 3), as `pairing.draw_batches` says.
        """
        return pairing.draw_batches(rng, batch, steps, *self._counts(), integrators=self._groups)

    def enumerate(self):
        """Return all pairs, int32 (n, 3), in their fixed order."""
        return pairing.enumerate_pairs(*self._counts())

    def slots(self, pairs):
        """Return the video slot of each pair, class * VPC + slot in its class; arrays or tensors, int32 (n,).

        It is the row of a pair's label in labels (classes, VPC, C) reshaped to (classes * VPC, C).
        """
        owned = self.statics_per_class // self.videos_per_class
        return pairs[:, 0] * self.videos_per_class + pairs[:, 1] // owned

    def learns_by(self, of_frames, gradients):
        """Return what `iteration_ended` is told of a training step, dict of tensors; asked where `gradient_of_frames`.

        Args:
            of_frames: float32 (classes * VPC, frames, size, size, 3), the gradient of the loss to each frame of each
                slot's videos.
            gradients: list of those to the trainable weights.
        """
        raise TypeError(f"{type(self).__name__} does not say what it learns by")

    def iteration_ended(self, iteration, iterations, learned_by):
        """Change what else changes while it is learned, after an iteration; nothing, for most memories.

        Args:
            iteration: int, counted from 1.
            iterations: int, of the whole stage.
            learned_by: dict of tensors, what `learns_by` returned among them.
        """

    @property
    def changing(self):
        """list of weights that `iteration_ended` changes, which checkpoints keep; no trainable ones."""
        return []

    def notes(self):
        """dict: what the log says of an iteration about the memory."""
        return {}

    def arrays(self):
        """Return the weights as `DistilledSet` names and shapes them: a dict of numpy arrays.

        With `quantise` they are rounded as a call sees them; storage of that type then loses nothing more.
        """
        raise TypeError(f"{type(self).__name__} does not say what its arrays are")

    def _seen(self, weight, labels, indices):
        """The items of a weight (classes, items a class, ...) that pairs name, as a call sees them."""
        flat = ops.reshape(weight.value, (-1, *weight.shape[2:]))
        items = ops.take(flat, labels * weight.shape[1] + indices, axis=0)
        return straight_through(items, self.quantise) if self.quantise else items

    def _array(self, weight):
        """A weight (classes, items a class, ...) as numpy, as a call sees it."""
        array = ops.convert_to_numpy(weight)
        return quantised(array, self.quantise) if self.quantise else array

    @property
    def _groups(self):
        return 1

    def _counts(self):
        return self.classes, self.videos_per_class, self.statics_per_class, self.dynamics_per_class

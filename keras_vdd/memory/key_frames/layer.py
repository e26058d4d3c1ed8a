"""Key frames that grow in number while they are learned."""

import numpy as np
from keras import ops

from keras_vdd.memory.key_frames import insertion
from keras_vdd.memory.layer import MemoryLayer
from keras_vdd.seeds import stream
from keras_vdd.storage.rounding import quantised, straight_through
from keras_vdd.temporal.key_frames import as_moments, between_key_frames


class KeyFrameMemory(MemoryLayer):
    """Key frames and what lies between them by linear interpolation: PRISM (arXiv 2505.22564).

    The weight `key_frames` has a place for every frame, and `keys` says which places are in use: growing changes no
    shape, so nothing is compiled anew, and an optimizer's state stays with its frame. Places that are not in use are
    zero, and so are their gradients; arrays and files have none of them.

    Args:
        classes: int.
        frames, size: int, of a video.
        settings: `KeyFrameSettings`.
    """

    kind = "key-frames"
    gradient_of_frames = True

    def __init__(self, classes, frames, size, settings, **kwargs):
        slots = settings.videos_per_class
        super().__init__(classes, slots, slots, 0, frames, size, settings.quantise, **kwargs)
        self.settings = settings
        self._seed = 0
        shape = (classes, slots, frames)
        self.key_frames = self.add_weight(
            name="key_frames", shape=(*shape, size, size, 3), initializer="zeros"
        )
        self.keys = self.add_weight(name="keys", shape=shape, trainable=False, initializer="zeros")
        keys = np.zeros(shape, "float32")
        keys[..., [0, -1]] = 1
        self.keys.assign(keys)
        self.built = True

    @classmethod
    def of(cls, settings, classes, frames, size):
        return cls(classes, frames, size, settings)

    def start(self, settings, start):
        """The first and the last frame of random real clips."""
        clips = start.random_clips(settings.videos_per_class)
        self._seed = int(start.rng.integers(2**32))
        self.key_frames.assign(clips * ops.convert_to_numpy(self.keys)[..., None, None, None])

    def call(self, pairs):
        slots = self.slots(pairs)
        frames = self._frames(ops.take(self._by_video(self.key_frames), slots, axis=0))
        keys = ops.take(self._by_video(self.keys), slots, axis=0)
        flat = ops.reshape(frames, (-1, self.frames, self.size * self.size * 3))
        videos = ops.matmul(between_key_frames(keys, ops), flat)
        return ops.reshape(videos, (-1, self.frames, self.size, self.size, 3))

    def learns_by(self, of_frames, gradients):
        """Cosines of the gradient of each frame, as if it were free, with that of each other frame.

        With `compare="steps"` it is held against the gradients that key frames learn by, which have their shares in the
        frames beside them: a frame's own gradient is then a part of both.

        Args:
            of_frames: float32 (classes * VPC, frames, size, size, 3).
            gradients: list of that of `key_frames`.

        Returns:
            {"cosines": (classes * VPC, frames, frames)}.
        """
        flat = (-1, self.frames, self.size * self.size * 3)
        against = of_frames if self.settings.compare == "frames" else gradients[0]
        each, key = (ops.reshape(gradient, flat) for gradient in (of_frames, against))
        lengths = [ops.sqrt(ops.sum(ops.square(one), axis=2)) for one in (each, key)]
        products = ops.matmul(each, ops.transpose(key, (0, 2, 1)))
        scale = ops.expand_dims(lengths[0], 2) * ops.expand_dims(lengths[1], 1)
        return {"cosines": products / ops.maximum(scale, 1e-30)}

    def iteration_ended(self, iteration, iterations, learned_by):
        """Let frames become key frames where it is time and their gradients ask for it; each starts as it was shown."""
        if iteration not in self.settings.insertion_times(iterations):
            return
        keys = self._keys()
        cosines = np.asarray(ops.convert_to_numpy(learned_by["cosines"]))
        new = insertion.new_key_frames(cosines, keys, self.settings.most_of(self.frames))
        if self.settings.insertion == "random":
            new = insertion.drawn_instead(new, keys, stream(self._seed, "key frames", iteration))
        self.insert(new)

    def insert(self, new):
        """Make frames key frames that are none yet, as they are shown now.

        Args:
            new: bool (classes * VPC, frames).
        """
        if not new.any():
            return
        frames = ops.convert_to_numpy(self._by_video(self.key_frames)).copy()
        for video in np.flatnonzero(new.any(axis=1)):
            pair = np.array([[*divmod(video, self.videos_per_class), -1]], "int32")
            frames[video, new[video]] = ops.convert_to_numpy(self(pair))[0, new[video]]
        self.key_frames.assign(frames.reshape(self.key_frames.shape))
        self.keys.assign((self._keys() | new).astype("float32").reshape(self.keys.shape))

    @property
    def changing(self):
        return [self.keys]

    def notes(self):
        """How many frames are stored, of all videos together."""
        return {"key_frames": int(self._keys().sum())}

    def arrays(self):
        moments = as_moments(ops.convert_to_numpy(self.keys))
        frames = ops.convert_to_numpy(self.key_frames)
        if self.quantise:
            flat = frames.reshape(self.classes, -1, *frames.shape[3:])
            frames = quantised(flat, self.quantise).reshape(frames.shape)
        at = np.maximum(moments, 0).astype(int)[..., None, None, None]
        stored = np.take_along_axis(frames, at, axis=2) * (moments >= 0)[..., None, None, None]
        return {"key_frames": stored.astype("float32"), "positions": moments}

    def _frames(self, videos):
        """Places of videos (n, frames, ...), each frame rounded by itself where they are learned so."""
        if not self.quantise:
            return videos
        each = ops.reshape(videos, (-1, *videos.shape[2:]))
        return ops.reshape(straight_through(each, self.quantise), (-1, *videos.shape[1:]))

    def _by_video(self, weight):
        return ops.reshape(weight.value, (-1, *weight.shape[2:]))

    def _keys(self):
        return ops.convert_to_numpy(self._by_video(self.keys)) > 0.5

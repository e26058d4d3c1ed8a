"""Experts of the quickstart in small, and a network that needs no compiling in MiniC3D's place."""

import keras
from keras import ops
from small_run import small

from keras_vdd.layers import Conv2D

# 24 training videos: steps of 10, 10 and 4 clips. Two epochs: starts below 2, one epoch matched.
MTT = (
    "dynamic.loss=mtt",
    "dynamic.learning_rates.step_size=1e-5",
    "dynamic.max_start_epoch=2",
    "experts.batch_size=10",
)


def recipe_of(folder, *more):
    return small(folder, *MTT, f"experts.folder={folder / 'experts'}", *more)


class Linear(keras.Model):
    """Some pixels of every frame times a matrix, plus a bias: its gradients are known in closed form."""

    def __init__(self, classes, frames, size, width, stem):
        super().__init__()
        self.frames, self.size = frames, size
        self.feature_shape = (frames, size // 8, size // 8, 3)
        self.head = Conv2D(classes, (1, 1))
        self.head.build((None, 1, 1, frames * (size // 8) ** 2 * 3))
        self.built = True

    def embed(self, x, training=False):
        return ops.reshape(x[:, :, ::8, ::8], (x.shape[0], -1))

    def call(self, x, training=False):
        x = ops.reshape(self.embed(x), (x.shape[0], 1, 1, -1))
        return ops.reshape(self.head(x), (x.shape[0], -1))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}

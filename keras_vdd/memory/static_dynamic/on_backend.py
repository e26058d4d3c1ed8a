"""From memories to videos on the backend that Keras has loaded, several times as fast as the layer's own way.

Frames are taken as channels: one 2-D convolution makes all frames of a video out of its motion's frames and
its still's three colours. It multiplies many zeros, and yet takes a third of the time of the 3-D convolution
on torch and TensorFlow and a fiftieth on JAX, whose processors' libraries do badly with 4 channels in and 3 out.
"""

import numpy as np
from keras import ops

from keras_vdd.backend import DATA_FORMAT, convolution
from keras_vdd.layers.integrator import planar_kernel
from keras_vdd.memory import upsampling

ROWS = 8
"""Videos made at once. What is left over is made one by one, so that a compiler meets two shapes and no more."""
FRAMES = 16
"""Frames made at once: the share of zeros grows with them."""


def reconstruct(distilled, pairs):
    """Videos of pairs; arguments as `Memory.on_backend` says."""
    frames, size = distilled.frames, distilled.size
    videos = np.empty((len(pairs), frames, *size, 3), np.float32)
    rule = distilled.interpolation, distilled.interpolator
    matrices = upsampling.axis_matrices(distilled.dynamic.shape[2:-1], (frames, *size), *rule)
    which = pairs[:, 0] * distilled.integrators // distilled.classes
    for integrator in np.unique(which):
        parts = _parts(distilled, integrator)
        for rows in _blocks(np.flatnonzero(which == integrator)):
            label, static, dynamic = pairs[rows].T
            stills = ops.convert_to_tensor(distilled.static[label, static])
            motion = ops.convert_to_tensor(distilled.dynamic[label, dynamic, ..., 0])
            motion = upsampling.upsample(motion, matrices, ops)
            for shown, read, kernel, bias in parts:
                made = _frames(stills, motion[:, read.start : read.stop], kernel, bias)
                for row, video in zip(rows, made):
                    for colour in range(3):  # three plain copies are quicker than one of triples
                        videos[row, shown.start : shown.stop, ..., colour] = video[..., colour]
    return videos


def _parts(distilled, integrator):
    """The frames that each convolution makes, those that it reads, and its kernel and bias."""
    frames, found = distilled.frames, []
    for start in range(0, frames, FRAMES):
        shown = range(start, min(start + FRAMES, frames))
        read = range(max(start - 1, 0), min(shown.stop + 1, frames))
        kernel = planar_kernel(distilled.kernels[integrator], read, shown, frames)
        bias = np.tile(distilled.biases[integrator], len(shown))
        found.append((shown, read, ops.convert_to_tensor(kernel), ops.convert_to_tensor(bias)))
    return found


def _blocks(rows):
    whole = len(rows) // ROWS * ROWS
    return [*rows[:whole].reshape(-1, ROWS), *rows[whole:].reshape(-1, 1)]


def _frames(stills, motion, kernel, bias):
    """Some frames of videos, float32 (n, frames, H, W, 3)."""
    if DATA_FORMAT == "channels_first":
        joined = ops.concatenate([motion, ops.transpose(stills, (0, 3, 1, 2))], axis=1)
    else:
        joined = ops.concatenate([ops.transpose(motion, (0, 2, 3, 1)), stills], axis=-1)
    made = convolution(joined, kernel, bias, (1, 1), (1, 1), DATA_FORMAT)
    if DATA_FORMAT == "channels_first":
        made = ops.transpose(made, (0, 2, 3, 1))
    made = ops.convert_to_numpy(made)
    return made.reshape(*made.shape[:3], -1, 3).transpose(0, 3, 1, 2, 4)

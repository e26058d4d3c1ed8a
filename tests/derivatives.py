"""Derivatives checked by central differences, in float64 on every backend."""

import contextlib
from unittest.mock import patch

import keras
import numpy as np
from keras import ops, tree
from keras.src.backend.common import dtypes

from keras_vdd.backend import jit


@contextlib.contextmanager
def wide():
    """A context in which the backend computes in float64.

    On torch and JAX `keras.ops` silently rounds float64 to float32 in some operations (mean, maximum,
    matmul); JAX itself needs a switch.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.dict(dtypes.BIT64_TO_BIT32_DTYPE, float64="float64"))
        if keras.config.backend() == "jax":
            import jax

            stack.enter_context(jax.enable_x64(True))
        yield


def in_float64(memory):
    """Make a memory, whose weights are float32 always, one that keeps and computes float64."""
    for layer in memory._flatten_layers():
        layer.dtype_policy = "float64"
    for variable in memory.weights:
        variable._dtype = "float64"
    return memory


def numpy(x):
    return tree.map_structure(ops.convert_to_numpy, x)


def tensor(x, dtype="float64"):
    return tree.map_structure(lambda a: ops.convert_to_tensor(np.asarray(a, dtype), dtype=dtype), x)


def correlate(x, kernel, strides, padding):
    """Cross-correlation written out: x (n, *space, in), kernel (*window, in, out), zeros around."""
    rank = len(strides)
    x = np.pad(x, [(0, 0), *((p, p) for p in padding), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:rank], axis=tuple(range(1, rank + 1)))
    windows = windows[(slice(None), *(slice(None, None, s) for s in strides))]
    return np.tensordot(windows, np.moveaxis(kernel, -2, 0), axes=rank + 1)


def assert_gradient(loss_and_gradient, values, tolerance=1e-6, step=1e-5, seed=0, compiled=True):
    """Compare the gradient, leaf by leaf, with central differences of the loss in random directions.

    Args:
        loss_and_gradient: function (values) -> (loss, gradients like values), of float64 tensors.
        values: tree of arrays.
        tolerance: largest error of a directional derivative, relative to it and to the gradient's length.
        step: length of the difference, relative to entries of size 1.
        seed: int, of the directions.
        compiled: bool, off for a function that compiles its own parts.

    Returns:
        the gradients as a flat list of arrays.
    """
    rng = np.random.default_rng(seed)
    evaluate = jit(loss_and_gradient) if compiled else loss_and_gradient
    leaves = [np.asarray(leaf, "float64") for leaf in tree.flatten(values)]

    def loss_at(leaves):
        return float(numpy(evaluate(tensor(tree.pack_sequence_as(values, leaves)))[0]))

    loss, gradients = evaluate(tensor(values))
    assert np.isfinite(float(numpy(loss)))
    gradients = [numpy(g) for g in tree.flatten(gradients)]
    for index, gradient in enumerate(gradients):
        assert gradient.dtype == np.float64, f"leaf {index} is {gradient.dtype}"
        assert gradient.shape == leaves[index].shape
        direction = rng.standard_normal(gradient.shape)
        ends = []
        for sign in (1, -1):
            moved = [*leaves]
            moved[index] = leaves[index] + sign * step * direction
            ends.append(loss_at(moved))
        measured = (ends[0] - ends[1]) / (2 * step)
        expected = float(np.sum(gradient * direction))
        scale = np.linalg.norm(gradient) + abs(measured)
        assert scale > 1e-9, f"leaf {index} has no gradient"
        error = abs(measured - expected) / scale
        assert error < tolerance, f"leaf {index}: derivative {expected}, differences give {measured}"
    return gradients

"""JAX: its own transformations; on CPU, strided 3-D convolutions as matrix products.

XLA's CPU gradients of a strided 3-D convolution take a path 70 to 250 times slower than the forward
pass. Folding each stride's phases into channels leaves an unstrided convolution with a small window,
which is computed as one matrix product per kernel frame: those have fast derivatives of every order.
"""

from itertools import product

import jax
import jax.numpy as jnp

from keras_vdd.backend.jax_device import device_in_use

DATA_FORMAT = "channels_last"
JIT_COMPILE = True
WIDEST_FLOAT = "float32"
FAULTY_ON_CPU = ()


def jit(fn):
    return jax.jit(fn)


def value_and_grad(fn, has_aux=False):
    return jax.value_and_grad(fn, has_aux=has_aux)


def scan(step, state, xs):
    # Written out, the second derivative of a GRU over sixteen frames takes five times as long to compile.
    return jax.lax.scan(step, state, xs)[1]


def convolution(x, kernel, bias, strides, padding, data_format):
    if data_format != "channels_last":
        raise ValueError("JAX computes these convolutions with channels last only")
    if len(strides) == 3 and max(strides) > 1 and _on_cpu():
        return _strided_as_products(x, kernel, strides, padding) + bias
    layout = ("NHWC", "HWIO", "NHWC") if len(strides) == 2 else ("NDHWC", "DHWIO", "NDHWC")
    padding = [(p, p) for p in padding]
    return jax.lax.conv_general_dilated(x, kernel, strides, padding, dimension_numbers=layout) + bias


def _strided_as_products(x, kernel, strides, padding):
    batch, channels = x.shape[0], x.shape[-1]
    sizes, window = x.shape[1:-1], kernel.shape[:3]
    out = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip(sizes, padding, window, strides)]
    # The window grown to a multiple of the stride, and the input to just what the outputs read.
    blocks = [-(-k // s) for k, s in zip(window, strides)]
    lengths = [(o + b - 1) * s for o, b, s in zip(out, blocks, strides)]
    kernel = jnp.pad(kernel, [(0, b * s - k) for b, s, k in zip(blocks, strides, window)] + [(0, 0)] * 2)
    x = jnp.pad(x, [(0, 0), *((p, max(0, m - n - p)) for n, p, m in zip(sizes, padding, lengths)), (0, 0)])
    x = x[:, : lengths[0], : lengths[1], : lengths[2]]

    (st, sh, sw), (bt, bh, bw) = strides, blocks
    x = x.reshape(batch, lengths[0] // st, st, lengths[1] // sh, sh, lengths[2] // sw, sw, channels)
    x = x.transpose(0, 1, 3, 5, 2, 4, 6, 7).reshape(*(x.shape[i] for i in (0, 1, 3, 5)), -1)
    kernel = kernel.reshape(bt, st, bh, sh, bw, sw, channels, -1).transpose(0, 2, 4, 1, 3, 5, 6, 7)
    kernel = kernel.reshape(bt, bh * bw * x.shape[-1], -1)

    total = 0.0
    for t in range(bt):
        patches = [
            x[:, t : t + out[0], h : h + out[1], w : w + out[2]] for h, w in product(range(bh), range(bw))
        ]
        total = total + jnp.concatenate(patches, axis=-1) @ kernel[t]
    return total


def native_layout(weights):
    return list(weights)


def second_order_copies():
    # The matrix products that stand for a strided convolution read its input once for each tap.
    return 13.0 if _on_cpu() else 1.4


def _on_cpu():
    return device_in_use().kind == "cpu"

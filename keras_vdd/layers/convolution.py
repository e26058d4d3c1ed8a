"""Convolutions with explicit padding and the reference's uniform initialisation."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from keras_vdd.backend import convolution
from keras_vdd.layers.draws import Uniform
from keras_vdd.tensors import Shape, Tensor


class _Convolution(keras.layers.Layer):
    """Cross-correlation with symmetric explicit padding and a bias.

    Kernel and bias are drawn from U(-b, b) with b = 1 / sqrt(fan_in), as the networks of "Dancing with
    Still Images" (CVPR 2024) are: other initialisers give other feature scales and other results.

    Args:
        filters: int, output channels.
        kernel_size: ints, one a dimension, time first for 3-D.
        strides: ints, one a dimension.
        padding: ints, zeros added on both sides of each dimension.
        data_format: `"channels_last"` (default) or `"channels_first"`, the layout of input and output.

    The kernel has shape `(*kernel_size, input_channels, filters)`, the bias `(filters,)`.
    """

    rank: ClassVar[int]
    # Keras' own layers that do the same: that which pads, and that which convolves.
    stock: ClassVar[tuple[Any, Any]]

    def __init__(
        self,
        filters: int,
        kernel_size: Sequence[int],
        strides: Sequence[int] | None = None,
        padding: Sequence[int] | None = None,
        data_format: str = "channels_last",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = tuple(kernel_size)
        self.strides = tuple(strides or [1] * self.rank)
        self.padding = tuple(padding or [0] * self.rank)
        self.data_format = data_format
        if not len(self.kernel_size) == len(self.strides) == len(self.padding) == self.rank:
            raise ValueError(
                f"kernel_size, strides and padding need {self.rank} numbers each, "
                f"got {self.kernel_size}, {self.strides}, {self.padding}"
            )

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[self._channel_axis]
        fan_in = channels * math.prod(self.kernel_size)
        self.init_bound = 1 / math.sqrt(fan_in)
        uniform = keras.initializers.RandomUniform
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.filters),
            initializer=uniform(-self.init_bound, self.init_bound),
        )
        self.bias = self.add_weight(
            name="bias", shape=(self.filters,), initializer=uniform(-self.init_bound, self.init_bound)
        )

    @property
    def draws(self) -> dict[str, Uniform]:
        """How each weight is drawn, by name."""
        return dict.fromkeys(("kernel", "bias"), Uniform(self.init_bound))

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def call(self, x: Tensor) -> Tensor:
        first = 1 if self.data_format == "channels_last" else 2
        sizes = x.shape[first : first + self.rank]
        taps, padding = live_taps(sizes, self.kernel_size, self.strides, self.padding)
        kernel, bias = self.kernel.value, keras.ops.cast(self.bias, x.dtype)
        return convolution(
            x, kernel if taps is None else kernel[taps], bias, self.strides, padding, self.data_format
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        first = 1 if self.data_format == "channels_last" else 2
        sizes = [
            None if n is None else (n + 2 * p - k) // s + 1
            for n, p, k, s in zip(
                input_shape[first : first + self.rank], self.padding, self.kernel_size, self.strides
            )
        ]
        if self.data_format == "channels_last":
            return (input_shape[0], *sizes, self.filters)
        return (input_shape[0], self.filters, *sizes)

    def as_stock(self, x: Tensor) -> Tensor:
        """Take a symbolic tensor, channels last, through Keras' own layers with copies of the weights."""
        layout: dict[str, Any] = {"data_format": "channels_last", "dtype": "float32"}
        pad, convolve = self.stock
        if any(self.padding):
            x = pad(self.padding, **layout)(x)
        layer = convolve(self.filters, self.kernel_size, self.strides, name=self.name, **layout)
        x = layer(x)
        layer.set_weights(self.get_weights())
        return x

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
        }


def live_taps(
    sizes: Shape, window: Sequence[int], strides: Sequence[int], padding: Sequence[int]
) -> tuple[tuple[slice, ...] | None, tuple[int, ...]]:
    """Find the part of a kernel that meets a small input; the rest meets nothing but padding.

    Leaving the rest out changes no result and saves most of the work where less than half is left. It also
    keeps clear of a fault of torch on CPU, which in bfloat16 leaves gradients of such taps unwritten.

    Args:
        sizes, window, strides, padding: ints, one a dimension; a size may be None.

    Returns:
        (slices of the kernel, padding that goes with them); (None, `padding`) where half or more is left.
    """
    taps, inner = [], []
    for n, k, s, p in zip(sizes, window, strides, padding):
        starts = range(-p, (n or 0) + p - k + 1, s)
        live = [t for t in range(k) if any(0 <= start + t < n for start in starts)] if n else []
        low, high = (live[0], live[-1] + 1) if live else (0, k)
        if live and len(range(low - p, n + p - high + 1, s)) != len(starts):
            low, high = 0, k  # no symmetric padding would give as many outputs
        taps.append(slice(low, high))
        inner.append(p - low)
    if 2 * math.prod(t.stop - t.start for t in taps) >= math.prod(window):
        return None, tuple(padding)
    return tuple(taps), tuple(inner)


@keras.saving.register_keras_serializable(package="keras_vdd")
class Conv2D(_Convolution):
    __doc__ = _Convolution.__doc__
    rank = 2
    stock = keras.layers.ZeroPadding2D, keras.layers.Conv2D


@keras.saving.register_keras_serializable(package="keras_vdd")
class Conv3D(_Convolution):
    __doc__ = _Convolution.__doc__
    rank = 3
    stock = keras.layers.ZeroPadding3D, keras.layers.Conv3D

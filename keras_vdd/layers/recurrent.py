"""Recurrent layers as PyTorch has them, with right derivatives of every order on every backend.

Keras' own GRU and LSTM have other starts (Glorot and orthogonal weights, biases of zero and one) and, on a GPU with
PyTorch or TensorFlow, cuDNN kernels that cannot be differentiated twice. Here each step is plain arithmetic.
"""

import math
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_vdd.backend import scan
from keras_vdd.layers.draws import Uniform
from keras_vdd.tensors import Shape, Tensor


class _Recurrent(keras.layers.Layer):
    """One layer over time, from a state of zeros.

    Weights have the names, gate order and start of PyTorch's module, whose matrices are transposed here: outputs
    come last, as in the kernels of convolutions, so that gradient matching compares them unit by unit of each gate.
    Both biases are kept. All are drawn from U(-b, b) with b = 1 / sqrt(units).

    Args:
        units: int, size of the state.

    Call with (batch, time, inputs), of which time is known; returns the states of all times, (batch, time, units).
    `weight_ih` has shape (inputs, gates * units), `weight_hh` (units, gates * units), the biases `bias_ih` and
    `bias_hh` (gates * units,).
    """

    gates: ClassVar[int]
    stock: ClassVar[Any]
    states: ClassVar[int] = 1

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Shape) -> None:
        wide = self.gates * self.units
        uniform = keras.initializers.RandomUniform
        bound = self.draws["weight_ih"].bound

        def weight(name: str, *shape: int) -> keras.Variable:
            return self.add_weight(name=name, shape=shape, initializer=uniform(-bound, bound))

        self.weight_ih = weight("weight_ih", input_shape[-1], wide)
        self.weight_hh = weight("weight_hh", self.units, wide)
        self.bias_ih = weight("bias_ih", wide)
        self.bias_hh = weight("bias_hh", wide)

    @property
    def draws(self) -> dict[str, Uniform]:
        """How each weight is drawn, by name."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return dict.fromkeys(names, Uniform(1 / math.sqrt(self.units)))

    def call(self, x: Tensor) -> Tensor:
        # What a frame gives to the gates depends on no other frame: one product for all of them.
        given = ops.add(ops.matmul(x, self.weight_ih), self.bias_ih)
        weight, bias = ops.convert_to_tensor(self.weight_hh), ops.convert_to_tensor(self.bias_hh)

        def step(state: tuple[Tensor, ...], given: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
            state = self.step(given, ops.add(ops.matmul(state[0], weight), bias), state)
            return state, state[0]

        start = (ops.zeros_like(given[:, 0, : self.units]),) * self.states
        return ops.swapaxes(scan(step, start, ops.swapaxes(given, 0, 1)), 0, 1)

    def step(self, given: Tensor, recurrent: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The next state, whose first part is the output.

        Args:
            given, recurrent: (batch, gates * units), what input and last output give to the gates.
            state: tensors (batch, units).
        """
        raise TypeError(f"{type(self).__name__} does not say how its state changes")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def as_stock(self, x: Tensor) -> Tensor:
        """Take a symbolic tensor through Keras' own layer with copies of the weights."""
        layer = self.stock(self.units, return_sequences=True, name=self.name, dtype="float32")
        x = layer(x)
        layer.set_weights(self.stock_weights(*self.get_weights()))
        return x

    def stock_weights(self, given: Any, recurrent: Any, bias: Any, recurrent_bias: Any) -> list[Any]:
        """Arrays of its weights as Keras' own layer has them: kernel, recurrent kernel, bias."""
        return [given, recurrent, bias + recurrent_bias]

    def products(self, output_shape: Shape) -> int:
        """Products of its matrices with frames and states, for outputs of this shape."""
        return math.prod(output_shape) * self.gates * (self.weight_ih.shape[0] + self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="keras_vdd")
class RNN(_Recurrent):
    __doc__ = f"""Elman network, h' = tanh(W_ih x + b_ih + W_hh h + b_hh). {_Recurrent.__doc__}"""
    gates, stock = 1, keras.layers.SimpleRNN

    def step(self, given: Tensor, recurrent: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (ops.tanh(given + recurrent),)


@keras.saving.register_keras_serializable(package="keras_vdd")
class GRU(_Recurrent):
    __doc__ = f"""Gated recurrent unit; gates in the order reset, update, new. {_Recurrent.__doc__}"""
    gates, stock = 3, keras.layers.GRU

    def step(self, given: Tensor, recurrent: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        reset, update, new = ops.split(given, 3, axis=-1)
        reset_h, update_h, new_h = ops.split(recurrent, 3, axis=-1)
        update = ops.sigmoid(update + update_h)
        new = ops.tanh(new + ops.sigmoid(reset + reset_h) * new_h)
        return ((1 - update) * new + update * state[0],)

    def stock_weights(self, given: Any, recurrent: Any, bias: Any, recurrent_bias: Any) -> list[Any]:
        def reordered(weight: Any) -> Any:
            reset, update, new = np.split(weight, 3, axis=-1)
            return np.concatenate([update, reset, new], axis=-1)

        biases = np.stack([bias, recurrent_bias])
        return [reordered(weight) for weight in (given, recurrent, biases)]


@keras.saving.register_keras_serializable(package="keras_vdd")
class LSTM(_Recurrent):
    __doc__ = (
        f"""Long short-term memory; gates in the order input, forget, cell, output. {_Recurrent.__doc__}"""
    )
    gates, states, stock = 4, 2, keras.layers.LSTM

    def step(self, given: Tensor, recurrent: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        enter, forget, cell, leave = ops.split(given + recurrent, 4, axis=-1)
        cell = ops.sigmoid(forget) * state[1] + ops.sigmoid(enter) * ops.tanh(cell)
        return ops.sigmoid(leave) * ops.tanh(cell), cell

"""The only room that knows which backend is active.

Each of `torch.py`, `tensorflow.py` and `jax.py` provides exactly:

- `value_and_grad(fn, has_aux=False)`: a function of the same arguments that returns `(value, gradients)`,
  or `((value, aux), gradients)`; differentiates the first argument, a tree of floating tensors; may be
  nested; raises `ValueError` where a gradient does not exist, never a silent zero (JAX cannot tell and
  gives zeros).
- `jit(fn)`: `fn` compiled if the backend gains from it.
- `convolution(x, kernel, bias, strides, padding, data_format)`: cross-correlation in 2 or 3 dimensions with
  explicit symmetric padding, fast and with right second derivatives. Kernel `(*window, inputs, outputs)`,
  bias `(outputs,)`, both of x's dtype.
- `native_layout(weights)`: the same values, laid out in memory as convolutions read them.
- `DATA_FORMAT`: the layout in which the backend computes convolutions fastest.
- `JIT_COMPILE`: what to pass as `jit_compile` to `keras.Model.compile`.
- `WIDEST_FLOAT`: the widest floating type that needs no process-wide switch.
- `device_bytes()`: memory of the accelerator in use, all of it, in bytes; None on a CPU.
- `second_order_copies()`: how many times over a pass whose gradient is differentiated again keeps the
  outputs of a network's operations, as measured; estimates of memory read it.
- `accelerated()`: whether it computes on a device other than the processor.
- `process_environment(threads)`: environment variables under which a new process computes with so many
  threads and takes of a device's memory only what it needs.
- `thread_count()`: with how many threads it computes on a processor.

Everything else in the package is written once, in `keras.ops`.
"""

import importlib

import keras

_shim = importlib.import_module(f"keras_vdd.backend.{keras.config.backend()}")

value_and_grad = _shim.value_and_grad
jit = _shim.jit
convolution = _shim.convolution
native_layout = _shim.native_layout
DATA_FORMAT = _shim.DATA_FORMAT
JIT_COMPILE = _shim.JIT_COMPILE
WIDEST_FLOAT = _shim.WIDEST_FLOAT
device_bytes = _shim.device_bytes
second_order_copies = _shim.second_order_copies
accelerated = _shim.accelerated
process_environment = _shim.process_environment
thread_count = _shim.thread_count

__all__ = [
    "DATA_FORMAT",
    "JIT_COMPILE",
    "WIDEST_FLOAT",
    "accelerated",
    "convolution",
    "device_bytes",
    "jit",
    "native_layout",
    "process_environment",
    "second_order_copies",
    "thread_count",
    "value_and_grad",
]

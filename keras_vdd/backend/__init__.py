"""The only room that knows which backend is active.

Each of `torch.py`, `tensorflow.py` and `jax.py` provides exactly:

- `value_and_grad(fn, has_aux=False)`: a function of the same arguments that returns `(value, gradients)`,
  or `((value, aux), gradients)`; differentiates the first argument, a tree of floating tensors; may be
  nested; raises `ValueError` where a gradient does not exist, never a silent zero (JAX cannot tell and
  gives zeros).
- `jit(fn)`: `fn` compiled if the backend gains from it.
- `scan(step, state, xs)`: calls `step(state, x) -> (state, output)` for each x along the first axis of `xs`, the state
  a tuple of tensors that keep shape and type; the outputs, stacked. Differentiable to any order.
- `convolution(x, kernel, bias, strides, padding, data_format)`: cross-correlation in 2 or 3 dimensions with
  explicit symmetric padding, fast and with right second derivatives. Kernel `(*window, inputs, outputs)`,
  bias `(outputs,)`, both of x's dtype.
- `native_layout(weights)`: the same values, laid out in memory as convolutions read them.
- `DATA_FORMAT`: the layout in which the backend computes convolutions fastest.
- `JIT_COMPILE`: what to pass as `jit_compile` to `keras.Model.compile`.
- `WIDEST_FLOAT`: the widest floating type that needs no process-wide switch.
- `FAULTY_ON_CPU`: precisions in which gradients of convolutions may come out wrong on a processor.
- `second_order_copies()`: how many times over a pass whose gradient is differentiated again keeps the
  outputs of a network's operations, as measured; estimates of memory read it.

Each of `torch_device.py`, `tensorflow_device.py` and `jax_device.py` provides exactly:

- `devices()`: list of `devices.Device`, accelerators first.
- `device_in_use()`: the `Device` that the next operation is computed on.
- `use_device(asked)`: context in which all is computed on what a value of `run.device` asks for; TensorFlow
  stays on it afterwards. Raises `UsageError` where there is no such device, or where it comes too late.
- `deterministic()`: context in which equal calls on an accelerator give equal bits; XLA stays so. Raises
  `UsageError` where it comes too late.
- `is_deterministic()`: whether that holds now.
- `out_of_memory(error)`: whether an error says that a device's memory, or main memory, ran out.
- `process_environment(threads)`: environment variables under which a new process computes with so many
  threads and takes of a device's memory only what it needs.
- `thread_count()`: with how many threads it computes on a processor.
- `one_thread()`: context in which processor time is that of the work alone. Threads of torch that wait for one another
  spin, the more the busier the machine is, so that it computes with one; others stay as they are.
- `cuda_version()`: the CUDA that the backend was built for, as text; None where it has none or does not say.

Everything else in the package is written once, in `keras.ops`.
"""

import importlib

import keras

_shim = importlib.import_module(f"keras_vdd.backend.{keras.config.backend()}")
_device = importlib.import_module(f"keras_vdd.backend.{keras.config.backend()}_device")

value_and_grad = _shim.value_and_grad
jit = _shim.jit
scan = _shim.scan
convolution = _shim.convolution
native_layout = _shim.native_layout
DATA_FORMAT = _shim.DATA_FORMAT
JIT_COMPILE = _shim.JIT_COMPILE
WIDEST_FLOAT = _shim.WIDEST_FLOAT
FAULTY_ON_CPU = _shim.FAULTY_ON_CPU
second_order_copies = _shim.second_order_copies
devices = _device.devices
device_in_use = _device.device_in_use
use_device = _device.use_device
deterministic = _device.deterministic
is_deterministic = _device.is_deterministic
out_of_memory = _device.out_of_memory
process_environment = _device.process_environment
cuda_version = _device.cuda_version
one_thread = _device.one_thread
thread_count = _device.thread_count

__all__ = [
    "DATA_FORMAT",
    "FAULTY_ON_CPU",
    "JIT_COMPILE",
    "WIDEST_FLOAT",
    "accelerated",
    "convolution",
    "cuda_version",
    "deterministic",
    "device_bytes",
    "device_in_use",
    "devices",
    "is_deterministic",
    "jit",
    "native_layout",
    "one_thread",
    "out_of_memory",
    "process_environment",
    "scan",
    "second_order_copies",
    "thread_count",
    "use_device",
    "value_and_grad",
]


def accelerated():
    """Whether it computes on a device other than the processor."""
    return device_in_use().kind != "cpu"


def device_bytes():
    """Memory of the accelerator in use, all of it, in bytes; None on a processor."""
    return device_in_use().nbytes

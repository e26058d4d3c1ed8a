"""JAX: which devices there are, computing on one of them, and repeatable sums."""

import contextlib
import os

import jax
from jax._src.xla_bridge import backends_are_initialized

from keras_vdd.backend.devices import Device, find
from keras_vdd.errors import UsageError
from keras_vdd.limits import says_no_memory
from keras_vdd.machine import processor_count

# Read by XLA when its first device starts.
_FLAG = "--xla_gpu_deterministic_ops"


def devices():
    found = [d for d in jax.local_devices() if d.platform != "cpu"]
    with contextlib.suppress(RuntimeError):  # JAX_PLATFORMS may leave the processor out
        found += jax.local_devices(backend="cpu")[:1]
    return [_device(native) for native in found]


def device_in_use():
    asked = jax.config.jax_default_device
    if isinstance(asked, str):
        asked = jax.local_devices(backend=asked)[0]
    return _device(asked or jax.local_devices()[0])


def _device(native):
    if native.platform == "cpu":
        return Device("cpu", "cpu", None, native)
    # CUDA, or what stands for it elsewhere; others, such as tpu, have names of their own.
    kind = "cuda" if native.platform == "gpu" else native.platform.lower()
    # The share of the device that XLA lets this process have, a fixed part of the whole.
    nbytes = (native.memory_stats() or {}).get("bytes_limit")
    return Device(f"{kind}:{native.id}", native.device_kind, nbytes, native)


@contextlib.contextmanager
def use_device(asked):
    if asked == "cpu" and not backends_are_initialized():
        # To start the other devices too would take their memory.
        jax.config.update("jax_platforms", "cpu")
    with jax.default_device(find(asked, devices(), "jax").native):
        yield


@contextlib.contextmanager
def deterministic():
    if not is_deterministic():
        if not backends_are_initialized():
            # Left there: XLA cannot be told otherwise any more.
            os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_FLAG}=true".strip()
        elif jax.local_devices()[0].platform != "cpu":
            raise UsageError(
                f"run.deterministic=true comes too late, for JAX already computes on {device_in_use()} in this "
                f"process: set it for the first run of a process, or add {_FLAG}=true to XLA_FLAGS before."
            )
    yield


def is_deterministic():
    last = [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag.partition("=")[0] == _FLAG][-1:]
    return bool(last) and last[0].partition("=")[2].lower() in ("", "true", "1")


def out_of_memory(error):
    # What JAX raises is a RuntimeError with XLA's words.
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and says_no_memory(error))


def process_environment(threads):
    # XLA's thread pools have the size that this variable reserves.
    return {"NPROC": str(threads), "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def thread_count():
    return int(os.environ.get("NPROC") or processor_count())


@contextlib.contextmanager
def one_thread():
    yield  # its pools are made once, and what they wait takes no processor time


def cuda_version():
    return None

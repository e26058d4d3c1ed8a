"""PyTorch: which devices there are, computing on one of them, and repeatable sums."""

import contextlib
import os

import keras
import torch
from keras import ops

from keras_vdd.backend.devices import Device, find
from keras_vdd.errors import UsageError
from keras_vdd.limits import says_no_memory

# Read by cuBLAS when it starts; with either of these it adds up in one order.
_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_CUBLAS_REPEATABLE = (":4096:8", ":16:8")


def devices():
    found = []
    for kind in ("cuda", "xpu"):
        module = getattr(torch, kind)
        for index in range(module.device_count() if module.is_available() else 0):
            about = module.get_device_properties(index)
            found.append(Device(f"{kind}:{index}", about.name, about.total_memory, torch.device(kind, index)))
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU", torch.mps.recommended_max_memory(), torch.device("mps")))
    return [*found, Device("cpu", "cpu", None, torch.device("cpu"))]


def device_in_use():
    place = ops.convert_to_tensor(0.0).device
    name = f"{place.type}:{place.index or 0}" if place.type in ("cuda", "xpu") else place.type
    known = {device.name: device for device in devices()}
    return known.get(name) or Device(name, name, None, place)


@contextlib.contextmanager
def use_device(asked):
    device = find(asked, devices(), "torch")
    # Keras knows CUDA by that word without a number: which of several it is torch is told.
    which = contextlib.nullcontext()
    if device.native.index is not None:
        which = getattr(torch, device.kind).device(device.native)
    with which, keras.device(device.kind):
        yield


@contextlib.contextmanager
def deterministic():
    if os.environ.get(_CUBLAS) not in _CUBLAS_REPEATABLE:
        if torch.cuda.is_initialized():
            raise UsageError(
                "run.deterministic=true comes too late, for torch already computes on CUDA in this process: "
                f"set it for the first run of a process, or set {_CUBLAS}=:4096:8 before."
            )
        # Left there: cuBLAS cannot be told otherwise any more.
        os.environ[_CUBLAS] = _CUBLAS_REPEATABLE[0]
    asked, warn = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(asked, warn_only=warn)
        cudnn.deterministic, cudnn.benchmark = before


def is_deterministic():
    return torch.are_deterministic_algorithms_enabled()


def out_of_memory(error):
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and says_no_memory(error)


def process_environment(threads):
    return {"OMP_NUM_THREADS": str(threads)}


def thread_count():
    return torch.get_num_threads()


@contextlib.contextmanager
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def cuda_version():
    return torch.version.cuda

"""Devices: found by name or refused in a sentence, chosen and left again, repeatable, and out of memory."""

import errno
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from derivatives import numpy
from keras import ops

from keras_vdd import backend
from keras_vdd.backend import cuda_driver
from keras_vdd.backend.devices import Device, find
from keras_vdd.errors import UsageError

BACKEND = keras.config.backend()
CPU, GIB = Device("cpu", "cpu"), 2**30
TWO = [Device("cuda:0", "NVIDIA H100 80GB HBM3", 80 * GIB), Device("cuda:1", "NVIDIA H100 80GB HBM3"), CPU]
MAC = [Device("mps", "Apple GPU", 16 * GIB), CPU]
NOT_HERE = "cuda:99"


@pytest.mark.parametrize(
    "asked, there, name",
    [
        ("cpu", TWO, "cpu"),
        ("gpu", TWO, "cuda:0"),
        ("cuda", TWO, "cuda:0"),
        ("cuda:1", TWO, "cuda:1"),
        ("gpu", MAC, "mps"),
        ("mps", MAC, "mps"),
        ("gpu", [Device("xpu:0", "Arc"), CPU], "xpu:0"),
    ],
)
def test_a_device_is_found_by_its_name(asked, there, name):
    assert find(asked, there, "torch").name == name


def test_one_that_is_not_there_is_refused_by_what_there_is():
    with pytest.raises(UsageError) as raised:
        find("cuda:2", TWO, "torch")
    assert str(raised.value) == (
        "run.device=cuda:2 is not here: torch sees cuda:0 (NVIDIA H100 80GB HBM3, 85.9 GB), cuda:1 (NVIDIA H100 80GB "
        "HBM3) and cpu. Choose one of these or run.device=auto."
    )
    with pytest.raises(
        UsageError, match="run.device=gpu is not here: jax sees cpu. .*a GPU needs its driver"
    ):
        find("gpu", [CPU], "jax")
    with pytest.raises(
        UsageError, match="run.device=cuda is not here: torch sees mps .Apple GPU, 17.2 GB. and cpu"
    ):
        find("cuda", MAC, "torch")
    with pytest.raises(UsageError, match="run.device=mps is for the backend torch alone, not jax"):
        find("mps", TWO, "jax")


def test_the_processor_is_always_there():
    there = backend.devices()
    assert there[-1].name == "cpu" and there[-1].nbytes is None
    assert backend.device_in_use().name == there[0].name
    assert backend.accelerated() == (len(there) > 1)
    if len(there) == 1:
        assert backend.device_bytes() is None and cuda_driver.device_bytes(0) is None


def test_the_processor_is_chosen_and_left():
    before = backend.device_in_use().name
    with backend.use_device("cpu"):
        assert backend.device_in_use().name == "cpu" and not backend.accelerated()
        assert numpy(ops.sum(ops.ones(3))) == 3
    if BACKEND != "tensorflow":  # As documented: it stays.
        assert backend.device_in_use().name == before


def test_one_that_is_not_there_cannot_be_used():
    with pytest.raises(UsageError, match=f"run.device={NOT_HERE} is not here: {BACKEND} sees "):
        backend.use_device(NOT_HERE).__enter__()


def python(code, **env):
    """What code prints in a process of its own on this backend, and how it ended."""
    env = {**os.environ, "KERAS_BACKEND": BACKEND, "TF_CPP_MIN_LOG_LEVEL": "3", **env}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(BACKEND != "torch", reason="torch's devices")
def test_several_of_torch_are_told_apart_by_its_own_setting(monkeypatch):
    """Keras asks whether its device is the word "cuda", so a number must not be in it."""
    import contextlib
    import types

    import torch

    chosen = []

    @contextlib.contextmanager
    def device(native):
        chosen.append(native)
        yield
        chosen.append(None)

    about = types.SimpleNamespace(name="NVIDIA A40", total_memory=48 * GIB)
    fake = {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "get_device_properties": lambda index: about,
    }
    for name, function in {**fake, "device": device}.items():
        monkeypatch.setattr(torch.cuda, name, function)
    assert [d.name for d in backend.devices()] == ["cuda:0", "cuda:1", "cpu"]
    from keras.src.backend.torch.core import get_device

    before = get_device()
    for asked, index in (("cuda:1", 1), ("gpu", 0), ("cuda", 0)):
        with backend.use_device(asked):
            assert get_device() == "cuda" and chosen[-1] == torch.device("cuda", index)
        assert get_device() == before and chosen[-1] is None


@pytest.mark.skipif(BACKEND != "torch", reason="Keras' setting for torch")
def test_a_choice_holds_against_the_environment():
    code = "from keras_vdd import backend; from keras import ops\n"
    code += "with backend.use_device('cpu'): print(ops.ones(2).device, backend.device_in_use().name)"
    assert python(code, KERAS_TORCH_DEVICE="nowhere").strip() == "cpu cpu"


@pytest.mark.skipif(BACKEND != "torch", reason="tensors of torch's devices know no numpy")
def test_pixels_meet_no_array_of_the_host(monkeypatch):
    import torch

    from keras_vdd.learning.real_batches import on_device

    frames = ops.convert_to_tensor(np.full((2, 1, 1, 1, 3), 255, np.uint8))

    def far(tensor, *_):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "__array__", far)
        seen = on_device(frames, 2, (0.5, 0.5, 0.5), (0.5, 0.25, 0.125))
    np.testing.assert_allclose(numpy(seen)[0, 0, 0, 0], [1, 2, 4], rtol=1e-6)


@pytest.mark.skipif(BACKEND != "jax", reason="XLA makes several devices of a processor")
def test_what_is_computed_in_jax_lies_on_the_device_that_was_chosen():
    code = """
import jax, keras
from keras_vdd import backend
from keras_vdd.backend import jax_device
from keras_vdd.backend.devices import Device
from keras_vdd.models import MiniC3D
jax_device.devices = lambda: [Device("cuda:0", "second", 2**30, jax.local_devices()[1])]
with backend.use_device("gpu"):
    network = MiniC3D(2, 4, 16, width=4, stem=4)
    step = backend.jit(backend.value_and_grad(lambda w: keras.ops.sum(network(w) ** 2)))
    _, gradient = step(keras.ops.ones((1, 4, 16, 16, 3)))
    network.compile("sgd", "mse", jit_compile=True)
    network.fit(keras.random.normal((2, 4, 16, 16, 3), seed=0), keras.ops.zeros((2, 2)), verbose=0)
    print({d.id for x in [gradient, *(v.value for v in network.weights)] for d in x.devices()})
print({d.id for d in keras.ops.ones(2).devices()})
"""
    flags = "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0"
    assert python(code, XLA_FLAGS=flags).split() == ["{1}", "{0}"]


@pytest.mark.skipif(BACKEND != "jax", reason="JAX begins all devices unless told")
def test_the_processor_alone_begins_no_other_device():
    code = "import jax; from keras_vdd import backend\nwith backend.use_device('cpu'): print(jax.config.jax_platforms)"
    assert python(code).strip() == "cpu"


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow fixes its devices when it begins")
def test_a_choice_that_comes_too_late_for_tensorflow_is_told(monkeypatch):
    import tensorflow as tf

    def fixed(devices, kind):
        raise RuntimeError("Visible devices cannot be modified after being initialized")

    gpu = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [gpu])
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda device: {"device_name": "NVIDIA A40"}
    )
    monkeypatch.setattr(tf.config, "set_visible_devices", fixed)
    with pytest.raises(UsageError, match=r"run.device=cpu comes too late.*computes on cuda:0 \(NVIDIA A40\)"):
        backend.use_device("cpu").__enter__()


STEPS = """
import os, sys
import keras, numpy as np
from keras_vdd import backend
from keras_vdd.models import MiniC3D
from keras_vdd.models import as_weights, apply, fresh_weights
def steps():
    rng = np.random.default_rng(0)
    network = MiniC3D(3, 4, 16, width=8, stem=4)
    weights = as_weights(network, fresh_weights(network, rng))
    videos = keras.ops.convert_to_tensor(rng.standard_normal((4, 4, 16, 16, 3), dtype="float32"))
    def loss(weights, seed):
        return keras.ops.mean(keras.ops.square(apply(network, weights, videos, training=True, seed=seed)))
    step = backend.jit(backend.value_and_grad(loss))
    for number in range(10):
        _, gradients = step(weights, keras.ops.convert_to_tensor(np.array([number, 7], np.uint32)))
        weights = [w - 0.1 * g for w, g in zip(weights, gradients)]
    return b"".join(keras.ops.convert_to_numpy(w).tobytes() for w in weights)
before = backend.is_deterministic()
with backend.deterministic():
    inside = backend.is_deterministic()
    print(steps() == steps(), before, inside)
print(backend.is_deterministic(), os.environ.get("CUBLAS_WORKSPACE_CONFIG"), os.environ.get("XLA_FLAGS"))
"""


def test_ten_steps_repeat_bit_for_bit_and_the_flag_is_taken_back():
    repeated, state = python(STEPS, XLA_FLAGS="--xla_backend_optimization_level=0").splitlines()[-2:]
    assert repeated == "True False True"
    left = {
        "torch": "False :4096:8 --xla_backend_optimization_level=0",
        "tensorflow": "False None --xla_backend_optimization_level=0",
        # As documented: XLA reads it once.
        "jax": "True None --xla_backend_optimization_level=0 --xla_gpu_deterministic_ops=true",
    }
    assert state == left[BACKEND]


@pytest.mark.skipif(BACKEND != "torch", reason="cuBLAS under torch")
def test_determinism_that_comes_too_late_for_cublas_is_told(monkeypatch):
    import torch

    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(
        UsageError, match="run.deterministic=true comes too late.*CUBLAS_WORKSPACE_CONFIG=:4096:8"
    ):
        backend.deterministic().__enter__()
    assert not torch.are_deterministic_algorithms_enabled()
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    with backend.deterministic():
        assert torch.are_deterministic_algorithms_enabled() and torch.backends.cudnn.deterministic
    assert not torch.backends.cudnn.deterministic


@pytest.mark.skipif(BACKEND != "jax", reason="XLA under JAX")
def test_determinism_that_comes_too_late_for_xla_is_told(monkeypatch):
    import types

    import jax

    gpu = types.SimpleNamespace(platform="gpu", id=0, device_kind="NVIDIA A40", memory_stats=lambda: None)
    monkeypatch.setenv("XLA_FLAGS", "--xla_gpu_deterministic_ops=false")
    ops.ones(1)
    with backend.deterministic():  # a processor repeats without it
        assert not backend.is_deterministic()
    monkeypatch.setattr(jax, "local_devices", lambda backend=None: [gpu])
    with pytest.raises(
        UsageError, match=r"comes too late.*on cuda:0 \(NVIDIA A40\).*add --xla_gpu_deterministic_ops"
    ):
        backend.deterministic().__enter__()
    monkeypatch.setenv("XLA_FLAGS", "--xla_gpu_deterministic_ops")
    with backend.deterministic():
        assert backend.is_deterministic()


def of_memory():
    """Errors that say that memory ran out, as each backend raises them."""
    if BACKEND == "torch":
        import torch

        yield torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity"
        )
        yield RuntimeError("MPS backend out of memory (MPS allocated: 17.00 GB, other allocations: 1.00 GB)")
        yield RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")
        yield RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
    elif BACKEND == "tensorflow":
        import tensorflow as tf

        yield tf.errors.ResourceExhaustedError(None, None, "failed to allocate memory [Op:AddV2]")
        yield tf.errors.InternalError(None, None, "cuDNN: CUDNN_STATUS_ALLOC_FAILED")
        yield tf.errors.UnknownError(None, None, "CUDA_ERROR_OUT_OF_MEMORY: out of memory")
    else:
        import jax

        yield jax.errors.JaxRuntimeError(
            "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 20000 bytes."
        )
        yield jax.errors.JaxRuntimeError("INTERNAL: cublas: CUBLAS_STATUS_ALLOC_FAILED")
    yield MemoryError()


@pytest.mark.parametrize("error", list(of_memory()), ids=lambda error: type(error).__name__)
def test_errors_for_want_of_memory_are_known(error):
    assert backend.out_of_memory(error)


def test_what_the_backend_raises_here_for_want_of_memory_is_known():
    """Sixty-four terabytes, which nothing gives."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is what each backend decides
        numpy(ops.zeros((2**22, 2**22)))
    assert backend.out_of_memory(raised.value)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("out of memory"),
        RuntimeError("the size of tensor a (3) must match the size of tensor b (4)"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_are_not_taken_for_it(error):
    assert not backend.out_of_memory(error)

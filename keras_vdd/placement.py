"""Where a run computes: the device that its recipe asks for, whether its sums repeat, and what is said of both."""

import contextlib
import logging
import re
from collections.abc import Iterator
from typing import Any

import keras

from keras_vdd import backend
from keras_vdd.backend import cuda_driver
from keras_vdd.backend.global_state import global_state_kept
from keras_vdd.errors import VddError
from keras_vdd.out_of_memory import SMALLER_DATA, told_of_memory

_LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def computing(device="auto", deterministic=False):
    """A context in which all is computed on a device, as `run.device` and `run.deterministic` say.

    Random states and Keras' settings are as before when it ends, and on torch all is. TensorFlow stays on its device,
    and JAX on the processor where that was asked for first; XLA stays deterministic.

    Args:
        device: str; "auto" is what the backend takes by itself.
        deterministic: bool, whether equal calls on an accelerator give equal bits.

    Raises:
        UsageError: there is no such device, or it is too late to choose in this process.
        VddError: an operation has no deterministic form, or memory ran out where nobody said what to lower.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(global_state_kept())
        if deterministic:
            stack.enter_context(backend.deterministic())
        if device != "auto":
            stack.enter_context(backend.use_device(device))
        stack.enter_context(told_of_memory("The run", SMALLER_DATA))
        if deterministic:
            stack.enter_context(_told_of_nondeterminism())
        yield


@contextlib.contextmanager
def on_its_device(recipe: Any) -> Iterator[None]:
    """A context in which all is computed as a recipe says: `computing` by its `run` settings.

    A precision in which gradients may come out wrong there is told as a warning.
    """
    run = recipe.run
    with computing(run.device, run.deterministic):
        if run.precision in backend.FAULTY_ON_CPU and backend.device_in_use().kind == "cpu":
            _LOG.warning(
                "run.precision=%s on a processor: %s may leave parts of a convolution's gradient unwritten there; "
                "take run.precision=float32 where figures count.",
                run.precision, keras.config.backend(),
            )  # fmt: skip
        yield


def facts():
    """Return what a result depends on of the device in use, as plain values.

    Returns:
        dict: `device`, what its maker calls it; `device_kind`, such as "cuda"; and where there is a CUDA
        device `device_memory_bytes`, `cuda`, that of the backend, and `driver`, both as far as they are known.
    """
    device = backend.device_in_use()
    found = {"device": device.label, "device_kind": device.kind}
    if device.kind == "cpu":
        return found
    driver, newest = cuda_driver.versions() if device.kind == "cuda" else (None, None)
    more = {
        "device_memory_bytes": device.nbytes,
        "cuda": backend.cuda_version() if device.kind == "cuda" else None,
        "driver": driver and f"{driver}, for CUDA up to {newest}",
    }
    return found | {name: value for name, value in more.items() if value is not None}


def report():
    """Return what `vdd doctor` says of the active backend: `devices`, the one of "auto", and determinism."""
    device, about = backend.device_in_use(), facts()
    there = {each.name: {"label": each.label, "memory_bytes": each.nbytes} for each in backend.devices()}
    return {
        "devices": there,
        "auto": device.name,
        **{name: about[name] for name in ("cuda", "driver") if name in about},
        # A processor adds up in one order by itself, with one number of threads.
        "deterministic": device.kind == "cpu" or backend.is_deterministic(),
    }


@contextlib.contextmanager
def _told_of_nondeterminism():
    try:
        yield
    except VddError:
        raise
    except Exception as error:
        said = [line for line in str(error).splitlines() if "determinis" in line.lower()]
        if not said:
            raise
        # Keras puts the line in bold; what follows the first sentence is how to go on in a backend's own terms.
        reason = re.sub(r"\x1b\[\d*m", "", said[0]).partition(". ")[0].strip()
        raise VddError(
            f"run.deterministic=true cannot be kept on {backend.device_in_use()}: {reason}. Set "
            "run.deterministic=false, or run.device=cpu, where sums repeat without it."
        ) from error

"""TensorFlow: which devices there are, computing on one of them, and repeatable sums."""

import contextlib
import os

import tensorflow as tf
from tensorflow.python.framework import config

from keras_vdd.backend import cuda_driver
from keras_vdd.backend.devices import Device, find
from keras_vdd.errors import UsageError
from keras_vdd.limits import says_no_memory
from keras_vdd.machine import processor_count

_CPU = Device("cpu", "cpu")


def devices():
    return [*map(_device, tf.config.list_physical_devices("GPU")), _CPU]


def device_in_use():
    visible = tf.config.get_visible_devices("GPU")
    return _device(visible[0]) if visible else _CPU


def _device(native):
    number = int(native.name.rpartition(":")[2])
    label = tf.config.experimental.get_device_details(native).get("device_name", "GPU")
    # TensorFlow tells what was free when it began; the driver tells what there is.
    return Device(f"cuda:{number}", label, cuda_driver.device_bytes(number), native)


@contextlib.contextmanager
def use_device(asked):
    device = find(asked, devices(), "tensorflow")
    wanted = [] if device.kind == "cpu" else [device.native]
    visible = tf.config.get_visible_devices("GPU")
    # The first that is seen is the one that computes; others would only have their memory taken.
    if visible != wanted:
        try:
            tf.config.set_visible_devices(wanted, "GPU")
        except RuntimeError as error:
            raise UsageError(
                f"run.device={device.name} comes too late, for TensorFlow already computes on {device_in_use()} in "
                "this process: set it for the first run of a process, or start another process."
            ) from error
    yield


@contextlib.contextmanager
def deterministic():
    before = config.is_op_determinism_enabled()
    tf.config.experimental.enable_op_determinism()
    try:
        yield
    finally:
        if not before:
            config.disable_op_determinism()


def is_deterministic():
    return config.is_op_determinism_enabled() or os.environ.get("TF_DETERMINISTIC_OPS") in ("1", "true")


def out_of_memory(error):
    if isinstance(error, (tf.errors.ResourceExhaustedError, MemoryError)):
        return True
    return isinstance(error, (tf.errors.OpError, RuntimeError)) and says_no_memory(error)


def process_environment(threads):
    return {
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }


def thread_count():
    # 0 is one for each processor core.
    asked = tf.config.threading.get_intra_op_parallelism_threads()
    return asked or int(os.environ.get("TF_NUM_INTRAOP_THREADS") or 0) or processor_count()


@contextlib.contextmanager
def one_thread():
    yield  # its pools are made once, and what they wait takes no processor time


def cuda_version():
    return tf.sysconfig.get_build_info().get("cuda_version")

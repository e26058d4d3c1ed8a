"""Checkpoints of a stage: written whole or not at all, read back bit for bit."""

import contextlib
import json
import os

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from keras_vdd.errors import VddError


def save_arrays(path, arrays, **facts):
    """Write named arrays and plain facts as one safetensors file, through a temporary name.

    Args:
        path: where; an existing file is replaced.
        arrays: dict of numpy arrays.
        **facts: JSON values kept beside them.
    """
    temporary = f"{path}.tmp"
    # Not ascontiguousarray, which would make a vector of a scalar.
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    try:
        # Not safetensors' own writing, whose error for a full disk is no OSError.
        with open(temporary, "wb") as file:
            file.write(save(arrays, metadata={"facts": json.dumps(facts)}))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise OSError(error.errno, error.strerror, str(path)) from error


def load_arrays(path):
    """Return (arrays, facts) of a file that `save_arrays` wrote.

    Raises:
        VddError: the file is damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads(file.metadata()["facts"])
            return {name: file.get_tensor(name) for name in file.keys()}, facts
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise VddError(f"The checkpoint '{path}' is damaged ({error}): delete it and run again.") from error


def model_state(model):
    """Everything that `fit` changes in a compiled model, as named numpy arrays."""
    return {name: np.asarray(_to_numpy(variable)) for name, variable in _variables(model)}


def restore_model_state(model, arrays):
    """Assign what `model_state` returned."""
    for name, variable in _variables(model):
        variable.assign(arrays[name])


def _variables(model):
    for index, variable in enumerate(model.trainable_variables):
        yield f"memory/{index}/{variable.name}", variable
    for index, variable in enumerate(model.optimizer.variables):
        # Its name counts the models made before it in the same process.
        yield f"optimizer/{index}", variable


def _to_numpy(variable):
    import keras

    return keras.ops.convert_to_numpy(variable)

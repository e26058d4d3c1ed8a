"""Checkpoints of a stage: written whole or not at all, read back bit for bit."""

import json

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from keras_vdd.errors import VddError
from keras_vdd.files import write_atomically


def save_arrays(path, arrays, **facts):
    """Write named arrays and plain facts as one safetensors file, whole or not at all.

    Args:
        path: where; an existing file is replaced.
        arrays: dict of numpy arrays.
        **facts: JSON values kept beside them.
    """
    # Not ascontiguousarray, which would make a vector of a scalar.
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    # Not safetensors' own writing, whose error for a full disk is no OSError.
    write_atomically(path, save(arrays, metadata={"facts": json.dumps(facts)}))


def load_arrays(path):
    """Return (arrays, facts) of a file that `save_arrays` wrote.

    Raises:
        VddError: the file is damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads(file.metadata()["facts"])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118 (no mapping)
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
    for variable in model.memory.changing:
        yield f"memory/{variable.name}", variable
    for index, variable in enumerate(model.optimizer.variables):
        # Its name counts the models made before it in the same process.
        yield f"optimizer/{index}", variable


def _to_numpy(variable):
    import keras

    return keras.ops.convert_to_numpy(variable)

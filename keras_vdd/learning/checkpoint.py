"""Arrays and facts in one file: written whole or not at all, read back bit for bit or not at all."""

import contextlib
import logging
import os
import zlib

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from keras_vdd.errors import VddError
from keras_vdd.files import NO_FILE, check_is_file, replacing, write_atomically
from keras_vdd.sealed import Damaged, OfAnotherRun, seal, unseal

_SUMS, _WHAT = "checksums", "what"
_LOG = logging.getLogger(__name__)


def save_arrays(path, arrays, run_id=None, what=None, **facts):
    """Write named arrays and plain facts as one safetensors file, whole or not at all.

    The facts, in its metadata, are sealed (see `keras_vdd.sealed`) and have a checksum of each array.

    Args:
        path: where; an existing file is replaced.
        arrays: dict of numpy arrays.
        run_id: str, mark of the run that it belongs to; None where it belongs to none.
        what: str, what the file is among those of a run, in words; None where it is the only one.
        **facts: JSON values kept beside them.
    """
    write_atomically(path, _content(arrays, run_id, what, facts))


def _content(arrays, run_id, what, facts):
    # Not ascontiguousarray, which would make a vector of a scalar.
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    facts = {**facts, **({} if what is None else {_WHAT: what})}
    facts = {**facts, _SUMS: {name: checksum_of(array) for name, array in arrays.items()}}
    # Not safetensors' own writing, whose error for a full disk is no OSError.
    return save(arrays, metadata={"facts": seal(facts, run_id)})


def load_arrays(path, run_id=None, what=None):
    """Return (arrays, facts) of a file that `save_arrays` wrote.

    Args:
        path: where.
        run_id: str, mark of the run that it must belong to; None takes any.
        what: str, as `save_arrays` takes it; None takes any, and a file that does not say is taken for any.

    Raises:
        VddError: the file is damaged, belongs to another run, or is another one of the run.
    """
    with ArraysFile(path, run_id, what) as file:
        return {name: file.get(name) for name in file.names}, file.facts


class ArraysFile:
    """A file that `save_arrays` wrote, open; each array is read, and checked, when it is asked for.

    Attributes:
        facts: dict.
        names: list of str, of its arrays.

    Raises:
        VddError: on opening and reading: it is damaged, or belongs to another run.
        FileNotFoundError: it is not there.
    """

    def __init__(self, path, run_id=None, what=None):
        self._path, self._stack = path, contextlib.ExitStack()
        with self._told():
            check_is_file(path)
            # Of a file that may not be read safetensors says that it is none.
            with open(path, "rb"):
                pass
            self._file = self._stack.enter_context(safe_open(path, framework="numpy"))
            self.names = list(self._file.keys())
            self.facts = unseal(self._file.metadata()["facts"], run_id)
            found = self.facts.pop(_WHAT, None)
            if None not in (found, what) and found != what:
                raise Damaged(f"it is the {found}, and here belongs the {what}")
            # Files of versions that kept no checksums are read as they are.
            self._sums = self.facts.pop(_SUMS, None)
            if self._sums is not None and sorted(self._sums) != sorted(self.names):
                raise Damaged("its arrays are not those that its facts name")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    @property
    def has_checksums(self):
        """Whether damage to its arrays shows."""
        return self._sums is not None

    def get(self, name, check=True):
        """Return an array; `check` is False where it was checked before."""
        with self._told():
            array = self._file.get_tensor(name)
            if check and self._sums is not None and checksum_of(array) != self._sums[name]:
                raise Damaged(f"the checksum of {name!r} is another")
            return array

    @contextlib.contextmanager
    def _told(self):
        try:
            yield
        except OfAnotherRun as error:
            raise AnotherRunsFile(
                f"'{self._path}' belongs to another run: put it back where it came from, or delete it and run again."
            ) from error
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in NO_FILE:
                raise
            why = getattr(error, "strerror", None) or error
            raise DamagedFile(f"'{self._path}' is damaged ({why}): delete it and run again.") from error


class DamagedFile(VddError):
    """A file of arrays is not as it was written."""


class AnotherRunsFile(VddError):
    """A file of arrays belongs to another run."""


def checksum_of(array):
    """Return the CRC-32 of an array, of its type and shape too, as hexadecimal digits: quick, and notices any bit."""
    about = f"{array.dtype.str}{array.shape}".encode()
    return f"{zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8), zlib.crc32(about)):08x}"


class Checkpoints:
    """The last two checkpoints of a stage: where the last is damaged, the one before serves.

    Args:
        folder: `pathlib.Path` of the stage.
        run_id: str, mark of the run; None where it has none.
    """

    def __init__(self, folder, run_id=None):
        self.path = folder / "checkpoint.safetensors"
        self._before, self._run_id = folder / "checkpoint-before.safetensors", run_id
        self._what = f"checkpoint of {folder.name}"
        # A damaged one is never kept in place of a whole one.
        self._last_is_whole = True

    def save(self, arrays, **facts):
        """Write a checkpoint, whole or not at all, and keep the last; as `save_arrays`."""
        content = _content(arrays, self._run_id, self._what, facts)
        with replacing(self.path) as temporary:
            temporary.write_bytes(content)
            if self._last_is_whole and self.path.exists():
                os.replace(self.path, self._before)
        self._last_is_whole = True

    def load(self):
        """Return (arrays, facts) of the last whole checkpoint; None where there is none.

        Raises:
            VddError: all that there are are damaged, or one belongs to another run.
        """
        damage = None
        for path in (self.path, self._before):
            try:
                found = load_arrays(path, self._run_id, self._what)
            except FileNotFoundError:
                continue
            except DamagedFile as error:
                damage = damage or error
                self._last_is_whole = False
                continue
            if damage is not None:
                told = str(damage).rpartition(": delete")[0]
                _LOG.warning("%s: the stage goes on from the checkpoint before it.", told)
            return found
        if damage is not None:
            raise VddError(
                f"{str(damage).rpartition(': delete')[0]}, and there is no whole checkpoint before it: delete "
                "the stage's checkpoints and run again, which begins the stage anew."
            ) from damage
        return None

    def remove(self):
        """Remove them: the stage is done."""
        for path in (self.path, self._before):
            path.unlink(missing_ok=True)


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
    for variable in model.changing:
        yield f"memory/{variable.name}", variable
    for index, variable in enumerate(model.optimizer.variables):
        # Its name counts the models made before it in the same process.
        yield f"optimizer/{index}", variable


def _to_numpy(variable):
    import keras

    return keras.ops.convert_to_numpy(variable)

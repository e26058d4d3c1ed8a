"""Where a classifier may be kept; without Keras, so that a slip in a path costs no seconds."""

from pathlib import Path

from keras_vdd.errors import UsageError
from keras_vdd.files import try_writing
from keras_vdd.limits import limit_reached
from keras_vdd.tensors import File


def check_save(save: File | None) -> None:
    """See to it, before hours of training, that a classifier can be kept at a path; None is well too.

    Raises:
        UsageError: it does not end in `.keras`, is a folder, its folder does not exist or may not be written to.
    """
    if save is None:
        return
    path = Path(save)
    if path.suffix != ".keras":
        raise UsageError(f"save={save}: the name of a classifier's file must end in .keras")
    if path.is_dir():
        raise UsageError(
            f"save={save}: it is a folder; name a file in it, such as {path / 'classifier.keras'}"
        )
    folder = path.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"save={save}: the folder {folder} does not exist")
    try:
        try_writing(path)
    except OSError as error:
        limit = limit_reached(error)
        why = limit or f"the folder {folder} cannot be written to ({error.strerror}): name a file in another"
        raise UsageError(f"save={save}: {why}") from error

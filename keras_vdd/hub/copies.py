"""A plain copy of a distilled set, such as of one that lies in the cache of downloads."""

import os
import shutil
from pathlib import Path

from keras_vdd.errors import UsageError, VddError
from keras_vdd.files import replacing
from keras_vdd.hub.load import LoadedSet
from keras_vdd.limits import why_refused
from keras_vdd.published import schema as vdd
from keras_vdd.tensors import File


def copy_set(distilled: LoadedSet, folder: File) -> Path:
    """Copy the files of a set as they are to a folder that is not there yet, whole or not at all.

    Args:
        distilled: `LoadedSet`.
        folder: path of the folder to make.

    Returns:
        `pathlib.Path` of the folder.

    Raises:
        UsageError: there is something at that place.
        VddError: the disk refuses.
    """
    source, folder = Path(distilled.folder), Path(os.path.expanduser(folder))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already and is left as it is: name another folder.")
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with replacing(folder) as partial:
            (partial / vdd.DATA_FOLDER).mkdir(parents=True)
            sides = (source / name for name in vdd.SIDE_FILES)
            # Files of the cache are links to elsewhere; a copy holds the files themselves.
            for file in filter(Path.is_file, (*(source / vdd.DATA_FOLDER).iterdir(), *sides)):
                shutil.copyfile(file, partial / file.relative_to(source))
    except OSError as error:
        raise VddError(f"The set could not be copied to {folder}: {why_refused(error)}.") from error
    return folder

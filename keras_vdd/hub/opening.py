"""Folders that `datasets` cannot open, or not as videos: one sentence that says why, before its own words.

It looks for data files by the card, and finds none, or some of them, where a card or the names of files were changed.
"""

import inspect
import os
from pathlib import Path

from keras_vdd.errors import VddError
from keras_vdd.hub import schema as vdd
from keras_vdd.hub.damage import DamagedError, reason_of
from keras_vdd.hub.shards import read_text, shards_of

CHOSEN_BY_CALLER = ("name", "data_dir", "data_files", "config_kwargs")
"""Arguments of `load_dataset_builder` whose mistakes are the caller's, and told by `datasets`."""
TRACES = ".vdd."


def opening(method, name):
    """Return the library's `load_dataset_builder` with these sentences."""

    def load_dataset_builder(*args, **kwargs):
        asked = inspect.signature(method).bind(*args, **kwargs).arguments
        path = asked.get("path")
        ours = not any(asked.get(each) for each in CHOSEN_BY_CALLER) and _is_ours(path)
        try:
            builder = method(*args, **kwargs)
        except VddError:
            raise
        except Exception as error:
            if not ours:
                raise
            raise _sentence(path, reason_of(error)) from error
        if ours and (elsewhere := _outside(path, builder)):
            raise _sentence(path, f"it would read {elsewhere}, which is not in that folder")
        if ours and builder.__module__ == "datasets.packaged_modules.parquet.parquet":
            raise _sentence(path, "its data files do not have the names they were exported with")
        return builder

    return load_dataset_builder


def _is_ours(path):
    """Return whether a path is a folder in which something has the names of a distilled set."""
    try:
        folder = Path(path)
        if not folder.is_dir():
            return False
        data = folder / vdd.DATA_FOLDER
        if data.is_dir() and any(TRACES in file.name.lower() for file in data.iterdir()):
            return True
        return f"{vdd.SUFFIX}" in read_text(folder / vdd.CARD)
    except (OSError, TypeError, ValueError, VddError):
        return False


def _outside(path, builder):
    """Return a data file that is in another folder: signs such as [x] in a path are a pattern to `datasets`."""
    files = [str(file) for split in (builder.config.data_files or {}).values() for file in split]
    return next((file for file in files if not Path(file).is_relative_to(os.path.abspath(path))), None)


def _sentence(path, reason):
    try:
        shards_of(path)
    except OSError as error:
        reason = reason_of(error)
    except VddError as error:
        return error
    return DamagedError(
        f"datasets cannot open the distilled set {path}: {reason}; export or copy it again, or read it with "
        "keras_vdd.load.",
        reason,
    )

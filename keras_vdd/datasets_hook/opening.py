"""Folders that `datasets` cannot open, or not as videos: one sentence that says why, before its own words.

It looks for data files by the card, and finds none, or some of them, where a card or the names of files were changed.
"""

import contextlib
import inspect
import logging
import os
from pathlib import Path

from keras_vdd.errors import VddError
from keras_vdd.published import schema as vdd
from keras_vdd.published.damage import DamagedError, reason_of
from keras_vdd.published.shards import read_text, shards_of

CHOSEN_BY_CALLER = ("name", "data_dir", "data_files", "config_kwargs")
"""Arguments of `load_dataset_builder` whose mistakes are the caller's, and told by `datasets`."""
TRACES = ".vdd."
_LOG = logging.getLogger(__name__)


def opening(method, name):
    """Return the library's `load_dataset_builder` with these sentences."""

    def load_dataset_builder(*args, **kwargs):
        asked = inspect.signature(method).bind(*args, **kwargs).arguments
        path, chosen = asked.get("path"), any(asked.get(each) for each in CHOSEN_BY_CALLER)
        ours = not chosen and _is_ours(path)
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
        if ours and not hasattr(builder, "READS_DISTILLED_SETS"):
            raise _sentence(path, "its card or the names of its files lead to files that hold no memories")
        if ours and (builder.config.columns is not None or builder.config.filters is not None):
            raise _sentence(path, "its card leaves out columns or rows")
        if not ours and not chosen and _are_memories(path, builder):
            _LOG.warning(
                "The files in %s are a distilled set's under other names, which load_dataset reads as plain memories: "
                "give them their names again, or make videos of what it returns by keras_vdd.as_videos.",
                path,
            )
        return builder

    return load_dataset_builder


def _is_ours(path):
    """Return whether a path is a folder in which something has the names of a distilled set."""
    try:
        folder = Path(path)
        if not folder.is_dir():
            return False
        with contextlib.suppress(OSError):
            if any(TRACES in file.name.lower() for file in (folder / vdd.DATA_FOLDER).iterdir()):
                return True
        return vdd.SUFFIX in read_text(folder / vdd.CARD)
    except (OSError, TypeError, ValueError, VddError):
        return False


def _are_memories(path, builder):
    """Return whether a folder without card and names of ours, which is read as plain parquet, has files of ours."""
    import pyarrow.parquet as pq

    try:
        if not Path(path).is_dir() or hasattr(builder, "READS_DISTILLED_SETS"):
            return False
        file = str(next(iter(builder.config.data_files.values()))[0])
        if not file.endswith(".parquet"):
            return False
        with open(file, "rb") as opened:
            return vdd.METADATA_KEY in (pq.read_schema(opened).metadata or {})
    # Whatever is wrong with somebody's files is for `datasets` to say.
    except Exception:
        return False


def _outside(path, builder):
    """Return a data file that is in another folder: signs such as [x] in a path are a pattern to `datasets`.

    `..` is taken away without a look at links, for the files of a folder may be links to elsewhere.
    """
    named = [str(file) for split in (builder.config.data_files or {}).values() for file in split]
    files = [file if "://" in file else os.path.normpath(file) for file in named]
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

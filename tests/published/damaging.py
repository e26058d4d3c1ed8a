"""Damaged exports of every sort, and a check that no way of loading one gives wrong videos without a word of ours.

Run by hand for many: `python -P tests/published/damaging.py FIRST LAST SCRATCH [SET...]`. A SET is the folder of an
exported one, or a case of `memory_cases` such as "still"; all of these where none is named. SCRATCH is an empty folder.
"""

import contextlib
import functools
import io
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import time
import traceback

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from published.damaged_files import ALL

SECONDS = 30


def run(first, last, scratch, folders):
    """Damage copies of sets by the numbers `first` to `last - 1`, each by one sort of damage and of one set in turn.

    Returns:
        (how often each outcome was, complaints, GiB of memory at most).
    """
    import datasets

    import keras_vdd

    counts, complaints, wholes = {}, [], {}
    for number in range(first, last):
        rng = np.random.default_rng(number)
        round_, sort = divmod(number, len(ALL))
        change, folder = ALL[sort], folders[(sort + round_) % len(folders)]
        other = scratch / f"other-{folder.name}"
        if folder not in wholes:
            whole = keras_vdd.load(folder)
            keras_vdd.export(whole, other, dtype="float16", overwrite=True)
            wholes[folder] = whole.reconstruct(), whole.labels_of(whole.pairs())
        truth = wholes[folder]
        damaged, cache = scratch / "damaged", scratch / "cache"
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(folder, damaged)
        if "bomb" in change.__name__:  # what making one takes is not to count
            in_child(change, rng, damaged, other)
        else:
            change(rng, damaged, other)
        for way in (load_whole, load_bare, load_stream):
            shutil.rmtree(cache, ignore_errors=True)
            started = time.monotonic()
            load = functools.partial(way, keras_vdd, datasets, damaged, cache)
            outcome = outcome_of(load, truth)
            counts[outcome.split(":")[0]] = counts.get(outcome.split(":")[0], 0) + 1
            if outcome.split(":")[0] not in ("right", "told") or time.monotonic() - started > SECONDS:
                complaints.append(f"{number} {folder.name} {change.__name__} {way.__name__}: {outcome}")
        peak = peak_gib()
        if peak > 1:
            complaints.append(f"{number} {folder.name} {change.__name__}: {peak:.2f} GiB")
            break
    return counts, complaints, peak


def in_child(change, *args):
    child = os.fork()
    if not child:
        try:
            change(*args)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def sets_of(names, scratch):
    """Return the folders of sets that are named by a folder or a case; those of cases are exported into `scratch`."""
    made = [name for name in names if not pathlib.Path(name).is_dir()]
    if made or not names:
        in_child(export_cases, made, scratch)  # what a backend takes is not to count
    named = [pathlib.Path(name) if name not in made else scratch / "sets" / name for name in names]
    return named or sorted((scratch / "sets").iterdir())


def export_cases(names, scratch):
    from memory_cases import CASES, as_set, filled, layer

    import keras_vdd

    (scratch / "sets").mkdir(exist_ok=True)
    for name in names or CASES:
        kind, options = CASES[name]
        made = as_set(filled(layer(kind, 12, 5, 8, **options)))
        keras_vdd.export(made, scratch / "sets" / name, overwrite=True)


def peak_gib():
    """The most memory that this process has had; what the system hands on from the parent of a process is not in it."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]) / 2**20


def outcome_of(load, truth):
    """Return "right", "told: sentence" or what is wrong."""
    from keras_vdd.errors import VddError

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        # `datasets` says on stderr that it prepares; what it says of an error is looked at in the error.
        with contextlib.redirect_stderr(io.StringIO()):
            videos, labels = load()
    except VddError as error:
        text = str(error)
        fits = "\n" not in text and text.endswith(".") and 20 < len(text) < 500
        return f"told: {text}" if fits else f"no sentence: {text[:600]!r}"
    except TimeoutError:
        return "hang"
    except Exception as error:
        return f"foreign {type(error).__name__}: {str(error)[:300]!r}"
    finally:
        signal.alarm(0)
    same = np.shape(videos) == truth[0].shape and np.array_equal(videos, truth[0])
    return "right" if same and np.array_equal(labels, truth[1]) else "WRONG"


def too_long(*args):
    raise TimeoutError


def load_whole(keras_vdd, datasets, folder, cache):
    return keras_vdd.load(folder).videos()


def load_bare(keras_vdd, datasets, folder, cache):
    rows = datasets.load_dataset(str(folder), split="train", cache_dir=str(cache))
    return np.stack(rows[:]["video"]), rows[:]["label"]


def load_stream(keras_vdd, datasets, folder, cache):
    rows = list(datasets.load_dataset(str(folder), split="train", streaming=True))
    return np.stack([row["video"] for row in rows]), [row["label"] for row in rows]


if __name__ == "__main__":
    numbers, place = map(int, sys.argv[1:3]), pathlib.Path(sys.argv[3])
    found, wrong, most = run(*numbers, place, sets_of(sys.argv[4:], place))
    print(json.dumps({"counts": found, "complaints": wrong, "GiB": round(most, 3)}, indent=1))

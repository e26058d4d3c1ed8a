"""Runs every operation in one process, with keras_vdd imported in some order or not at all."""

import importlib.util
import json
import sys
import traceback

from datasets_hook.operations.case import NONE, OPERATIONS, Case

for part in ("rows", "mapping", "formats", "keeping", "streams", "videos"):
    importlib.import_module(f"datasets_hook.operations.{part}")


def come(how):
    """Import in an order; return whether rows come as videos."""
    if how == "not installed":
        sys.modules["keras_vdd"] = None
    if how in ("before", "probed first"):
        import keras_vdd
    if how == "probed first":
        assert importlib.util.find_spec("datasets") is not None
    import datasets  # noqa: F401

    if how == "after":
        import keras_vdd  # noqa: F401
    return how in ("before", "after", "probed first")


def main(folder, truth, how):
    videos = come(how)
    case = Case(folder, truth, videos)
    # Those of libraries that are slow to import come last: until then they are not there.
    for libraries in (False, True)[: 1 + videos]:
        print(json.dumps(run(case, videos, how, libraries)))
    if not videos:
        print(json.dumps({"done": [], "wrong": []}))


def run(case, videos, how, libraries):
    """Run what needs a library of networks, or what needs none; return the names of those done and wrong."""
    done, wrong = [], []
    # Last, since keras_vdd stays once it is imported.
    for name in sorted(OPERATIONS, key="as_videos_after_a_late_import".__eq__):
        function, expected, needs, only = OPERATIONS[name]
        if only not in (None, "videos" if videos else "plain") or (
            needs == "keras_vdd" and how == "not installed"
        ):
            continue
        if (needs in ("torch", "tensorflow", "jax")) != libraries:
            continue
        if libraries and importlib.util.find_spec(needs) is None:
            continue
        try:
            rows = function(case)
            if expected is not NONE:
                case.check(rows, expected)
        except BaseException:
            wrong.append(name)
            traceback.print_exc(limit=-3, file=sys.stdout)
        done.append(name)
    return {"done": done, "wrong": wrong}


if __name__ == "__main__":
    main(*sys.argv[1:])

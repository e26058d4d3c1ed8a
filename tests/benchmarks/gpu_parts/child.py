"""One part in its process: `python -m gpu_parts.child MODULE LINES SIZE [ARGUMENT ...]`."""

import importlib
import pathlib
import sys

from gpu_parts.report import Report

ROOT = pathlib.Path(__file__).resolve().parents[3]


def find_recipes():
    """Let a bare checkout find `keras_vdd.recipes`, which an installed package maps to the folder `recipes`."""
    import keras_vdd

    if str(ROOT) not in keras_vdd.__path__:
        keras_vdd.__path__.append(str(ROOT))


if __name__ == "__main__":
    module, lines, size, *arguments = sys.argv[1:]
    find_recipes()
    importlib.import_module(module).main(Report(lines), size, *arguments)

"""The commands that are killed: every stage and every loss, in so small a form that a run takes some seconds."""

import pathlib
from typing import NamedTuple

from small_run import PARAMETRIC, SMALL, settings_of

ONE_ROW = "evaluation.compare=[random-stills]"


class Command(NamedTuple):
    """What is run, in a folder of its own, where all that it writes lies."""

    words: list[str]
    goes_on: bool = True
    """Whether it goes on where it was, and says so; else it is begun again."""
    repeats: bool = True
    """Whether it prints the same when it goes on; `prepare` says what it still had to do."""
    dated: tuple[str, ...] = ()
    """Files that hold the time at which they were made: that they are there is all that is compared."""


def commands(folder, backend):
    """Return {name: `Command`}; decoded videos that they share lie in `folder`, and the set that some take."""
    store, chosen = f"data.store={folder / 'stores'}", f"--backend={backend}"

    def of(verb, recipe, *more):
        kept = settings_of(recipe, pathlib.Path(), *more, store=folder / "stores")
        return Command([verb, chosen, "--recipe", recipe, *kept])

    quick, taken = [chosen, "--recipe", "quickstart", *SMALL], [str(folder / "set"), chosen]
    parametric = (*PARAMETRIC, "interpolator.folder=interpolators")
    return {
        "prepare": Command(
            ["prepare", *quick, "data.shapes.train_per_class=2", "data.store=stores"], repeats=False
        ),
        "DC, DM on static-dynamic": Command(["distill", *quick, ONE_ROW, store, "run.dir=runs"]),
        "MTT": of("distill", "mtt-shapes", "static=null"),
        "experts": of("experts", "mtt-shapes"),
        "FRePo": of("distill", "frepo-shapes", "static=null"),
        "DM on whole videos": of("distill", "dm-shapes-naive"),
        "DM on key frames": of("distill", "keyframes-shapes"),
        "herding": of("distill", "herding-shapes"),
        "interpolator": of("interpolator", "dm-shapes-naive", *parametric),
        "train": Command(["train", *taken, store, "--save", "mine.keras"], False, dated=("mine.keras",)),
        "evaluate": Command(["evaluate", *taken, store, "--json"], False),
        "export": Command(["export", *taken, "--to", "smaller", "--force"], False),
    }

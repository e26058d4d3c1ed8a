"""`vdd inspect`: what a distilled set, a run or a store holds."""

import json
from pathlib import Path

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example
from keras_vdd.cli.located import is_run, set_folder
from keras_vdd.errors import UsageError, VddError

ARRAYS = ("static", "dynamic", "video", "kernels", "biases", "labels")


@click.command("inspect", epilog=example("vdd inspect runs/quickstart --picture preview.png"))
@session.options
@click.argument("path", metavar="PATH")
@click.option("--picture", metavar="FILE.png", type=click.Path(dir_okay=False),
              help="Draw a line of frames of each class, of a distilled set or of a store.")
@session.json_option
def command(path, picture, as_json):
    """Say what a distilled set, a run folder or a decoded store holds."""
    if not Path(path).exists():
        raise VddError(f"{path} does not exist")
    if picture and Path(picture).suffix != ".png":
        raise UsageError(f"--picture {picture} must end in .png")
    stores = _stores(Path(path))
    if stores:
        facts = _of_stores(stores, picture)
    else:
        facts = (_of_run if is_run(path) else _of_set)(path, picture)
    if as_json:
        return output.emit_json(facts)
    output.emit_lines(facts)


def _stores(path):
    """Return the folders of decoded splits at or under a folder: a split, a set's store, or all stores."""
    from keras_vdd.data.store.reader import FRAMES_FILES, INDEX_FILE

    folders = (path, *sorted(path.glob("*")), *sorted(path.glob("*/*")))
    names = FRAMES_FILES.values()
    return [f for f in folders if (f / INDEX_FILE).is_file() and any((f / name).is_file() for name in names)]


def _of_stores(folders, picture):
    from keras_vdd.data.store import open_store
    from keras_vdd.data.store.summary import store_summary

    stores = {folder: open_store(folder) for folder in folders}
    facts = {"kind": "store", **{str(folder): store_summary(store) for folder, store in stores.items()}}
    if picture:
        from keras_vdd.report.contact_sheet import contact_sheet
        from keras_vdd.report.strips import save_png

        sets = sorted({str(folder.parent) for folder in folders})
        if len(sets) > 1:
            which = ", ".join(sets)
            raise UsageError(f"--picture draws one set, and here are {len(sets)}: give one of {which}")
        # The training split first: that is what one wants to see.
        order = sorted(stores.values(), key=lambda store: store.split != "train")
        save_png(contact_sheet(order), picture)
        facts["picture"] = picture
    return facts


def _of_run(path, picture):
    from keras_vdd.recipe.load import load_recipe

    folder = Path(path)
    recipe = load_recipe(folder / "recipe.yaml")
    facts = {"kind": "run", "recipe": recipe.name, "method": recipe.method, "set": recipe.data.set}
    facts["environment"] = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    if (folder / "distilled").is_dir():
        facts["distilled"] = _of_set(path, picture)
    elif picture:
        raise VddError(f"{path} has no distilled set to draw yet")
    return facts


def _of_set(path, picture):
    from keras_vdd.hub.load import load

    distilled = load(set_folder(path))
    arrays = {name: getattr(distilled, name) for name in ARRAYS}
    facts = {
        "kind": distilled.kind,
        "classes": list(distilled.class_names),
        "videos": len(distilled.pairs()),
        "frames": distilled.frames,
        "size": list(distilled.size),
        "shapes": {name: list(array.shape) for name, array in arrays.items() if array is not None},
        "dtype": distilled.dtype,
        "bytes": distilled.nbytes(distilled.dtype),
        "mean": list(distilled.mean),
        "std": list(distilled.std),
        "provenance": distilled.provenance,
    }
    if picture:
        from keras_vdd.hub.preview import save_png, set_grid

        save_png(set_grid(distilled), picture)
        facts["picture"] = picture
    return facts

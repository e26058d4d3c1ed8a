"""The quickstart in small, and what a run folder holds."""

import method_cases

from keras_vdd.recipe.load import load_recipe
from keras_vdd.sealed import read_json, write_json

SMALL = (
    "data.shapes.train_per_class=3",
    "data.shapes.test_per_class=2",
    "data.size=32",
    "run.checkpoint_every=2",
    "static.iterations=3",
    "static.width=8",
    "static.real_per_class=3",
    "dynamic.iterations=4",
    "dynamic.width=8",
    "dynamic.stem=8",
    "dynamic.real_per_class=3",
    "evaluation.width=8",
    "evaluation.stem=8",
    "evaluation.seeds=2",
    "evaluation.steps=3",
    "evaluation.batch_size=2",
    "evaluation.full_epochs=1",
)

# What a recipe has of these sections is made small.
SECTIONS = {
    "data": (
        "data.shapes.train_per_class=3",
        "data.shapes.test_per_class=2",
        "data.frames=4",
        "data.size=32",
    ),
    "run": ("run.checkpoint_every=2",),
    "static": ("static.iterations=2", "static.width=8", "static.real_per_class=3"),
    "dynamic": ("dynamic.iterations=4", "dynamic.width=8", "dynamic.stem=4"),
    "experts": ("experts.count=2", "experts.batch_size=12"),
    "coreset": ("coreset.feature_epochs=1",),
    "evaluation": (
        "evaluation.width=8",
        "evaluation.stem=4",
        "evaluation.seeds=1",
        "evaluation.steps=2",
        "evaluation.batch_size=8",
        "evaluation.full_epochs=1",
        "evaluation.compare=[]",
    ),
}


def settings_of(name, place, *more, store):
    """`KEY=VALUE` settings that make a packaged recipe small, its folders in `place`, on a given store."""
    recipe = load_recipe(name)
    small = [
        text for section in SECTIONS if getattr(recipe, section) is not None for text in SECTIONS[section]
    ]
    if recipe.experts is not None or any("experts" in text for text in more):
        small.append(f"experts.folder={place / 'experts'}")
    small += method_cases.small(recipe.dynamic.loss) if recipe.dynamic else ()
    return [*small, f"run.dir={place / 'runs'}", f"data.store={store}", *more]


def small_of(name, place, *more, store):
    """A packaged recipe made small, as `settings_of` says."""
    return load_recipe(name, settings_of(name, place, *more, store=store))


# A small run whose frames are made by an interpolator that is trained in no time.
PARAMETRIC = (
    "memory.stored_frames=2", "memory.interpolation=parametric", "interpolator.iterations=6",
    "interpolator.batch_size=4", "interpolator.patch=16", "interpolator.width=16", "interpolator.depth=1",
)  # fmt: skip


def overrides(place, *more, store=None):
    """Settings of a small run whose folder and store lie in `place`, unless another store is given."""
    return [*SMALL, f"run.dir={place / 'runs'}", f"data.store={store or place / 'stores'}", *more]


def small(place, *more, store=None):
    return load_recipe("quickstart", overrides(place, *more, store=store))


def rewritten(path, **changes):
    """Write a sealed JSON file with other values, as a run that had those would have."""
    write_json(path, {**read_json(path), **changes}, indent=2)


def contents(folder, *places):
    """What a run left, by path: bytes without the `places` that they name. How long it took is not part of it.

    Nor are, in environment.json, the folder that the run was begun in, the checksum of recipe.yaml, which names places,
    and its own.
    """
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in ("lock", "times.jsonl")):
        content = path.read_bytes()
        if path.name == "environment.json":
            of_places = (b'"begun_in": ', b'"recipe_text": ', b'"checksum": ')
            lines = content.split(b"\n")
            content = b"\n".join(line for line in lines if not line.strip().startswith(of_places))
        for place in places:
            content = content.replace(str(place).encode(), b"")
        found[path.relative_to(folder).as_posix()] = content
    return found

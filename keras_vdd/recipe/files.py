"""Recipes given by name or by file, and what `extends:` makes of a file."""

import os
from pathlib import Path

from keras_vdd.errors import UsageError
from keras_vdd.recipe import layers
from keras_vdd.recipe.compose import composed, files_of
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.names import known, unknown
from keras_vdd.recipe.renamed import renamed
from keras_vdd.recipe.yaml_text import read
from keras_vdd.settings import in_short

# Far above what recipes need: how many extend each other in a row, and how many one extends.
_MOST = 32


def values_of(name_or_path, beside=None, seen=(), source=None, kept=None):
    """Return (name, settings) of a recipe given by name, or by the path of a YAML file, over what it extends.

    Args:
        name_or_path: name of a recipe of the package, or path of a file.
        beside: folder that a relative path is tried against first: that of the file that extends it.
        seen: files that extend this one, which it may not extend in turn; `source` names the last in errors.
        kept: dict of what was read on the way: a file that several extend is read once.

    Raises:
        UsageError: there is no such recipe, its file is not YAML, or it extends itself or too many.
    """
    text = str(name_or_path)
    if text in known():
        return text, composed(text)
    path = _path(text, beside)
    identity = str(path.resolve())
    if identity in seen:
        raise UsageError(f"{source}: extends goes round in a circle through {text}")
    if len(seen) == _MOST:
        raise UsageError(f"{source}: more than {_MOST} recipes extend each other in a row")
    kept = {} if kept is None else kept
    if identity not in kept:
        kept[identity] = extended(read(path), str(path), path.parent, (*seen, identity), kept)
    return path.stem, kept[identity]


def _path(text, beside):
    if not (text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text):
        raise UsageError(unknown(text))
    if "\0" in text:
        raise UsageError(f"recipe file {in_short(text)} is no file's name: it holds a zero byte")
    places = [Path(beside, text)] if beside is not None else []
    for path in [*places, Path(os.path.expanduser(text))]:
        try:
            if path.is_file():
                return path
            folder = path.is_dir()
        except (OSError, ValueError) as error:  # a name too long, a zero byte in it
            why = getattr(error, "strerror", None) or error
            raise UsageError(f"recipe file {in_short(text)} is no file's name: {why}") from None
        if folder:
            raise UsageError(
                f"{text} is a folder; a recipe is a file, such as {text.rstrip('/')}/recipe.yaml"
            )
    raise UsageError(f"recipe file {text} does not exist")


def extended(values, source, beside=None, seen=(), kept=None):
    """Return `values` laid over all that its `extends:` names: one recipe, or a list of which later ones win.

    A recipe inherits every setting but `name` and `summary`. A chain that comes back to itself is refused.
    """
    try:
        values = renamed(dict(values))
    except ValueError as error:
        raise UsageError(f"recipe {source}: {error}") from None
    parents = values.pop("extends", None)
    parents = parents if isinstance(parents, list) else [] if parents is None else [parents]
    if len(parents) > _MOST:
        raise UsageError(f"{source}: extends names {len(parents):,} recipes, more than {_MOST}")
    base = {}
    for parent in parents:
        base = merged(base, _inherited(parent, source, beside, seen, kept))
    return merged(base, values)


def _inherited(parent, source, beside, seen, kept):
    if not isinstance(parent, str):
        raise UsageError(
            f"{source}: extends={in_short(parent)} must be a recipe, by name or path, or a list of such"
        )
    _, base = values_of(parent, beside, seen, source, kept)
    return {key: value for key, value in base.items() if key not in ("name", "summary")}


def sources(name_or_path: str | Path) -> list[tuple[str, str]]:
    """Return (file, text) of what a recipe of the package is laid together from, lowest first, or of the one
    file that was named."""
    text = str(name_or_path)
    if text in known():
        files = dict.fromkeys(each for file in files_of(text) for each in layers.with_parents(file))
        return [(f"recipes/{file}.yaml", layers.text(file)) for file in files]
    return [(text, _path(text, None).read_text(encoding="utf-8"))]

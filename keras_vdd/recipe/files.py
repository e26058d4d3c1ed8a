"""Recipe files: where they are found and what `extends:` makes of them."""

from importlib import resources
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from keras_vdd.errors import UsageError
from keras_vdd.recipe.merging import merged
from keras_vdd.registry import nearest


def parse_yaml(text):
    """Return the plain value of YAML 1.2 text (where 1e4 is a number); no object is ever built from it."""
    return YAML(typ="safe", pure=True).load(text)


def packaged(bases=False):
    """Return {name: file} of the recipes that come with the package.

    Names that begin with an underscore are only there to be extended; `bases=True` has them too.
    """
    folder = resources.files("keras_vdd.recipes")
    found = {file.name.removesuffix(".yaml"): file for file in folder.iterdir() if file.name[-5:] == ".yaml"}
    return {name: found[name] for name in sorted(found) if bases or not name.startswith("_")}


def find(name_or_path, beside=None, bases=False):
    """Return (name, file) of a recipe given by name, or by the path of a YAML file.

    `beside` is the folder that a relative path is tried against first: that of the file that extends it.
    """
    text = str(name_or_path)
    known = packaged(bases)
    if text in known:
        return text, known[text]
    if not (text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text):
        close = nearest(text, known)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise UsageError(f"unknown recipe {text}{hint} (see `vdd recipes list`; a file ends in .yaml)")
    places = [Path(beside, text)] if beside is not None else []
    for path in [*places, Path(text).expanduser()]:
        if path.is_file():
            return path.stem, path
        if path.is_dir():
            raise UsageError(
                f"{text} is a folder; a recipe is a file, such as {text.rstrip('/')}/recipe.yaml"
            )
    raise UsageError(f"recipe file {text} does not exist")


def read(file):
    """Return the mapping of one recipe file, as written."""
    try:
        return as_mapping(file.read_bytes().decode(), str(file))
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not a text file") from None
    except OSError as error:
        raise UsageError(f"cannot read recipe {file}: {error.strerror}") from None


def as_mapping(text, source):
    """Return the mapping that YAML text holds; `source` names it in errors."""
    try:
        values = parse_yaml(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{source}{where}: not valid YAML ({error.problem or error.context})") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{source}: not valid YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise UsageError(f"{source} must hold `key: value` lines; `vdd recipes show quickstart` prints such")
    return values


def extended(values, source, beside=None, seen=()):
    """Return `values` laid over all that its `extends:` names: one recipe, or a list of which later ones win.

    A recipe inherits every setting but `name` and `summary`. A chain that comes back to itself is refused.
    """
    values = dict(values)
    parents = values.pop("extends", None)
    parents = parents if isinstance(parents, list) else [] if parents is None else [parents]
    base = {}
    for parent in parents:
        base = merged(base, _inherited(parent, source, beside, seen))
    return merged(base, values)


def _inherited(parent, source, beside, seen):
    if not isinstance(parent, str):
        raise UsageError(f"{source}: extends={parent!r} must be a recipe, by name or path, or a list of such")
    name, file = find(parent, beside, bases=True)
    identity = str(file.resolve() if isinstance(file, Path) else file)
    if identity in seen:
        raise UsageError(f"{source}: extends goes round in a circle through {parent}")
    folder = file.parent if isinstance(file, Path) else None
    base = extended(read(file), str(file), folder, (*seen, identity))
    return {key: value for key, value in base.items() if key not in ("name", "summary")}

"""Settings laid over a recipe: `KEY=VALUE` texts, as on the command line, or values by dotted key, as in Python."""

import functools
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ruamel.yaml.error import YAMLError

from keras_vdd.recipe.keys import known_keys, unknown_key
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.renamed import RENAMED, both, renamed
from keras_vdd.recipe.yaml_text import parse_yaml
from keras_vdd.settings import in_short
from keras_vdd.text import as_text

Overrides = str | Iterable[str] | Mapping[str, Any]


def parse(text: str, recipe: str = "quickstart") -> tuple[str, Any]:
    """Return (dotted key, value) of one `KEY=VALUE`.

    Values are YAML, except that a text setting takes the characters as they are, so that a path with a
    colon or a name made of digits needs no quoting, and `~/` at its start is the home folder. Lists may be
    written `[a,b]` or `a,b`; `null` unsets. `recipe` is the one that hints name.

    Raises:
        ValueError: with one sentence that says what is wrong.
    """
    if not isinstance(text, str):
        raise ValueError(
            f"{in_short(repr(text))} is not KEY=VALUE, such as data.root=videos, without a space"
        )
    key, equals, raw = text.partition("=")
    key, raw = _todays(key.strip()), raw.strip()
    if not equals or not key:
        raise ValueError(
            f"{in_short(repr(text))} is not KEY=VALUE, such as data.root=videos, without a space"
        )
    kind = known_keys().get(key)
    if kind is None:
        raise ValueError(unknown_key(key, recipe))
    if raw in ("", "null", "~"):
        return key, None
    if kind == "text" and not (raw[0] == raw[-1] and raw[0] in "'\""):
        return key, os.path.expanduser(raw) if raw.startswith("~/") else raw
    bare = not raw.startswith("[")
    if bare and (kind == "list" or (kind == "list or word" and "," in raw)):
        raw = f"[{raw}]"
    try:
        return key, parse_yaml(as_text(raw))
    except (YAMLError, ValueError):
        raise ValueError(f"{key}={in_short(raw)} is not valid YAML; lists are written [a,b]") from None


def plain(value: Any) -> Any:
    """Return a value given in Python as YAML would: paths as text, tuples as lists, dotted keys as sections."""
    if isinstance(value, Mapping):
        result: dict[Any, Any] = {}
        for key, inner in value.items():
            result = merged(result, _section(key, plain(inner)))
        return result
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    # numpy's numbers are no numbers to a strict schema.
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def as_texts(overrides: Overrides) -> list[str]:
    """Return overrides as `KEY=VALUE` texts, as a command line has them."""
    if not isinstance(overrides, Mapping):
        return [overrides] if isinstance(overrides, str) else list(overrides)
    values = {key: plain(value) for key, value in overrides.items()}
    return [f"{key}={v if isinstance(v, str) else json.dumps(v)}" for key, v in values.items()]


def apply(
    values: dict[str, Any], overrides: Overrides, recipe: str = "quickstart"
) -> tuple[dict[str, Any], list[str]]:
    """Return `values` with the overrides laid over them in order, and the sentences for those that failed.

    `recipe` is the one that hints name: the user's own where it can be shown.
    """
    if isinstance(overrides, Mapping):
        readings = [functools.partial(_of_python, key, value, recipe) for key, value in overrides.items()]
        names = {str(key) for key in overrides}
    else:
        texts = as_texts(overrides)
        readings = [functools.partial(parse, text, recipe) for text in texts]
        names = {str(text).partition("=")[0].strip() for text in texts}
    wrong = [both(old) for old, new in RENAMED.items() if {old, new} <= names]
    for read in readings:
        try:
            values = merged(values, renamed(_section(*read())))
        except ValueError as error:
            wrong.append(str(error))
    return values, wrong


def _todays(key):
    return RENAMED.get(key, key)


def _of_python(key, value, recipe):
    key = _todays(key) if isinstance(key, str) else key
    kind = known_keys().get(key) if isinstance(key, str) else None
    if kind is None:
        raise ValueError(unknown_key(str(key), recipe))
    value = plain(value)
    # As after KEY=: whoever writes a setting here may mean the home folder.
    return key, os.path.expanduser(value) if kind == "text" and str(value).startswith("~/") else value


def _section(key, value):
    for part in reversed(key.split(".")) if isinstance(key, str) else [key]:
        value = {part: value}
    return value

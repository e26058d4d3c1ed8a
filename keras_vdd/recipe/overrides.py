"""`KEY=VALUE` settings given on the command line, laid over a recipe."""

import os

from ruamel.yaml.error import YAMLError

from keras_vdd.recipe.keys import known_keys, unknown_key
from keras_vdd.recipe.merging import merged
from keras_vdd.recipe.yaml_text import parse_yaml


def parse(text):
    """Return (dotted key, value) of one `KEY=VALUE`.

    Values are YAML, except that a text setting takes the characters as they are, so that a path with a
    colon or a name made of digits needs no quoting, and `~/` at its start is the home folder. Lists may be
    written `[a,b]` or `a,b`; `null` unsets.

    Raises:
        ValueError: with one sentence that says what is wrong.
    """
    key, equals, raw = text.partition("=")
    key, raw = key.strip(), raw.strip()
    if not equals or not key:
        raise ValueError(f"{text!r} is not KEY=VALUE, such as data.root=videos")
    kind = known_keys().get(key)
    if kind is None:
        raise ValueError(unknown_key(key))
    if raw in ("", "null", "~"):
        return key, None
    if kind == "text" and not (raw[0] == raw[-1] and raw[0] in "'\""):
        return key, os.path.expanduser(raw) if raw.startswith("~/") else raw
    bare = not raw.startswith("[")
    if bare and (kind == "list" or (kind == "list or word" and "," in raw)):
        raw = f"[{raw}]"
    try:
        return key, parse_yaml(raw)
    except (YAMLError, ValueError, RecursionError):
        raise ValueError(f"{key}={raw} is not valid YAML; lists are written [a,b]") from None


def apply(values, overrides):
    """Return `values` with the overrides laid over them in order, and the sentences for those that failed."""
    wrong = []
    for text in overrides:
        try:
            key, value = parse(text)
        except ValueError as error:
            wrong.append(str(error))
            continue
        for part in reversed(key.split(".")):
            value = {part: value}
        values = merged(values, value)
    return values, wrong

"""The dotted names a recipe may use, read off the schema, and the nearest one to a mistake."""

import shlex
import types
import typing
from functools import cache

from pydantic import BaseModel

from keras_vdd.memory import MEMORIES, MemorySettings
from keras_vdd.methods import METHODS, LearningRates, MatchingSettings
from keras_vdd.recipe.schema import Recipe
from keras_vdd.registry import nearest
from keras_vdd.settings import in_short


def _parts(annotation):
    """Yield the plain types and literals inside an annotation."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _parts(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation


def _sections(annotation):
    """The sections that a field may hold: several where one of its own settings decides which."""
    found = [p for p in _parts(annotation) if isinstance(p, type) and issubclass(p, BaseModel)]
    if found == [MatchingSettings]:
        return [method.settings for method in METHODS]
    if found == [MemorySettings]:
        return [memory.settings for memory in MEMORIES]
    return found


def _kind(annotation):
    parts = [part for part in _parts(annotation) if part is not type(None)]
    if any(typing.get_origin(part) is tuple for part in parts):
        return "list or word" if len(parts) > 1 else "list"
    if all(part is str or typing.get_origin(part) is typing.Literal for part in parts):
        return "text"
    return "value"


def known_keys():
    """Return {dotted name: kind}, kind one of section, text, value, list, "list or word"."""
    return _keys((*METHODS.names(), *MEMORIES.names()))


@cache
def _keys(choices):
    # Losses and memories are what the answer depends on: one may be registered after it was first asked for.
    found = {}
    for key, field in _fields(Recipe, ""):
        whole = field is not None and _sections(field.annotation)
        found[key] = "section" if whole else "value" if field is None else _kind(field.annotation)
    return found


def _fields(model, prefix):
    """Yield (dotted name, field) of all below a section; the field is None for a rate of what a memory learns."""
    if issubclass(model, LearningRates):
        yield from ((prefix + part, None) for part in LearningRates.of_memories())
    for name, field in model.model_fields.items():
        yield prefix + name, field
        for section in _sections(field.annotation):
            yield from _fields(section, f"{prefix}{name}.")


def words_of(key):
    """Return the words that a setting takes, in the schema's order; none of one that takes numbers, paths or lists."""
    found = {}
    for name, field in _fields(Recipe, ""):
        if name == key and field is not None:
            found.update(dict.fromkeys(_words(field)))
    return list(found)


def _words(field):
    for part in _parts(field.annotation):
        if typing.get_origin(part) is typing.Literal:
            yield from typing.get_args(part)
        elif part is bool:
            yield from ("true", "false")
    for check in field.metadata:
        if names := getattr(getattr(check, "func", None), "names", None):
            yield from names()


def unknown_key(key, recipe="quickstart"):
    """Return the sentence for a dotted name that the schema does not have, with the nearest one it has.

    Args:
        key: str, the dotted name.
        recipe: str, one that `vdd recipes show` prints every name of.
    """
    known, key = known_keys(), in_short(key)
    section, _, leaf = key.rpartition(".")
    by_leaf = {}
    for name in known:
        by_leaf.setdefault(name.rpartition(".")[2], []).append(name)
    siblings = [name for name in known if name.rpartition(".")[0] == section]
    close = (
        nearest(key.lower(), known, cutoff=0.85)
        or by_leaf.get(leaf)
        or nearest(key, siblings if section in known else [])
        or [name for near in nearest(leaf, by_leaf) for name in by_leaf[near]]
    )
    if close:
        return f"unknown key {key}; did you mean {' or '.join(close)}?"
    if section in known and siblings:
        return f"unknown key {key}; {section} has {', '.join(n.rpartition('.')[2] for n in siblings)}"
    return f"unknown key {key}; `vdd recipes show {shlex.quote(recipe)}` prints every key"

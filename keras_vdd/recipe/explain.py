"""Turn what pydantic found wrong into sentences that name the key, the value and what would be right."""

import re

from keras_vdd.methods import METHODS
from keras_vdd.recipe.keys import known_keys, unknown_key
from keras_vdd.recipe.schema import DYNAMIC_LOSS, MEMORY_KIND
from keras_vdd.registry import must_be_one_of
from keras_vdd.settings import in_short
from keras_vdd.text import counted

_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
}

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text (write numbers that are names in quotes)",
    "string_unicode": "text of UTF-8",
    "string_too_short": "more than nothing",
    "string_pattern_mismatch": "made of at most 100 letters, digits, dots, dashes and underscores",
    "tuple_type": "a list",
    "model_type": "a section of settings",
    "dict_type": "a section of settings",
    "model_attributes_type": "a section of settings",
}


# Of what is wrong, so many are told.
_MOST = 20


def _key(location):
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _sentences(error, values):
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    key = _key(error["loc"])
    shown = f"{key}={in_short(value)}"
    if kind == "extra_forbidden" and key in known_keys():
        section, _, name = key.rpartition(".")
        why = _reason(section, name, values)
        return [f"{_chosen(section, values)} has no setting {name}{why}; remove {key}"]
    if kind == "extra_forbidden":
        return [unknown_key(key)]
    if kind == "union_tag_invalid":
        key, value = f"{key}.{context['discriminator']}", context["tag"]
        return [_choice(f"{key}={value}", value, context["expected_tags"])]
    if kind == "missing":
        return [f"{key} is missing"]
    if kind == "too_long":
        return [f"{key} must have {counted(context['max_length'], 'value')}, not {context['actual_length']}"]
    if kind == "invalid_key":
        return [f"the name {in_short(value)} in {_key(error['loc'][:-1]) or 'the recipe'} must be text"]
    if value is None and kind != "value_error":
        return [f"{key} cannot be null"]
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return [f"{shown} must be {words} {context[name]}"]
    if kind in _KINDS and isinstance(value, str) and re.fullmatch(r"[-+.\de]+|true|false", value):
        return [f"{key}={value!r} must be {_KINDS[kind]}, without quotes"]
    if kind in _KINDS:
        return [f"{shown} must be {_KINDS[kind]}"]
    if kind == "literal_error":
        return [_choice(shown, value, context["expected"].replace(" or ", ", "))]
    if kind == "value_error":
        text = str(context["error"])
        return [f"{shown} {text}"] if text.startswith("must ") else text.splitlines()
    return [f"{shown}: {error['msg']}"]


def _chosen(section, values):
    """What a section chooses: settings that are known and not there belong to other choices."""
    setting, default = {"dynamic": ("loss", DYNAMIC_LOSS), "memory": ("kind", MEMORY_KIND)}[section]
    return f"{section}.{setting}={values[section].get(setting, default)}"


def _reason(section, name, values):
    """Why a loss lacks a setting, where it says so."""
    loss = METHODS.get(values[section].get("loss", DYNAMIC_LOSS)) if section == "dynamic" else None
    why = loss.settings.without.get(name) if loss else None
    return f", for {why}" if why else ""


def _choice(shown, value, expected):
    return f"{shown} {must_be_one_of(in_short(value), expected.replace(chr(39), '').split(', '))}"


def sentences(error, values):
    """Return one sentence for each of the first things wrong in a `pydantic.ValidationError`, in the schema's order.

    `values` are those that were checked.
    """
    wrong = error.errors()
    found = dict.fromkeys(sentence for item in wrong[:_MOST] for sentence in _sentences(item, values))
    more = len(wrong) - _MOST
    return (
        [*found, f"{counted(more, 'more setting is', 'more settings are')} wrong"] if more > 0 else [*found]
    )

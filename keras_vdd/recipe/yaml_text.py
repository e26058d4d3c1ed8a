"""YAML 1.2 in and out: text to plain values, never to objects; values to text that every reader takes alike."""

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.representer import SafeRepresenter

from keras_vdd.errors import UsageError


def parse_yaml(text):
    """Return the plain value of YAML 1.2 text (where 1e4 is a number); no object is ever built from it."""
    return YAML(typ="safe", pure=True).load(text)


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


class _Representer(SafeRepresenter):
    """Sections in blocks, lists on one line, floats in a form that YAML 1.1 readers take for numbers too."""


def _represent_list(representer, values):
    return representer.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


def _represent_float(representer, value):
    mantissa, e, exponent = repr(value).partition("e")
    mantissa += "" if "." in mantissa else ".0"
    return representer.represent_scalar("tag:yaml.org,2002:float", f"{mantissa}{e}{exponent}")


def _represent_text(representer, value):
    # Written as they are, these would be read as the ends of lines.
    style = '"' if set(value) & {"\x85", "\u2028", "\u2029"} else None
    return representer.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Representer.add_representer(str, _represent_text)
_Representer.add_representer(list, _represent_list)
_Representer.add_representer(float, _represent_float)


def as_yaml(values: dict[str, Any]) -> str:
    """Return a mapping of plain values as YAML text, in its order; equal mappings give equal bytes."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.sort_base_mapping_type_on_output = False
    yaml.default_flow_style = False
    yaml.Representer = _Representer
    yaml.width = 10_000
    text = io.StringIO()
    yaml.dump(values, text)
    return text.getvalue()

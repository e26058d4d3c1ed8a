"""YAML 1.2 in and out: text to plain values, never to objects; values to text that every reader takes alike."""

import io
import warnings
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.representer import SafeRepresenter

from keras_vdd.errors import UsageError

# Far above what settings need, the names of a thousand classes among them; what is above would take long to read.
LONGEST = 64 * 1024
_DEEPEST = 32
_MOST_VALUES = 10_000
# Letters of what the parser says, in which tags and names stand whole.
_LONGEST_REASON = 300


class _Constructor(SafeConstructor):
    """Looks at how much a document holds before anything is made of it: an alias is written once and stands for
    all that it names, so that a few lines can hold more values than memory does."""

    def construct_document(self, node: Any) -> Any:
        _counted(node, {}, ())
        return super().construct_document(node)


def parse_yaml(text):
    """Return the plain value of YAML 1.2 text (where 1e4 is a number); no object is ever built from it.

    Raises:
        ValueError: it is no YAML, or more than a recipe ever holds; a `MarkedYAMLError` says where.
    """
    if len(text) > LONGEST:
        raise ValueError(f"it has more than {LONGEST // 1024} KiB")
    # The parser takes a time that grows with the square of open brackets.
    if _brackets(text) > _DEEPEST:
        raise ValueError(f"brackets are nested more than {_DEEPEST} deep")
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    try:
        with warnings.catch_warnings():
            # YAML 1.2 lets a name be given again; it stands for what it was given to last.
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            return yaml.load(text)
    except MarkedYAMLError:
        raise
    except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
        # What the parser makes of `!!bool maybe` and its like.
        raise ValueError(f"a value is not of the kind that its tag says: {error}") from None
    except RecursionError:
        raise ValueError(f"it is nested more than {_DEEPEST} deep") from None


def _brackets(text):
    """How deep brackets are open at most, those in quotes among them."""
    deepest = depth = 0
    for letter in text:
        if letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _counted(node, known, above):
    """Return how many values a node holds, aliases counted as what they name; refuse too many, and those in a
    circle."""
    if id(node) in above:
        raise ValueError("an alias stands for a value that it is in itself")
    if len(above) > _DEEPEST:
        raise ValueError(f"it is nested more than {_DEEPEST} deep")
    if id(node) not in known:
        inside = node.value if isinstance(node.value, list) else []
        parts = [part for item in inside for part in (item if isinstance(item, tuple) else (item,))]
        known[id(node)] = 1 + sum(_counted(part, known, (*above, id(node))) for part in parts)
    if known[id(node)] > _MOST_VALUES:
        raise ValueError(f"it holds more than {_MOST_VALUES} values")
    return known[id(node)]


def read(file):
    """Return the mapping of one recipe file, as written."""
    return as_mapping(text_of(file), str(file))


def text_of(file):
    """Return the text of one recipe file."""
    try:
        with file.open("rb") as opened:
            # One byte more tells that there are too many; the rest of such a file is not read.
            return opened.read(LONGEST + 1).decode()
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
        reason = (error.problem or error.context or "")[:_LONGEST_REASON]
        raise UsageError(f"{source}{where}: not valid YAML ({reason})") from None
    except (YAMLError, ValueError) as error:
        raise UsageError(
            f"{source}: not valid YAML ({(str(error).splitlines() or ['no reason given'])[0][:_LONGEST_REASON]})"
        ) from None
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

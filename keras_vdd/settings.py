"""The kinds of values that recipe settings hold, and what all sections of settings have in common."""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WrapValidator,
)

from keras_vdd.registry import must_be_one_of
from keras_vdd.text import as_text, printable

_DEVICES = ("auto", "cpu", "gpu", "cuda", "mps")


def whole(value: Any) -> Any:
    """Let a whole number be written as 1e4; refuse booleans, which Python counts as integers."""
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # What no machine counts to; arithmetic with larger ones fails in ways of its own.
    if isinstance(value, int) and value >= 2**63:
        raise ValueError(f"must be below {2**63}")
    return value


def real(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


def listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def class_names(value: Any) -> Any:
    if value in ("all", "present"):
        return value
    if isinstance(value, list | tuple) and all(isinstance(name, str) and name for name in value):
        return tuple(map(as_text, value))
    raise ValueError("must be all, present or a list of class names (quote names that look like numbers)")


def in_short(value: Any) -> str:
    """Return a value as sentences show it: its start where it is long, escaped where it cannot be shown."""
    try:
        text = printable(value)
    except ValueError:
        return "a number of thousands of digits"
    except RecursionError:
        return "a value nested too deep to show"
    return text if len(text) <= 80 else f"{text[:77]}..."


def place(value: Any, checked: Callable[[Any], str]) -> str:
    """Let a path hold what names of files do, bytes that are not UTF-8, which the check of texts refuses."""
    if isinstance(value, str) and "\0" in value:
        raise ValueError("must not hold a zero byte")
    if isinstance(value, str) and as_text(value) != value:
        return value
    return checked(value)


def one_of(names: Callable[[], Iterable[str]]) -> AfterValidator:
    """Return the check of a setting that names one of what is registered when a recipe is read."""

    def known(value: str) -> str:
        choices = list(names())
        if value not in choices:
            raise ValueError(must_be_one_of(value, choices))
        return value

    # For those that ask what there is to choose from.
    known.names = names  # type: ignore[attr-defined]
    return AfterValidator(known)


def device_name(value: str) -> str:
    if value in _DEVICES or re.fullmatch(r"cuda:(0|[1-9]\d{0,2})", value):
        return value
    close = difflib.get_close_matches(value.lower(), [*_DEVICES, "cuda:0"], n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ValueError(f"must be one of {', '.join(_DEVICES)} or cuda:N, N being a number from 0{hint}")


Whole = Annotated[int, BeforeValidator(whole)]
Real = Annotated[float, BeforeValidator(real), Field(allow_inf_nan=False)]
Positive = Annotated[Whole, Field(ge=1)]
# Networks compute in float32, in which what is smaller is 0 and what is larger is infinite.
Rate = Annotated[Real, Field(ge=0, le=3e38)]
Above0 = Annotated[Real, Field(gt=0), Field(ge=1e-38, le=3e38)]
Fraction = Annotated[Real, Field(ge=0, lt=1)]
Name = Annotated[str, Field(min_length=1)]
Place = Annotated[Name, WrapValidator(place), PlainSerializer(lambda value: value)]
FolderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
DeviceName = Annotated[str, AfterValidator(device_name)]


class Settings(BaseModel):
    """A section of a recipe: immutable, strict about types, closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

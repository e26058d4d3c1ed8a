"""Text that says itself whether it is whole and whose it is: JSON with a checksum, and a run's mark, inside.

Whatever a step writes and a later step reads is sealed, or has its checksum in something that is. JSON files are
written by `write_json` and read by `read_json`; arrays by `keras_vdd.learning.checkpoint`, whose facts are sealed.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from keras_vdd.files import NO_FILE, checksum, read_whole, write_atomically
from keras_vdd.tensors import File

CHECKSUM, RUN = "checksum", "run_id"
_SEAL = re.compile(r',\s*"checksum": "([0-9a-f]{32})"\s*}\s*\Z')
# Either half of a seal: one damaged byte cannot take both away and leave what looks like a file that has none.
_TRACE = re.compile(r'"checksum"|"[0-9a-f]{32}"\s*}\s*\Z')
_LONGEST_SEAL = 200


class Damaged(ValueError):
    """What is wrong with a sealed text, as the middle of a sentence."""


class OfAnotherRun(Damaged):
    """It is whole, and belongs to another run."""

    def __init__(self) -> None:
        super().__init__("it belongs to another run")


def seal(values: Mapping[str, Any], run_id: str | None = None, indent: int | None = None) -> str:
    """Return a mapping as the text of a JSON object whose last member is a checksum of what stands before it.

    Args:
        values: plain JSON values, at least one, without "checksum" and "run_id".
        run_id: str, mark of the run that it belongs to; None where it belongs to none.
        indent: as `json.dumps` takes it.
    """
    if run_id is not None:
        values = {**values, RUN: run_id}
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    between, end = (", ", "}") if indent is None else (",\n" + " " * indent, "\n}\n")
    return "".join(sealed([text[:-1].rstrip()], between, end))


def sealed(pieces: Iterable[str], between: str = ", ", end: str = "}") -> Iterator[str]:
    """Yield the text of a JSON object piece by piece, for one too large for memory, and then its seal.

    Args:
        pieces: its text without the brace that closes it.
        between: str, what goes before the last member.
        end: str, what goes behind it.
    """
    digest = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        digest.update(piece.encode(errors="backslashreplace"))
        yield piece
    yield f'{between}"{CHECKSUM}": "{digest.hexdigest()}"{end}'


def with_lists(head: Mapping[str, Any], lists: Mapping[str, Iterable[Any]]) -> Iterator[str]:
    """Yield, without the brace that closes it, the text of a JSON object with lists too long for memory.

    Args:
        head: its other members, which come first; at least one.
        lists: their names, and their values, each asked for as it is written.
    """
    yield json.dumps(head)[:-1]
    for name, values in lists.items():
        yield f", {json.dumps(name)}: ["
        for i, value in enumerate(values):
            yield f"{', ' if i else ''}{json.dumps(value)}"
        yield "]"


def unseal(text: str, run_id: str | None = None) -> dict[str, Any]:
    """Return the values of a text that `seal` made, or of the text of a JSON object that never was sealed.

    Args:
        text: str.
        run_id: str, mark of the run that it must belong to, and so be sealed; None takes any, and one without a
            seal, as earlier versions wrote it.

    Raises:
        OfAnotherRun: it belongs to another run, or to none.
        Damaged: it is not as it was written.
    """
    if not text.strip():
        raise Damaged("it is empty")
    start = max(len(text) - _LONGEST_SEAL, 0)
    found = _SEAL.search(text, start)
    if found is None and (run_id is not None or _TRACE.search(text, start)):
        raise Damaged("its checksum is missing")
    if found is not None and checksum(text[: found.start()]) != found[1]:
        raise Damaged("its checksum is another")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"it is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise Damaged("it is no JSON object")
    values.pop(CHECKSUM, None)
    mark = values.pop(RUN, None)
    if run_id is not None and mark != run_id:
        raise OfAnotherRun
    return values


def write_json(
    path: File, values: Mapping[str, Any], run_id: str | None = None, indent: int | None = None
) -> None:
    """Write what `seal` gives, whole or not at all. Arguments as `seal` takes them; OSError where the disk refuses."""
    write_atomically(path, seal(values, run_id, indent))


def read_json(path: File, run_id: str | None = None) -> dict[str, Any]:
    """Return the values of a file that `write_json` wrote.

    Raises:
        OfAnotherRun, Damaged: as `unseal`; or it is no text, or no file. Both are ValueErrors.
        OSError: it cannot be read.
    """
    try:
        text = read_whole(path).decode()
    except OSError as error:
        if error.errno not in NO_FILE:
            raise
        raise Damaged("it is no regular file") from error
    except UnicodeDecodeError as error:
        raise Damaged(f"it is no text: {error}") from error
    return unseal(text, run_id)

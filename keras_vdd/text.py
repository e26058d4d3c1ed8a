"""Names as people and systems give them, made text that can be kept anywhere and shown on a terminal."""

import io
import os
import re
import shlex
import sys
import unicodedata
from collections.abc import Iterable

# Python's stand-ins for the bytes of a file name that are not UTF-8, and halves of characters, which no text may hold.
_BROKEN = re.compile("[\ud800-\udfff]")
_BYTES = re.compile("[\udc80-\udcff]+")
# Characters that scripts and emoji need between others.
_JOINERS = "\u200c\u200d"


def as_text(name: str) -> str:
    r"""Return the name of a file as text that every encoding of Unicode takes.

    Bytes that are not UTF-8 become `\xNN`; every other name stays as it is. Where the system's own encoding has no
    letters beyond ASCII (`LC_ALL=C` with `PYTHONUTF8=0`), bytes that are UTF-8 become the letters that they are
    elsewhere.

    Args:
        name: as `os` gives it.

    Example:
        >>> as_text(os.fsdecode(b"caf\xe9"))
        'caf\\xe9'
    """
    letters = _BYTES.sub(lambda found: _decoded(found[0]), name)
    return _BROKEN.sub(lambda found: _escaped(found[0]), letters)


def printable(text: object) -> str:
    r"""Return a text in one line that does to a terminal, or to a page, nothing but show letters.

    Control characters, ends of lines, marks that turn the direction of writing and others without a shape are written
    as in Python (`\n`, `\x1b`, `\u202e`), bytes that are not UTF-8 as `\xNN`.
    """
    text = str(text)
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    """Return a sentence, or a list under one, whose items are `printable` and begin lines of their own."""
    return "\n".join(map(printable, re.split(r"\n(?= *- )", text)))


def printable_document(text: str) -> str:
    """Return a text of many lines, such as a recipe, each of them `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def same_text(name: str) -> str:
    """Return what is equal for names of the same letters: an accent may be a letter's own or follow it."""
    return unicodedata.normalize("NFC", name)


def same_to_people(name: str) -> str:
    """Return what is equal for names that people take for one: forms of Unicode, case and outer spaces are not kept."""
    return unicodedata.normalize("NFKC", " ".join(name.split()).casefold())


def counted(count: int, one: str, many: str = "", form: str = ",") -> str:
    """Return a number with the noun that it counts.

    Args:
        count: how many there are.
        one: the noun, and what stands with it, where there is one.
        many: where there are others; `one` with an s by default.
        form: format of the number.

    Example:
        >>> counted(1, "video"), counted(1200, "video"), counted(0, "class has", "classes have")
        ('1 video', '1,200 videos', '0 classes have')
    """
    return f"{count:{form}} {one if count == 1 else many or one + 's'}"


def command_line(arguments: Iterable[str]) -> str:
    r"""Return arguments as a shell takes them, `printable`; those with control characters are written `$'...'`."""
    return " ".join(map(_argument, arguments))


def write_what_can_be_written() -> None:
    """Let standard output and standard error escape what their encoding does not have, instead of failing of it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def open_standard_streams() -> None:
    """Let standard streams that are closed lead nowhere, and write all of a line or fail.

    The next file that is opened would else have the number of a stream, and in it what libraries write there.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free; other processes that are started get it too.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            setattr(sys, name, open(number, mode, closefd=False, errors="backslashreplace"))
    if isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):
        # Unbuffered (`PYTHONUNBUFFERED`), Python drops without a word what a full disk did not take of a line.
        raw, encoding, errors = sys.stdout.fileno(), sys.stdout.encoding, sys.stdout.errors
        sys.stdout = open(raw, "w", buffering=1, encoding=encoding, errors=errors, closefd=False)


def drop_what_cannot_be_written() -> bool:
    """Return whether a standard stream keeps what its disk or its reader did not take; it is dropped then.

    Python would try again as it ends, and tell of it by an error of its own.
    """
    kept = False
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            kept = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return kept


def _argument(argument):
    if printable(argument) == argument:
        return shlex.quote(argument)
    escaped = argument.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{printable(escaped)}'"


def _shown(letter):
    if letter.isprintable() or letter in _JOINERS or unicodedata.category(letter) in ("Zs", "Co", "Cn"):
        return letter
    return _escaped(letter)


def _decoded(run):
    return run.encode("ascii", "surrogateescape").decode("utf-8", "surrogateescape")


def _escaped(letter):
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return letter.encode("unicode_escape", "backslashreplace").decode()

"""Recipes and overrides, mutated: every one ends soon, with exit 0, 1 or 2 and one sentence, and nothing made.

What is valid is asked next whether it can be made on this machine, which is answered from shapes, too.
"""

import contextlib
import functools
import io
import random
import tempfile
import time
from pathlib import Path

from keras_vdd.cli.main import main
from keras_vdd.errors import VddError
from keras_vdd.recipe.keys import known_keys
from keras_vdd.recipe.load import load_recipe, resolved_yaml
from keras_vdd.recipe.names import known

# Processor seconds of one try, so that what else a machine does is not counted.
ALLOWED = 2.0
BASES = (
    "quickstart",
    "dm-shapes-naive",
    "mtt-shapes",
    "frepo-shapes-naive",
    "herding-shapes",
    "dm-ucf101",
)

NUMBERS = (
    "0",
    "-1",
    "1",
    "2",
    "3",
    "7",
    "8",
    "16",
    "1.5",
    "10**3",
    "1e3",
    "1e9",
    "1e15",
    "1e18",
    "1e308",
    "1e400",
    "-0.0",
)
NUMBERS += (
    ".nan",
    ".inf",
    "-.inf",
    "0x10",
    "0o7",
    "0b1",
    "9" * 30,
    "0x" + "f" * 5000,
    "1" * 5000,
    "1_000",
    "1:30",
    "\u0661",
)
WORDS = (
    "null",
    "~",
    "true",
    "false",
    "yes",
    "maybe",
    "''",
    '""',
    "a",
    "..",
    "/",
    "/dev/zero",
    "/etc/passwd",
    "~/x",
    "*",
    "&a",
)
WORDS += (
    '"\\0"',
    '"\\ud800"',
    '"\\x1b[2J"',
    "a\tb",
    "x" * 300,
    "x" * 5000,
    "hf://a/b",
    "2020-01-01",
    "2020-99-99",
    "é",
    "\U0001f600",
)
TAGS = (
    "!!bool maybe",
    "!!bool [a]",
    "!!int x",
    "!!int ''",
    "!!float ''",
    "!!float x",
    "!!binary x",
    "!!timestamp x",
    "!!null x",
)
TAGS += (
    "!!set x",
    "!!set {a}",
    "!!omap [1]",
    "!!omap x",
    "!!pairs [1]",
    "!!python/object/apply:os.system [ls]",
    "!x y",
    "!!str 1",
)
SHAPES = (
    "[]",
    "{}",
    "[null]",
    "[[]]",
    "[1, 2, 3]",
    "[a, a]",
    "{a: 1}",
    "{1: 2}",
    "{null: 1}",
    "{[1]: 2}",
    "{? {a: b} : c}",
)
SHAPES += (
    "[" * 40,
    "[" * 3000,
    "{a: " * 50,
    "[" * 60 + "]" * 60,
    "- " * 500,
    "? " * 100,
    "<<: *a",
    "{<<: 1}",
    "{<<: [1]}",
    "&x [*x]",
    "&x {a: *x}",
)
HOSTILE = (*NUMBERS, *WORDS, *TAGS, *SHAPES)
# What may be valid alone, and absurd beside the rest.
LIKELY = (
    "0",
    "1",
    "2",
    "3",
    "4",
    "8",
    "16",
    "32",
    "64",
    "1000",
    "1e6",
    "1e9",
    "1e12",
    "1e15",
    "0.1",
    "1e-30",
)
LIKELY += ("true", "false", "null", "convnet_d3", "convnet_gru", "full-video", "still", "parametric", "int8")
BITS = (
    "\0",
    "\t",
    "\n",
    ":",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!bool ",
    "|",
    ">",
    "'",
    '"',
    "#",
    "%",
    "@",
    "`",
    "<<: ",
    "---\n",
    "...\n",
)
BITS += ("\x85", "\u2028", "\ufeff", "\ud800", "9" * 20, "  ", "null")


@functools.cache
def _base(name):
    return resolved_yaml(load_recipe(name))


@functools.cache
def _keys():
    return sorted(known_keys())


def _bomb(rng):
    wide, deep, merge = rng.randint(2, 12), rng.randint(2, 14), rng.random() < 0.5
    lines = ["x0: &x0 {a: 1}" if merge else "x0: &x0 [a]"]
    for level in range(1, deep):
        inside = ", ".join([f"*x{level - 1}"] * wide)
        lines.append(f"x{level}: &x{level} " + (f"{{<<: [{inside}]}}" if merge else f"[{inside}]"))
    return "\n".join(lines) + "\n"


def _value_changed(rng, lines):
    which = rng.randrange(len(lines))
    key, colon, _ = lines[which].partition(":")
    lines[which] = f"{key}{colon or ':'} {rng.choice(HOSTILE)}"


def _line_moved(rng, lines):
    lines.insert(rng.randrange(len(lines) + 1), lines.pop(rng.randrange(len(lines))))


def _line_lost(rng, lines):
    del lines[rng.randrange(len(lines))]


def _line_twice(rng, lines):
    lines.insert(rng.randrange(len(lines)), rng.choice(lines))


def _indented(rng, lines):
    which = rng.randrange(len(lines))
    lines[which] = " " * rng.randint(0, 6) + lines[which].lstrip()


def _bit_put_in(rng, lines):
    which = rng.randrange(len(lines))
    at = rng.randint(0, len(lines[which]))
    lines[which] = lines[which][:at] + rng.choice(BITS) + lines[which][at + rng.randint(0, 3) :]


def _extended(rng, lines):
    what = (
        "quickstart",
        "itself.yaml",
        "[quickstart, mtt-shapes]",
        "/dev/zero",
        "/proc/self/mem",
        "../..",
        *HOSTILE,
    )
    lines.insert(0, f"extends: {rng.choice(what)}")


def _bombed(rng, lines):
    lines.insert(0, _bomb(rng))
    _value_changed(rng, lines)


def _broken_off(rng, lines):
    del lines[rng.randint(1, len(lines)) :]


CHANGES = (_value_changed,) * 6 + (_bit_put_in,) * 3
CHANGES += (_line_moved, _line_lost, _line_twice, _indented, _extended, _bombed, _broken_off)


def mutated(rng):
    """Return the bytes of a recipe file with a few things changed."""
    lines = _base(rng.choice(BASES)).splitlines()
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        if lines:
            rng.choice(CHANGES)(rng, lines)
        lines = "\n".join(lines).split("\n")
    found = "\n".join(lines).encode(errors="surrogatepass")
    if rng.random() < 0.05:
        found = found[: rng.randrange(len(found) + 1)] + bytes([rng.randrange(256)]) + found
    return found


def overrides(rng):
    """Return some `KEY=VALUE` texts that may be right or not."""
    found = []
    for _ in range(rng.choice((1, 1, 2, 4))):
        key = rng.choice(_keys())
        if rng.random() < 0.15:
            at = rng.randrange(len(key))
            key = key[:at] + rng.choice((".", "", "x", " ", "..", "[0]")) + key[at + 1 :]
        value = rng.choice(rng.choice((HOSTILE, LIKELY, LIKELY)))
        value = ",".join((value, *rng.choices(HOSTILE, k=2))) if rng.random() < 0.05 else value
        found.append(f"{key}{'' if rng.random() < 0.02 else '='}{value}")
    # What no command line can hold: it ends at a zero byte.
    return [text.replace("\0", "") for text in found if not text.startswith("-")]


@functools.cache
def _imported():
    """Import what a process imports once, which is not counted as the first try's."""
    from keras_vdd.planning.beforehand import check_beforehand

    check_beforehand(load_recipe("quickstart"))


def attempt(number):
    """Try the recipe of that number; return (how it ended, what is wrong with that or "", processor seconds)."""
    _imported()
    rng = random.Random(number)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "itself.yaml"
        if rng.random() < 0.5:
            file.write_bytes(mutated(rng))
            recipe, more = str(file), overrides(rng) if rng.random() < 0.2 else []
        else:
            recipe, more = rng.choice([*BASES, rng.choice([*known()])]), overrides(rng)
        began = time.thread_time()
        code, complaint = _validated(recipe, more)
        outcome = {0: "valid", 1: "failed", 2: "refused"}.get(code, "wrong")
        if code == 0 and not complaint:
            outcome, complaint = _could_be_made(recipe, more)
        took = time.thread_time() - began
        if not complaint and took > ALLOWED:
            complaint = f"took {took:.1f} s: {recipe} {more}"[:300]
        left = [path for path in Path(place).iterdir() if path != file]
        if not complaint and left:
            complaint = f"left {left[0].name}: {recipe} {more}"[:300]
    return outcome, complaint, took


def _validated(recipe, more):
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["recipes", "validate", recipe, *more])
    except BaseException as error:
        return None, f"{type(error).__name__}: {error}"[:200] + f" of {recipe} {more}"[:300]
    said = err.getvalue()
    if (
        code not in (0, 1, 2)
        or "Traceback" in said
        or (code and not said.startswith(("error: ", "Error: ", "Usage: ")))
    ):
        return code, f"ended with {code}: {said[-200:]!r} of {recipe} {more}"[:500]
    if len(said) > 10_000:
        return code, f"says {len(said)} letters of {recipe} {more}"[:300]
    return code, ""


def _could_be_made(recipe, more):
    from keras_vdd.planning.beforehand import check_beforehand

    checked = load_recipe(recipe, more)
    try:
        check_beforehand(checked)
        assert load_recipe(checked.model_dump(mode="json")) == checked, "it is another once written"
    except VddError as error:
        return "valid, not on this machine", "" if str(error) else "no sentence"
    except Exception as error:
        return "wrong", f"{type(error).__name__}: {error}"[:200] + f" of {recipe} {more}"[:300]
    return "valid", ""

"""Recipes and overrides, mutated: every one ends soon, with exit 0, 1 or 2 and one sentence, and nothing made.

What is valid is asked next whether it can be made on this machine, which is answered from shapes, too.
"""

import contextlib
import functools
import io
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from keras_vdd.cli.main import main
from keras_vdd.errors import VddError
from keras_vdd.recipe.keys import known_keys
from keras_vdd.recipe.load import load_recipe, resolved_yaml
from keras_vdd.recipe.names import known

# Processor seconds of one try, so that what else a machine does is not counted.
ALLOWED = 2.0
BASES = "quickstart dm-shapes-naive mtt-shapes frepo-shapes-naive herding-shapes dm-ucf101".split()
OWN = "itself.yaml"

ODD_NUMBERS = "1e400 1e308 -0.0 .nan .inf -.inf 0x10 0o7 0b1 1_000 1:30 \u0661 2020-01-01 2020-99-99".split()
ODD_NUMBERS += "1e999999999 1e-999999999 0x -0x1 1__0 1:99:99 0o9 +.5 ._1 \uff11 2020-01-01T99:99:99Z".split()
WORDS = "null ~ true false yes maybe '' \"\" .. / /dev/zero /etc/passwd ~/x * &a hf://a/b".split()
WORDS += ["~no-such-user/x", '"a\\0b"', '"\\0"', '"\\ud800"', '"\\x1b[2J"']
KINDS = "bool int float binary timestamp null set omap pairs str python/object/apply:os.system"
SHAPES = "{1: 2}; {[1]: 2}; {? {a: b} : c}; <<: *a; {<<: 1}; {<<: [1]}; &x [*x]; &x {a: *x}; {a, a}".split(
    "; "
)
MARKS = "\0 \t \n : - ? { } [ ] &a *a !!bool | > ' \" # % @ ` <<: --- ... \x85 \u2028 \ufeff \ud800"


def _repeated(begin, what, count):
    return begin + what * count


numbers = st.integers(-2, 65) | st.integers(0, 20).map(lambda power: 10**power) | st.integers() | st.floats()
long = st.builds(
    _repeated, st.sampled_from(["", "0x", "x"]), st.sampled_from("19f"), st.sampled_from([30, 300, 5000])
)
scalars = numbers.map(str) | st.sampled_from([*ODD_NUMBERS, *WORDS]) | st.text(max_size=20) | long
tagged = st.builds(
    "!!{} {}".format, st.sampled_from(KINDS.split()), st.sampled_from(["x", "''", "[1]", "{a}"])
)
nested = st.recursive(
    scalars | tagged,
    lambda inside: (
        st.lists(inside, max_size=4).map(lambda some: f"[{', '.join(some)}]")
        | st.dictionaries(inside, inside, max_size=3).map(
            lambda some: "{" + ", ".join(f"{key}: {value}" for key, value in some.items()) + "}"
        )
    ),
    max_leaves=6,
)
deep = st.builds(_repeated, st.just(""), st.sampled_from(["[", "{a: ", "- ", "? "]), st.integers(1, 3000))
hostile = nested | st.sampled_from(SHAPES) | deep
# What may be valid alone, and absurd beside the rest.
likely = st.sampled_from(
    "0.1 1e-30 true false null convnet_d3 convnet_gru full-video parametric int8".split()
)
likely |= (st.integers(0, 64) | st.integers(2, 15).map(lambda power: 10**power)).map(str)


def _bomb(wide, deep, merging):
    lines = ["x0: &x0 {a: 1}" if merging else "x0: &x0 [a]"]
    for level in range(1, deep):
        inside = ", ".join([f"*x{level - 1}"] * wide)
        lines.append(f"x{level}: &x{level} " + (f"{{<<: [{inside}]}}" if merging else f"[{inside}]"))
    return "\n".join(lines)


parents = st.sampled_from(
    [
        "quickstart",
        OWN,
        "[quickstart, mtt-shapes]",
        "/dev/zero",
        "/proc/self/mem",
        "../..",
        "~no-such-user/x.yaml",
        '"~\\0/x.yaml"',
        f"[{', '.join(['quickstart'] * 40)}]",
    ]
)
marks = st.builds(str.__add__, st.sampled_from(MARKS.split(" ")), st.sampled_from([" ", ""]))
line, column = st.integers(0, 150), st.integers(0, 40)


def _value(lines, at, text):
    lines[at] = f"{lines[at].partition(':')[0]}: {text}"


def _put_in(lines, at, column, lost, text):
    lines[at] = lines[at][:column] + text + lines[at][column + lost :]


def _move(lines, at, to):
    lines.insert(to, lines.pop(at))


def _lose(lines, at, count):
    del lines[at : at + count]


def _twice(lines, at, to):
    lines.insert(to, lines[at])


def _indent(lines, at, depth):
    lines[at] = " " * depth + lines[at].lstrip()


def _begin_with(lines, at, text):
    lines.insert(0, text)


def _some(change, *more):
    return st.tuples(st.just(change), line, *more)


changes = st.one_of(
    _some(_value, hostile),
    _some(_put_in, column, st.integers(0, 3), marks),
    _some(_move, line),
    _some(_lose, st.integers(1, 150)),
    _some(_twice, line),
    _some(_indent, st.integers(0, 6)),
    _some(_begin_with, (parents | hostile).map("extends: {}".format)),
    _some(_begin_with, st.builds(_bomb, st.integers(2, 12), st.integers(2, 14), st.booleans())),
)


@functools.cache
def _lines(base):
    return resolved_yaml(load_recipe(base)).splitlines()


def _mutated(base, mutations, torn):
    """The bytes of a recipe file with a few things changed."""
    lines = list(_lines(base))
    for change, at, *more in mutations:
        if lines:
            change(lines, at % len(lines), *more)
        lines = "\n".join(lines).split("\n")
    found = "\n".join(lines).encode(errors="surrogatepass")
    return found if torn is None else found[: torn[0]] + torn[1] + found


def _damaged(key, at, mark):
    return key if mark is None else key[: at % len(key)] + mark + key[at % len(key) + 1 :]


keys = st.builds(
    _damaged,
    st.sampled_from(sorted(known_keys())),
    st.integers(0, 30),
    st.none() | st.none() | st.none() | st.sampled_from(["", ".", "x", " ", "..", "[0]"]),
)
assigned = st.builds("{}={}".format, keys, likely | likely | likely | hostile) | st.text(max_size=20)
# What no command line can hold: it ends at a zero byte.
overrides = st.lists(
    assigned.map(lambda text: text.replace("\0", "")).filter(lambda text: not text.startswith("-")),
    max_size=4,
)


class Asked(NamedTuple):
    """A recipe as a user gives it."""

    recipe: str | bytes
    """Its name, or what its file holds."""
    overrides: list


torn = st.none() | st.none() | st.none() | st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=1))
files = st.builds(_mutated, st.sampled_from(BASES), st.lists(changes, min_size=1, max_size=6), torn)
drawn = st.builds(Asked, files, st.just([]) | overrides) | st.builds(
    Asked, st.sampled_from(BASES) | st.sampled_from([*known()]), overrides
)


@functools.cache
def _imported():
    """Import what a process imports once, which is not counted as the first try's."""
    from keras_vdd.planning.beforehand import check_beforehand

    check_beforehand(load_recipe("quickstart"))


def attempt(asked):
    """Try a recipe; return (how it ended, what is wrong with that or "", processor seconds)."""
    _imported()
    with tempfile.TemporaryDirectory() as place:
        recipe, file = asked.recipe, Path(place) / OWN
        if isinstance(recipe, bytes):
            file.write_bytes(recipe)
            recipe = str(file)
        began = time.thread_time()
        code, complaint = _validated(recipe, asked.overrides)
        outcome = {0: "valid", 1: "failed", 2: "refused"}.get(code, "wrong")
        if code == 0 and not complaint:
            outcome, complaint = _could_be_made(recipe, asked.overrides)
        took = time.thread_time() - began
        if not complaint and took > ALLOWED:
            complaint = f"took {took:.1f} s"
        left = [path.name for path in Path(place).iterdir() if path != file]
        if not complaint and left:
            complaint = f"left {left[0]}"
    return outcome, complaint, took


def _validated(recipe, more):
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["recipes", "validate", recipe, *more])
    except BaseException as error:
        return None, f"{type(error).__name__}: {error}"[:200]
    said = err.getvalue()
    refused = said.startswith(("error: ", "Error: ", "Usage: "))
    if code not in (0, 1, 2) or "Traceback" in said or (code and not refused):
        return code, f"ended with {code}: {said[-200:]!r}"
    return code, f"says {len(said)} letters" if len(said) > 10_000 else ""


def _could_be_made(recipe, more):
    from keras_vdd.planning.beforehand import check_beforehand

    checked = load_recipe(recipe, more)
    try:
        check_beforehand(checked)
        assert load_recipe(checked.model_dump(mode="json")) == checked, "it is another once written"
    except VddError as error:
        return "valid, not on this machine", "" if str(error) else "no sentence"
    except Exception as error:
        return "wrong", f"{type(error).__name__}: {error}"[:200]
    return "valid", ""

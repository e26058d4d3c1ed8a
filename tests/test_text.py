"""Names as people and systems give them, kept as text and shown on a terminal."""

import io
import json
import os
import shlex
import subprocess
import sys
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keras_vdd import seeds
from keras_vdd.errors import UsageError, VddError
from keras_vdd.files import append_line, checksum, write_atomically
from keras_vdd.hub.rows import write_table
from keras_vdd.progress import Lines
from keras_vdd.recipe.load import load_recipe, resolved_yaml
from keras_vdd.recipe.yaml_text import as_mapping
from keras_vdd.sealed import read_json, seal, unseal, write_json
from keras_vdd.text import (
    as_text,
    command_line,
    counted,
    printable,
    printable_lines,
    same_text,
    same_to_people,
    write_what_can_be_written,
)

pytestmark = pytest.mark.once

BROKEN = os.fsdecode(b"caf\xe9 \xff")
DANGEROUS = [
    "two\nlines",
    "two\r\nlines",
    "\x1b[31mred\x1b[0m",
    "\x9b31m",
    "bell\x07",
    "back\b\b\b",
    "tab\t",
    "null\x00",
    "\x7f",
    "\u202egpj.exe",
    "\u2066isolate\u2069",
    "\u200f",
    "line\u2028end",
    "\u2029",
    "\x85",
    "\ufeffmark",
    "soft\u00adhyphen",
    "\u200bnothing",
    "\U000e0041tag",
    BROKEN,
    "\ud83d",
]
HARMLESS = [
    "plain",
    "café",
    unicodedata.normalize("NFD", "café"),
    "日本　語",
    "नमस्ते",
    "\u0645\u06cc\u200c\u062e",
    "👨\u200d👩\u200d👧",
    r"a\b",
    "",
]


@pytest.mark.parametrize("text", DANGEROUS, ids=ascii)
def test_what_does_something_to_a_terminal_is_escaped(text):
    shown = printable(text)
    assert all(letter.isprintable() for letter in shown.replace("\u200c", "").replace("\u200d", ""))
    assert shown != text and "\\" in shown and printable(shown) == shown
    shown.encode()
    assert "\n" not in str(VddError(f"about {text}."))
    page = io.StringIO()
    Lines(page, now=lambda: "now").say(text)
    assert page.getvalue() == f"now {shown}\n"


@pytest.mark.parametrize("text", HARMLESS, ids=ascii)
def test_letters_of_any_script_are_shown_as_they_are(text):
    assert printable(text) == as_text(text) == text


def test_bytes_that_are_no_text():
    assert as_text(BROKEN) == printable(BROKEN) == r"caf\xe9 \xff"
    assert as_text("\ud83d") == r"\ud83d"
    # As the file system's encoding gives it in the locale C.
    assert as_text("café 🏄 \xff".encode().decode("ascii", "surrogateescape")) == "café 🏄 \xff"
    assert as_text(b"\xffcaf\xc3\xa9\xc3".decode("ascii", "surrogateescape")) == r"\xffcafé\xc3"


def test_the_lines_of_a_list_stay_lines():
    assert (
        printable_lines("recipe a:\n  - one\nforged\n  - two\x1b")
        == "recipe a:\n  - one\\nforged\n  - two\\x1b"
    )


def test_names_that_people_take_for_one():
    assert len({same_to_people(name) for name in ("Wave", "wave", " wave ", "WAVE")}) == 1
    composed, apart = "café", unicodedata.normalize("NFD", "café")
    assert composed != apart and same_text(composed) == same_text(apart)
    assert same_text("wave") != same_text("Wave")


def test_a_command_line_is_what_a_shell_takes():
    arguments = ["vdd", "a b", "it's", "back\\slash", "line\nend\x1b['", os.fsdecode(b"caf\xe9")]
    line = command_line(arguments)
    assert printable(line) == line
    shown = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True).stdout
    assert [os.fsdecode(part) for part in shown.split(b"\0")[:-1]] == arguments
    assert command_line(["a", "b c"]) == shlex.join(["a", "b c"])


def test_an_output_that_lacks_letters_escapes_them(monkeypatch):
    for encoding in ("ascii", "latin-1"):
        content = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(content, encoding))
        write_what_can_be_written()
        print("日", flush=True)
        assert content.getvalue() == b"\\u65e5\n"


def test_names_in_files_checksums_and_streams(tmp_path):
    assert json.loads(seal({"name": BROKEN}).replace("\udce9", "")) and unseal(seal({"a": "b"})) == {"a": "b"}
    write_json(tmp_path / "a.json", {"name": BROKEN, "list": ["\ud83d", "é"]}, "run")
    assert read_json(tmp_path / "a.json", "run") == {"name": BROKEN, "list": ["\ud83d", "é"]}
    write_atomically(tmp_path / "a.txt", BROKEN)
    append_line(tmp_path / "a.txt", BROKEN)
    assert (tmp_path / "a.txt").read_bytes() == rb"caf\udce9 \udcff" + b"\n" + rb"caf\udce9 \udcff" + b"\n"
    assert checksum(BROKEN) != checksum("caf")
    assert seeds.stream(0, BROKEN).integers(1 << 30) != seeds.stream(0, "caf").integers(1 << 30)


def test_settings_take_paths_of_any_bytes():
    recipe = load_recipe(
        "dm-folder", [f"data.root={BROKEN}", f"run.dir={BROKEN}", f"data.classes={BROKEN},b"]
    )
    assert (recipe.data.root, recipe.run.dir, recipe.data.classes) == (BROKEN, BROKEN, (as_text(BROKEN), "b"))
    text = resolved_yaml(recipe)
    text.encode()
    assert load_recipe(as_mapping(text, "it")).data == recipe.data
    with pytest.raises(UsageError, match="data.root= must be more than nothing"):
        load_recipe("dm-folder", ["data.root=''"])
    with pytest.raises(UsageError, match="must be text of UTF-8"):
        load_recipe("dm-folder", [f"run.name={BROKEN}"])


def test_tables_of_rows_go_to_folders_of_any_name(tmp_path):
    path = tmp_path / os.fsdecode(b"d\xff.parquet")
    write_table(pa.table({"label": [1]}), path)
    assert pq.read_table(io.BytesIO(path.read_bytes())).to_pydict() == {"label": [1]}


def test_closed_standard_streams_lead_nowhere():
    code = (
        "import os, sys; from keras_vdd.text import open_standard_streams; open_standard_streams()\n"
        "assert os.open(os.devnull, os.O_RDONLY) > 2; print(sys.stdin.read(), file=sys.stderr)\n"
        "import subprocess; sys.exit(subprocess.call([sys.executable, '-c', 'import os; os.write(2, b\"x\")']))"
    )

    def close():
        for number in range(3):
            os.close(number)

    assert subprocess.run([sys.executable, "-P", "-c", code], preexec_fn=close).returncode == 0


def test_what_a_disk_does_not_take_of_unbuffered_output_is_told(tmp_path):
    code = (
        "import resource; from keras_vdd.text import open_standard_streams; open_standard_streams()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9)); print('0123456789abcdef', end='')"
    )
    with open(tmp_path / "out", "w") as out:
        done = subprocess.run([sys.executable, "-P", "-u", "-c", code], stdout=out, stderr=subprocess.PIPE)
    assert done.returncode and b"File too large" in done.stderr


def test_one_is_counted_as_one():
    assert [counted(number, "video") for number in (0, 1, 1200)] == ["0 videos", "1 video", "1,200 videos"]
    assert counted(1, "class has", "classes have") == "1 class has"
    assert counted(2000, "class", "classes", form="d") == "2000 classes"

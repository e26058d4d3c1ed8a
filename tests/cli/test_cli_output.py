"""Progress goes to standard error as lines or bars; JSON is strict; an interrupt ends with 130."""

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rows import row

from keras_vdd.cli import output
from keras_vdd.cli.main import main
from keras_vdd.progress import Bars, Lines, Several

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def strict(text):
    def refuse(constant):
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


@given(values)
def test_any_result_is_strict_json(value):
    assert strict(json.dumps(output.plain(value), allow_nan=False)) == output.plain(value)


def test_numpy_numbers_are_numbers():
    given = {"a": np.float32(0.5), "b": np.arange(2), "c": (np.int64(3), np.nan), 4: np.bool_(True)}
    assert output.plain(given) == {"a": 0.5, "b": [0, 1], "c": [3, None], "4": True}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def lines_of(count, pace, start=0, seconds=5):
    """What is said of a task whose every step takes `pace` seconds."""
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, seconds=seconds, clock=clock, now=lambda: "12:00")
    with lines.task("static", count) as update:
        if start:
            update(start)
        for done in range(start + 1, count + 1):
            clock.now += pace
            update(done, loss=1.0 / done)
    return stream.getvalue().splitlines()


def test_lines_come_seldom_and_tell_the_last_figures():
    said = lines_of(100, 0.2)
    assert len(said) == 5
    assert said[0] == "12:00 static: 25/100 (25 %)  5 a second  0:15 left  loss 0.04"
    assert said[-2:] == [
        "12:00 static: 100/100 (100 %)  5 a second  loss 0.01", "12:00 static: done in 20.0 s",
    ]  # fmt: skip


def test_the_pace_is_that_of_this_call_and_long_tasks_say_less():
    assert (
        lines_of(100, 6, start=90)[0]
        == "12:00 static: 91/100 (91 %)  0.167 a second  0:54 left  loss 0.01099"
    )
    assert "2:59:48 left" in lines_of(1800, 6)[1]
    assert 3 * 60 < len(lines_of(1800, 6)) < 4.5 * 60


def test_a_log_file_has_what_was_said_with_times(tmp_path, capsys):
    log = tmp_path / "vdd.log"
    for words in (
        ["inspect", "none", "--log-file", str(log)],
        ["--log-file", str(log), "-q", "inspect", "none"],
    ):
        assert main(words) == 2
    said = log.read_text().splitlines()
    assert len(said) == 4 and said[1][20:] == said[3][20:] == capsys.readouterr().err.splitlines()[0]
    assert time.strptime(said[0][:19], "%Y-%m-%d %H:%M:%S") and said[0][20:].startswith("vdd ")
    assert main(["--log-file", str(log), "inspect"]) == 2
    assert log.read_text().endswith("error: Missing argument 'PATH_OR_NAME'.\n")
    capsys.readouterr()
    assert main(["--log-file", str(tmp_path / "no" / "vdd.log"), "inspect", "none"]) == 2
    assert "the log file" in capsys.readouterr().err


def test_several_listeners_are_told_the_same():
    streams = io.StringIO(), io.StringIO()
    told = Several(*(Lines(stream, now=lambda: "12:00") for stream in streams))
    told.say("a line")
    with told.task("static", 3) as update:
        update(3, loss=0.5)
    assert streams[0].getvalue().splitlines()[0] == "12:00 a line"
    assert all("static: 3/3" in stream.getvalue() for stream in streams)


def test_bars_open_and_close_with_their_tasks():
    from rich.console import Console

    stream = io.StringIO()
    bars = Bars(Console(file=stream, force_terminal=True, width=120))
    with bars.task("outer [x]", 2) as outer, bars.task("inner") as inner:
        inner(5, loss=0.5)
        outer(1)
        bars.say("[a line]")
        bars.bars.refresh()
    assert all(text in stream.getvalue() for text in ("outer [x]", "loss 0.5", "[a line]"))
    assert not bars.bars.task_ids and not bars.bars.live.is_started


def test_a_task_that_fails_closes_its_bar():
    from rich.console import Console

    bars = Bars(Console(file=io.StringIO(), force_terminal=True))
    try:
        with bars.task("x", 2):
            raise KeyError
    except KeyError:
        pass
    assert not bars.bars.live.is_started


def test_the_table_prints_exact_bytes_and_percent(capsys):
    output.emit_table([row(17.4, 17.6, clips=200).to_json()], "evaluator paper")
    said = capsys.readouterr().out
    assert "95,335,708" in said and "17.5 ±0.1" in said and "200 clips" in said and "evaluator paper" in said


@pytest.mark.parametrize(
    "number, code, words",
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "stopped by SIGTERM"),
        (signal.SIGHUP, 129, "stopped by SIGHUP"),
    ],
)
def test_a_signal_ends_with_the_code_of_shells(number, code, words):
    script = (
        "import signal, sys, time; from keras_vdd import diagnosis; from keras_vdd.cli import main\n"
        "def probe(name):\n    print('begun', flush=True); time.sleep(60)\n"
        "diagnosis._probe = probe\nsys.exit(main.main(['doctor']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.2)
    os.kill(process.pid, number)
    _, error = process.communicate(timeout=30)
    assert process.returncode == code and error.strip() == words


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -P -m keras_vdd.cli recipes show quickstart | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("#") and "Traceback" not in done.stderr


EVIL = "a\x1b[31m\nforged\u202e\udce9\x9b"


def test_names_do_nothing_to_a_terminal(capsys):
    output.emit_lines({EVIL: {"inside": EVIL}, "list": [EVIL]})
    output.emit_table(
        [dataclasses.replace(row(17.4, 17.6, clips=2), method=EVIL).to_json()], f"protocol {EVIL}"
    )
    said = capsys.readouterr().out
    assert all(line.isprintable() for line in said.split("\n")) and said.count("\\x1b[31m\\nforged") == 5
    output.emit_json({EVIL: [EVIL]})
    said = capsys.readouterr().out
    assert json.loads(said) == {EVIL: [EVIL]} and all(line.isprintable() for line in said.split("\n"))


@pytest.mark.parametrize(
    "args",
    [
        (EVIL,),
        ("prepare", f"--{EVIL}"),
        ("recipes", "validate", "quickstart", EVIL),
        ("recipes", "validate", "quickstart", f"{EVIL}=1"),
        ("recipes", "validate", "quickstart", f"run.name={EVIL}", f"data.set={EVIL}"),
        ("recipes", "validate", EVIL),
        ("inspect", EVIL),
        ("prepare", "--recipe", "dm-folder", f"data.root={EVIL}"),
        ("prepare", "--recipe", "dm-folder", f"data.root=x\n  - {EVIL}"),
        ("predict", "none.keras", EVIL),
    ],
)
def test_what_was_typed_is_shown_escaped(capsys, args):
    assert main(list(args)) in (1, 2)
    said = capsys.readouterr().err
    assert said and all(line.isprintable() for line in said.split("\n")) and "\nforged" not in said


def test_the_log_file_and_the_command_that_goes_on_are_lines(capsys, monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_vdd.pipeline.prepare", stopped)
    args = ["--log-file", str(tmp_path / "log"), "prepare", "--recipe", "dm-folder", f"data.root={EVIL}"]
    monkeypatch.setattr(sys, "argv", ["vdd", *args])
    assert main() == 130
    last = capsys.readouterr().err.rstrip("\n").split("\n")[-1]
    assert r"goes on: vdd --log-file" in last and r"$'data.root=a\x1b[31m\nforged\u202e\xe9\x9b'" in last
    assert len((tmp_path / "log").read_text().splitlines()) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no disk that is always full")
@pytest.mark.parametrize(
    "to, code, said",
    [
        (
            "recipes list > /dev/full",
            1,
            "error: the disk is full; free some space, or write to another disk\n",
        ),
        ("--help > /dev/full", 1, "error: the disk is full; free some space, or write to another disk\n"),
        ("recipes > /dev/full 2> /dev/full", 2, ""),
        ("recipes list | true; exit ${PIPESTATUS[0]}", 1, ""),
    ],
)
def test_results_that_no_disk_or_reader_takes(to, code, said):
    command = ["bash", "-c", f"{sys.executable} -P -m keras_vdd.cli {to}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no disk that is always full")
def test_a_log_file_on_a_full_disk_is_one_sentence(capsys):
    assert main(["recipes", "validate", "quickstart", "--log-file", "/dev/full"]) == 1
    assert capsys.readouterr().err == (
        "error: the log file '/dev/full' cannot be written to any more (No space left on device): name another with "
        "--log-file\n"
    )


@pytest.mark.parametrize("kind", ["pipe", "results", "data", "bytes", "home"])
def test_a_log_file_takes_the_place_of_nothing_else(tmp_path, monkeypatch, capsys, kind):
    file = tmp_path / ("my.json" if kind == "data" else "log")
    monkeypatch.setenv("HOME", str(tmp_path))
    with open(tmp_path / "results", "w") as results:
        if kind == "pipe":
            os.mkfifo(file)  # nobody reads it
        elif kind == "results":
            file = tmp_path / "results"
            monkeypatch.setattr(sys, "stdout", results)
        elif kind != "home":
            file.write_bytes(b"{}" if kind == "data" else b"\0")
        before = None if kind in ("pipe", "home") else file.read_bytes()
        name = "~/log" if kind == "home" else str(file)
        code = main(["recipes", "validate", "quickstart", "--log-file", name])
    said = capsys.readouterr().err
    if kind == "home":
        assert (code, said, len(file.read_text().splitlines())) == (0, "", 1)
        return
    assert code == 2 and said.startswith("error: the ") and said.count("\n") == 1 and "--log-file" in said
    assert before is None or file.read_bytes() == before

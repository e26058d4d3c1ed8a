"""The script for a GPU: a part that fails, hangs or dies leaves the others; what it carries is complete."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import gpu_wheels
from gpu_parts.report import Report, read_rows
from gpu_parts.runner import Part, run
from gpu_parts.table import tables

PARTS_MODULE = """
import json, os, pathlib, signal, subprocess, sys, time

def main(report, size, what):
    report.row("first", size=size, share=0.25)
    if what == "raises":
        raise ValueError("it went wrong")
    if what == "hangs":
        beside = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        report.row("beside", pid=beside.pid)
        time.sleep(60)
    if what == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    there = json.loads(pathlib.Path(os.environ["RESULTS"]).read_text())
    report.row("seen", statuses=[part["status"] for part in there["parts"]])
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A function (parts, seconds) -> results of parts by word."""
    (tmp_path / "made_parts.py").write_text(PARTS_MODULE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    environment = {"RESULTS": str(tmp_path / "out" / "results.json")}

    def results(words, seconds=60, limits=None):
        parts = [Part(word, "made_parts", (limits or {}).get(word, 30), (word,)) for word in words]
        return run(parts, "tiny", seconds, tmp_path / "out", {"device": "none"}, environment)

    results.file = tmp_path / "out" / "results.json"
    return results


def gone(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_a_part_that_raises_hangs_or_dies_leaves_the_others(made):
    results = made(["raises", "hangs", "dies", "works"], limits={"hangs": 3})
    found = {part["name"]: part for part in results["parts"]}
    assert {name: part["status"] for name, part in found.items()} == {
        "raises": "failed", "hangs": "timed out", "dies": "failed", "works": "done",
    }  # fmt: skip
    assert all(part["rows"][0] == {"name": "first", "size": "tiny", "share": 0.25} for part in found.values())
    assert found["raises"]["error"][-1] == "ValueError: it went wrong"
    assert 3 <= found["hangs"]["seconds"] < 10
    pid, end = found["hangs"]["rows"][1]["pid"], time.monotonic() + 5
    while not gone(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert gone(pid), "what a part started ends with it"
    # The last part read the file as it was while it ran.
    assert found["works"]["rows"][1]["statuses"] == ["failed", "timed out", "failed", "cut off"]
    assert json.loads(made.file.read_text(encoding="utf-8")) == results

    text = tables(results)
    assert (
        "**raises**: failed" in text and "it went wrong" in text and "**hangs**: timed out, 3 of 3 s" in text
    )
    assert "| first | tiny | 0.25 |" in text


def test_where_no_time_is_left_parts_are_skipped_and_said_to_be(made):
    results = made(["works", "raises"], seconds=0)
    assert [part["status"] for part in results["parts"]] == ["skipped", "skipped"]
    assert "**works**: skipped" in tables(json.loads(made.file.read_text(encoding="utf-8")))


def test_rows_of_one_name_replace_each_other_and_a_half_written_one_is_none(tmp_path):
    report = Report(tmp_path / "lines")
    report.row("one", seconds=1.0)
    with report.attempt("two"):
        raise RuntimeError("out of memory\nand much more")
    report.row("one", seconds=2.0)
    with open(tmp_path / "lines", "a", encoding="utf-8") as file:
        file.write('{"name": "thr')
    assert read_rows(tmp_path / "lines") == [
        {"name": "one", "seconds": 2.0},
        {"name": "two failed", "error": "RuntimeError: out of memory"},
    ]


def test_ended_from_outside_it_says_what_there_is(tmp_path):
    command = [
        sys.executable,
        str(BENCHMARKS / "gpu.py"),
        "--size",
        "tiny",
        "--device",
        "cpu",
        "--out",
        str(tmp_path),
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "--parts", "exactness", "experts"], **pipes) as process:
        assert process.stderr.readline().startswith("exactness: up to")
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    parts = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["parts"]
    assert [(part["name"], part["status"]) for part in parts] == [("exactness", "cut off")]
    assert "**exactness**: cut off" in printed


def test_an_unknown_part_is_refused_and_the_parts_are_named():
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), "--parts", "speed"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "'speed'" in done.stderr and "feeding" in done.stderr


def test_what_is_carried_is_what_the_script_needs_and_no_more():
    carried = {gpu_wheels.plain(line.split("==")[0]) for line in gpu_wheels.wanted()}
    begun = ("keras", "pydantic", "ruamel.yaml", "pytest")
    assert carried == set(gpu_wheels.needs(begun, without=gpu_wheels.THERE))
    # Pinned as in constraints.txt, of which this environment was made.
    assert all("==" in line for line in gpu_wheels.wanted())


def test_without_wheels_gpu_sh_says_where_they_come_from(tmp_path):
    done = subprocess.run(
        ["bash", BENCHMARKS / "gpu.sh", "run"],
        env={**os.environ, "WHEELS": str(tmp_path), "PYTHON": sys.executable},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "gpu.sh fetch" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "part, row",
    [("experts", "bfloat16, 2 at once"), ("dm variants", "8x112 compiled"), ("feeding", "8x64 dm float32")],
)
def test_a_part_runs_on_a_processor_with_the_package_as_it_is(tmp_path, part, row):
    """What the parts reach into is moved now and then; the machine with a GPU is not the place to notice."""
    command = [
        sys.executable,
        str(BENCHMARKS / "gpu.py"),
        "--size",
        "tiny",
        "--device",
        "cpu",
        "--parts",
        part,
    ]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["parts"]
    assert found["status"] == "done" and row in [one["name"] for one in found["rows"]], done.stdout
    assert not [one for one in found["rows"] if "error" in one], done.stdout

"""Runs parts one after the other, each in a process of its own with its own time limit."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from gpu_parts.report import read_rows

HERE = pathlib.Path(__file__).resolve().parent.parent
PATHS = (HERE, HERE.parent, HERE.parent.parent)
# Below this a part would end before it has said anything.
LEAST_SECONDS = 5


@dataclasses.dataclass(frozen=True)
class Part:
    """One part.

    Attributes:
        name: what the table calls it.
        module: has `main(report, size, *arguments)`.
        limit: seconds after which its process is ended.
        arguments: words for `main`.
        environment: variables for its process, `KERAS_BACKEND` among them.
    """

    name: str
    module: str
    limit: float
    arguments: tuple = ()
    environment: dict = dataclasses.field(default_factory=dict)


def run(parts, size, seconds, out, facts, environment):
    """Run parts and return the results, which are in `results.json` too, renewed with every measurement.

    Args:
        parts: list of `Part`, in order of worth.
        size: str, for each part.
        seconds: float, for all parts together: a later one gets what is left, and none where that is too little.
        out: folder for `results.json` and `log.txt`; it is made.
        facts: dict, kept in the results.
        environment: dict, variables for every part.

    Returns:
        dict: `facts`; `parts`, a list of dicts: `name`, `status` ("done", "failed", "timed out", "skipped" or
        "cut off"), `seconds`, `limit`, `rows`, and `error`, the last lines that a failed part wrote.
    """
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    results = {"facts": facts, "parts": []}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as scratch, open(out / "log.txt", "w", encoding="utf-8") as log:
        for number, part in enumerate(parts):
            limit = min(part.limit, end - time.monotonic())
            found = {"name": part.name, "status": "skipped", "seconds": 0.0, "limit": limit, "rows": []}
            results["parts"].append(found)
            if limit >= min(LEAST_SECONDS, part.limit):
                # Until it has ended some other way.
                found["status"] = "cut off"
                _write(out, results)
                say(f"{part.name}: up to {limit:.0f} s")
                lines = pathlib.Path(scratch) / f"{number}.jsonl"
                _run_part(part, size, lines, environment, log, found, lambda: _write(out, results))
                say(f"{part.name}: {found['status']} after {found['seconds']:.0f} s")
            _write(out, results)
    return results


def say(text):
    print(text, file=sys.stderr, flush=True)


def _run_part(part, size, lines, environment, log, found, write):
    paths = [*map(str, PATHS), *filter(None, [os.environ.get("PYTHONPATH")])]
    settings = {**os.environ, **environment, **part.environment, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "gpu_parts.child", part.module, str(lines), size, *part.arguments]
    print(f"==== {part.name}", file=log, flush=True)
    start, place, told = time.monotonic(), log.tell(), None
    # A group of its own, so that the processes that a part starts end with it.
    process = subprocess.Popen(command, env=settings, stdout=log, stderr=log, start_new_session=True)
    try:
        while process.poll() is None and time.monotonic() - start < found["limit"]:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(min(1.0, max(0.0, found["limit"] - (time.monotonic() - start))))
            found["rows"], found["seconds"] = read_rows(lines), time.monotonic() - start
            if found["rows"] != told:
                told = found["rows"]
                write()
        code = process.poll()
        found["status"] = "timed out" if code is None else "failed" if code else "done"
        if code:
            found["error"] = _last_lines(log.name, place, code)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        found["rows"], found["seconds"] = read_rows(lines), time.monotonic() - start
        write()


def _last_lines(path, place, code):
    with open(path, encoding="utf-8", errors="replace") as file:
        file.seek(place)
        lines = [line.rstrip() for line in file if line.strip()]
    return [f"ended with {code}", *lines[-8:]]


def _write(out, results):
    """Renew `results.json` whole or not at all."""
    partial = out / "results.json.partial"
    partial.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, out / "results.json")

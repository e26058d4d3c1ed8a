"""`python -m tests`: lint and every test on every backend, two processes more at once than there are cores.

Keras reads its backend once, so each backend has a process of its own; what no backend changes runs once,
in one more. `python -m tests torch` runs one backend; what follows `--` goes to pytest:
`python -m tests torch jax -- -k golden`. `python -m tests --fast ROOM` runs one folder of tests on one
backend (KERAS_BACKEND, or torch) without the slow tests; without ROOM it lists the rooms.
"""

import importlib.util
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

# The longest first: the others fill the cores beside it.
BACKENDS = ("jax", "tensorflow", "torch")
ONCE = "once"
WORDS = ("passed", "failed", "skipped")
TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
LINT = (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",))
REPORT_EVERY_S = 30


def main(args):
    """Lint and run pytest as the module says; return 0 if all passed and every process ran tests."""
    names, more = (args[: args.index("--")], args[args.index("--") + 1 :]) if "--" in args else (args, [])
    if names[:1] == ["--fast"]:
        return _fast(names[1:], more)
    wrong = [name for name in names if name not in BACKENDS]
    if wrong:
        return _error(f"{wrong[0]} is no backend; choose from {', '.join(BACKENDS)}", 2)
    asked = [name for name in BACKENDS if name in names or not names]
    missing = [name for name in (*asked, "pytest", "ruff", "mypy") if importlib.util.find_spec(name) is None]
    if missing:
        return _error(f'{missing[0]} is not installed; pip install -e ".[all,test]"', 1)
    # As long as the longest, since much of it waits for processes of its own.
    jobs = [Job(ONCE, "torch" if "torch" in asked else asked[0], "--once=only", more)]
    jobs += [Job(name, name, "--once=never", more) for name in asked]
    # Beside the tests, since it keeps one core busy for most of a minute.
    with ThreadPoolExecutor(1) as beside:
        linting = beside.submit(_lint)
        _run(jobs)
        linted = linting.result()
    print("\n" + "=" * 80)
    for job in jobs:
        ended = f" (pytest ended with {job.code})" if job.code else ""
        print(f"{job.name:<11} {_in_words(job.counts)} in {job.seconds:.0f} s{ended}")
    print(f"{'all':<11} {_in_words({word: sum(job.counts[word] for job in jobs) for word in WORDS})}")
    print(f"lint: {linted or 'passed'}")
    # What `--` chooses may leave nothing for the process of what no backend changes.
    ran = all((job.code == 0 and job.counts["passed"]) or (more and job.code == 5) for job in jobs)
    return 0 if ran and any(job.counts["passed"] for job in jobs) and not linted else 1


class Job:
    """One pytest process: its share of the tests, and what came of it."""

    def __init__(self, name, backend, share, more):
        # -P keeps this folder off the path, so that what is installed is what is tested.
        self.command = [sys.executable, "-P", "-m", "pytest", "-rs", str(TESTS), share, *more]
        self.name, self.backend = name, backend
        self.process = self.code = None
        self.lines, self.seconds = [], 0.0

    def run(self, threads, aloud):
        """Run with so many threads; print lines as they come, or all at the end."""
        started = time.monotonic()
        environment = {**_threads(threads), **os.environ, "KERAS_BACKEND": self.backend}
        piped = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "bufsize": 1}
        with subprocess.Popen(self.command, env=environment, cwd=ROOT, **piped) as self.process:
            for line in self.process.stdout:
                self.lines.append(line)
                if aloud:
                    _print(line)
        self.code, self.seconds = self.process.returncode, time.monotonic() - started
        if not aloud:
            _print(f"\n==== {self.name}\n{''.join(self.lines)}")

    @property
    def counts(self):
        """What pytest's last line counts, {"passed": int, "failed": int, "skipped": int}."""
        last = next((line for line in reversed(self.lines) if re.search(r"\d+ \w+.* in [\d.]+s", line)), "")
        found = {
            word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", last)
        }
        failed = found.get("failed", 0) + found.get("error", 0)
        return {"passed": found.get("passed", 0), "failed": failed, "skipped": found.get("skipped", 0)}

    @property
    def progress(self):
        """How far it is, as the dots of its last lines say: "jax 34 % (2 failed)"."""
        rows = [line for line in self.lines if re.fullmatch(r"[.FEsxX]+( +\[ *\d+%\])?\n", line)]
        percent = re.search(r"(\d+)%", rows[-1]) if rows else None
        failed = sum(line.split("[")[0].count(letter) for line in rows for letter in "FE")
        return f"{self.name} {percent[1] if percent else 0} %" + (f" ({failed} failed)" if failed else "")


def _run(jobs):
    """Run two more at once than there are cores, in the order given, with a line on all every so often."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # Two more, for a fifth of the time is spent waiting: for processes that begin, for disks, for clocks.
    slots = min(cores + 2, len(jobs))
    _print(
        f"tests: {', '.join(job.name for job in jobs)}; {slots} at once, {max(1, cores // slots)} threads each\n"
    )
    started = time.monotonic()
    pool = ThreadPoolExecutor(slots)
    try:
        runs = [pool.submit(job.run, max(1, cores // slots), aloud=slots == 1) for job in jobs]
        while wait(runs, REPORT_EVERY_S).not_done:
            going = [job.progress for job in jobs if job.process and job.code is None]
            if slots > 1:
                _print(f"{time.monotonic() - started:5.0f} s: {', '.join(going)}\n")
        for run in runs:
            run.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for job in jobs:
            if job.process and job.code is None:
                job.process.terminate()


def _threads(count):
    """Environment variables by which a process of any backend computes with so many threads.

    Without them each process would start a thread for every core, and they would wait for each other.
    """
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC", "PJRT_NPROC")
    return {"TF_CPP_MIN_LOG_LEVEL": "3", **dict.fromkeys(names, str(count))}


def _lint():
    """Run ruff and mypy as pyproject.toml sets them; return the names of those that found something."""
    found = []
    for command in LINT:
        done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            found.append(" ".join(command))
            _print(done.stdout + done.stderr)
    words = f"{', '.join(found)} found something" if found else ""
    _print(f"lint: {words or 'passed'}\n")
    return words


def _fast(names, more):
    """Run one room without the slow tests, or list the rooms."""
    rooms = sorted({path.parent.name for path in TESTS.glob("*/test_*.py")})
    if len(names) != 1 or names[0] not in rooms:
        listed = f"choose a room: {', '.join(rooms)}"
        if not names:
            print(listed)
            return 0
        return _error(f"{' '.join(names)} is no room of tests; {listed}", 2)
    command = [sys.executable, "-P", "-m", "pytest", str(TESTS / names[0]), "-m", "not slow", *more]
    environment = {"KERAS_BACKEND": "torch", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    return subprocess.run(command, env=environment, cwd=ROOT).returncode


def _error(text, code):
    print(f"error: {text}", file=sys.stderr)
    return code


def _print(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def _in_words(counts):
    return ", ".join(f"{number} {word}" for word, number in counts.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

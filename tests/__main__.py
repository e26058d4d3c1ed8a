"""`python -m tests`: every test, on every backend, one process each.

Keras reads its backend once, so each backend has a process of its own. Tests that need no backend
are run by the first only. `python -m tests torch` runs one backend; what follows `--` goes to pytest:
`python -m tests torch jax -- -k golden`.
"""

import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

BACKENDS = ("torch", "tensorflow", "jax")
WITHOUT_BACKEND = ("cli", "data", "hub", "recipe", "test_gpu_script.py", "test_packaging.py")
WORDS = ("passed", "failed", "skipped")
TESTS = Path(__file__).resolve().parent


def main(args):
    """Run pytest for the backends named, all by default; return 0 if every process passed and ran tests."""
    names, more = (args[: args.index("--")], args[args.index("--") + 1 :]) if "--" in args else (args, [])
    wrong = [name for name in names if name not in BACKENDS]
    if wrong:
        print(f"error: {wrong[0]} is no backend; choose from {', '.join(BACKENDS)}", file=sys.stderr)
        return 2
    asked = names or BACKENDS
    missing = [name for name in asked if importlib.util.find_spec(name) is None]
    if missing:
        print(f'error: {missing[0]} is not installed; pip install -e ".[all,test]"', file=sys.stderr)
        return 1
    results = {name: _run(name, everything=name == asked[0], more=more) for name in asked}
    print("\n" + "=" * 80)
    for name, (code, counts, seconds) in results.items():
        ended = f" (pytest ended with {code})" if code else ""
        print(f"{name:<11} {_in_words(counts)} in {seconds:.0f} s{ended}")
    total = {word: sum(counts[word] for _, counts, _ in results.values()) for word in WORDS}
    print(f"{'all':<11} {_in_words(total)}")
    return 0 if all(code == 0 and counts["passed"] for code, counts, _ in results.values()) else 1


def _run(name, everything, more):
    """Run one process; return (exit code, counts, seconds)."""
    print(f"\n==== {name}" + ("" if everything else f", without {', '.join(WITHOUT_BACKEND)}"), flush=True)
    ignored = [] if everything else [f"--ignore={TESTS / folder}" for folder in WITHOUT_BACKEND]
    # -P keeps this folder off the path, so that what is installed is what is tested.
    command = [sys.executable, "-P", "-m", "pytest", "-rs", str(TESTS), *ignored, *more]
    env = {**os.environ, "KERAS_BACKEND": name, "TF_CPP_MIN_LOG_LEVEL": "3"}
    started, last = time.monotonic(), ""
    piped = {"stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen(command, env=env, cwd=TESTS.parent, **piped) as process:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            last = line if re.search(r"\d+ \w+.* in [\d.]+s", line) else last
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|errors?)", last)}
    failed = found.get("failed", 0) + found.get("error", 0) + found.get("errors", 0)
    counts = {"passed": found.get("passed", 0), "failed": failed, "skipped": found.get("skipped", 0)}
    return process.returncode, counts, time.monotonic() - started


def _in_words(counts):
    return ", ".join(f"{number} {word}" for word, number in counts.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A module of this package as a process of its own: what it is asked and answers, and what it wrote before it ended.

It is none of multiprocessing's, so that a caller's script needs no `__main__` guard and nothing of the caller (a loaded
backend, a locked thread) is copied.
"""

import collections
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

import keras_vdd

# How many of the last lines that it wrote on standard error are kept.
_LINES = 200
READY = {"ready": True}


class Process:
    """A process of its own session that reads jobs and writes answers, each a line of JSON; the first of them `READY`.

    What it writes on standard error is kept and not shown: it is for whoever looks into why it ended.

    Args:
        module: str, what runs, such as "keras_vdd.data.decoding.worker".
        environment: its environment variables; None for those of this process.

    Attributes:
        pid: int.
    """

    def __init__(self, module: str, environment: Mapping[str, str] | None = None) -> None:
        home = os.path.dirname(os.path.dirname(os.path.abspath(keras_vdd.__file__)))
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # With PYTHONINSPECT it would not end, but wait for commands.
            env={
                **(os.environ if environment is None else environment),
                "PYTHONPATH": os.pathsep.join(paths),
                "PYTHONINSPECT": "",
            },
            # What a terminal sends to its programs is the parent's to act on, also while this one starts.
            start_new_session=True,
        )
        assert process.stdin and process.stdout and process.stderr
        self.pid, self._jobs, self._answers, self._said = (
            process.pid,
            process.stdin,
            process.stdout,
            process.stderr,
        )
        self._wrote: collections.deque[str] = collections.deque(maxlen=_LINES)
        # A pipe that nobody reads would be full one day, and whoever writes into it would wait.
        self._listener = threading.Thread(target=self._listen, daemon=True)
        try:
            self._listener.start()
        except RuntimeError:  # no more threads are to be had
            self.close()
            raise

    def starts(self) -> bool:
        """Wait until it can be asked; return False where it ended instead."""
        for line in self._answers:
            # What runs in every Python here (a sitecustomize) may have said something first.
            with contextlib.suppress(ValueError):
                if json.loads(line) == READY:
                    return True
        return False

    def say(self, job: Mapping[str, Any]) -> None:
        """Give it a job; whether it still listens shows when its answer is read."""
        with contextlib.suppress(OSError):
            self._jobs.write(json.dumps(job) + "\n")
            self._jobs.flush()

    def answer(self) -> dict[str, Any] | None:
        """Wait for its next answer; None where it ended instead."""
        try:
            answer = self._answers.readline()
        except OSError:
            return None
        return json.loads(answer) if answer.endswith("\n") else None

    def ended(self) -> bool:
        """Return whether it is over."""
        return self._process.poll() is not None

    def status(self) -> int:
        """Wait for its end and return its exit status, below 0 for the signal that ended it."""
        return self._process.wait()

    def wrote(self) -> str:
        """Return the last lines that it wrote on standard error; call it after its end."""
        # A process of its own that it left behind could hold the pipe open.
        self._listener.join(timeout=1)
        return "".join(list(self._wrote)).strip()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """End it, wait for that and close its pipes."""
        self._process.kill()
        self._process.wait()
        # A job that never reached it is still in the pipe's buffer.
        with contextlib.suppress(OSError):
            self._jobs.close()
        self._answers.close()
        if self._listener.ident is None:
            self._said.close()
        else:
            self._listener.join(timeout=1)

    def _listen(self) -> None:
        with self._said:
            self._wrote.extend(self._said)

"""Processes that train experts side by side, as seen by the one that waits for them."""

import contextlib
import dataclasses
import json
import logging
import os
import subprocess
import sys
import tempfile

import keras

import keras_vdd
from keras_vdd.backend import process_environment
from keras_vdd.errors import VddError
from keras_vdd.plugins import loaded_plugins


class ExpertProcess:
    """An `ExpertWorker` in a process of its own; use it in a `with` block, which ends the process.

    It is no process of multiprocessing's, so that a caller's script needs no `__main__` guard and nothing of
    the caller (a loaded backend, a locked thread) is copied.

    Args:
        train, test, training, folder: as `ExpertWorker`.
        threads: int, with how many it computes, where the environment does not say.
        device: str, as `run.device`.
    """

    def __init__(self, train, test, training, folder, threads, device="auto"):
        home = os.path.dirname(os.path.dirname(os.path.abspath(keras_vdd.__file__)))
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        # Read only if the process fails: backends are chatty when they start.
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "keras_vdd.experts.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # as that of `decoding.pool`
            env={
                **process_environment(threads),
                **os.environ,
                "KERAS_BACKEND": keras.config.backend(),
                "PYTHONPATH": os.pathsep.join(paths),
            },
        )
        self._say(
            train=os.fspath(train.folder),
            test=os.fspath(test.folder),
            training=dataclasses.asdict(training),
            folder=os.fspath(folder),
            plugins=loaded_plugins(),
            device=device,
        )

    def __enter__(self):
        return self

    def stop(self):
        """End it, whatever it is at."""
        self._process.kill()
        self._process.wait()

    def __exit__(self, *_):
        self.stop()
        with contextlib.suppress(OSError):  # a job that never reached it is still in the pipe's buffer
            self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()

    def started(self):
        """Wait until it is ready and return the bytes of an expert."""
        return self._answer()["bytes"]

    def train(self, number, wait, update):
        """As `ExpertWorker.train`."""
        self._say(number=number, wait=wait)
        while True:
            answer = self._answer()
            if "there" in answer:
                return answer["there"]
            update(answer["done"], loss=answer["loss"], epoch=answer["epoch"])

    def _say(self, **job):
        # Whether it still listens shows when its answer is read.
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            self._ended()
        answer = json.loads(line)
        if "error" in answer:
            raise VddError(answer["error"])
        if "errno" in answer:
            raise OSError(answer["errno"], answer["strerror"], answer["filename"])
        return answer

    def _ended(self):
        status = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        logging.getLogger(__name__).info("%s", said)
        last = f": {said.splitlines()[-1]}" if said else ""
        raise VddError(
            f"A process that trained experts ended with exit status {status}{last}; if memory ran out, lower "
            "experts.processes or experts.batch_size. The same command goes on with the missing experts."
        )

"""Processes that train experts side by side, as seen by the one that waits for them."""

import dataclasses
import logging
import os

import keras

from keras_vdd.backend import process_environment
from keras_vdd.errors import VddError
from keras_vdd.own_process import Process
from keras_vdd.plugins import loaded_plugins


class ExpertProcess:
    """An `ExpertWorker` in a process of its own; use it in a `with` block, which ends the process.

    Args:
        train, test, training, folder: as `ExpertWorker`.
        threads: int, with how many it computes, where the environment does not say.
        device: str, as `run.device`.
    """

    def __init__(self, train, test, training, folder, threads, device="auto"):
        environment = {**process_environment(threads), **os.environ, "KERAS_BACKEND": keras.config.backend()}
        self._process = Process("keras_vdd.experts.worker", environment)
        self._process.say(
            {
                "train": os.fspath(train.folder),
                "test": os.fspath(test.folder),
                "training": dataclasses.asdict(training),
                "folder": os.fspath(folder),
                "plugins": loaded_plugins(),
                "device": device,
            }
        )

    def __enter__(self):
        return self

    def stop(self):
        """End it, whatever it is at."""
        self._process.kill()
        self._process.status()

    def __exit__(self, *_):
        self._process.close()

    def started(self):
        """Wait until it is ready and return the bytes of an expert."""
        if not self._process.starts():
            self._ended()
        return self._answer()["bytes"]

    def train(self, number, wait, update):
        """As `ExpertWorker.train`."""
        self._process.say({"number": number, "wait": wait})
        while True:
            answer = self._answer()
            if "there" in answer:
                return answer["there"]
            update(answer["done"], loss=answer["loss"], epoch=answer["epoch"])

    def _answer(self):
        answer = self._process.answer()
        if answer is None:
            self._ended()
        if "error" in answer:
            raise VddError(answer["error"])
        if "errno" in answer:
            raise OSError(answer["errno"], answer["strerror"], answer["filename"])
        return answer

    def _ended(self):
        status, said = self._process.status(), self._process.wrote()
        logging.getLogger(__name__).info("%s", said)
        last = f": {said.splitlines()[-1]}" if said else ""
        raise VddError(
            f"A process that trained experts ended with exit status {status}{last}; if memory ran out, lower "
            "experts.processes or experts.batch_size. The same command goes on with the missing experts."
        )

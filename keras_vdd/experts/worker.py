"""Who trains experts: this process, or as `python -m keras_vdd.experts.worker` one of several.

Such a process reads jobs and writes answers as JSON lines, as the decoding processes do: the first job
says what to train on and how, each later one names an expert.
"""

import json
import logging
import os
import queue
import signal
import sys
import threading
import time

import keras

from keras_vdd import files
from keras_vdd.data.store.reader import open_store
from keras_vdd.errors import VddError
from keras_vdd.experts.bank import bank_key, expert_path, locked, save_expert
from keras_vdd.experts.training import ExpertTrainer, ExpertTraining
from keras_vdd.models.registry import NETWORKS
from keras_vdd.own_process import READY
from keras_vdd.placement import computing
from keras_vdd.plugins import load_plugin, loaded_plugins
from keras_vdd.stopping import SIGNALS

SECONDS_BETWEEN_REPORTS = 0.5


class ExpertWorker:
    """Trains experts into a folder, in this process.

    Args:
        train, test: `Store`s.
        training: `ExpertTraining`.
        folder: where experts are kept; it exists.
    """

    def __init__(self, train, test, training, folder):
        self._trainer, self._folder = ExpertTrainer(train, test, training), folder
        self._key = bank_key(train, test, training, keras.config.backend())
        self.nbytes = self._trainer.nbytes

    def train(self, number, wait, update):
        """See to it that an expert is there.

        Args:
            number: int.
            wait: bool, for another process that is at it.
            update: called as `ExpertTrainer.train` does.

        Returns:
            bool, whether it is there; False only where another process is at it and `wait` is False.
        """
        with locked(self._folder, number, wait) as mine:
            if mine and not expert_path(self._folder, number).exists():
                save_expert(self._folder, number, self._trainer.train(number, update), self._key)
        return mine


def main():
    # Signals may reach all processes of a call; the parent decides, and closes the input when it ends.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # The process that waits has said what it says of locks.
    logging.getLogger(files.__name__).setLevel(logging.ERROR)
    _reply(replies, **READY)
    jobs = _jobs()
    try:
        start = jobs.get()
        _load(start["plugins"], start["training"]["network"])
        training = ExpertTraining(**start["training"])
        with computing(start["device"], training.deterministic):
            _serve(start, training, jobs, replies)
    except VddError as error:
        _reply(replies, error=str(error))
    except OSError as error:
        _reply(replies, errno=error.errno, strerror=error.strerror or str(error), filename=error.filename)


def _load(plugins, network):
    """Run the plugins of the process that waits, so that what they register is known here too."""
    for plugin in plugins:
        load_plugin(plugin["path"])
    if loaded_plugins() != plugins:
        raise VddError("A plugin changed after it was loaded: start the command again.")
    if network not in NETWORKS:
        raise VddError(
            f"The processes that train experts do not know the network '{network}': register it in a file and "
            "load that by keras_vdd.load_plugin(FILE) or vdd --plugin FILE."
        )


def _serve(start, training, jobs, replies):
    worker = ExpertWorker(open_store(start["train"]), open_store(start["test"]), training, start["folder"])
    _reply(replies, bytes=worker.nbytes)
    while True:
        job = jobs.get()
        there = worker.train(job["number"], job["wait"], _Reporter(replies))
        _reply(replies, there=there)


class _Reporter:
    """Passes progress on: every epoch, and of the steps one now and then."""

    def __init__(self, replies):
        self._replies, self._said = replies, time.monotonic()

    def __call__(self, done, loss, epoch=None):
        if epoch is not None or time.monotonic() - self._said >= SECONDS_BETWEEN_REPORTS:
            self._said = time.monotonic()
            _reply(self._replies, done=done, loss=loss, epoch=epoch)


def _jobs():
    """The jobs as they come; the process ends at once when the parent is gone, even in the midst of training."""
    jobs = queue.SimpleQueue()

    def read():
        for line in sys.stdin:
            jobs.put(json.loads(line))
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    return jobs


def _reply(replies, **answer):
    replies.write(json.dumps(answer) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()

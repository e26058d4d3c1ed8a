"""A few decoding processes that take jobs and give the answers in order."""

import collections
import concurrent.futures
import contextlib
import os
import signal
import threading

from keras_vdd.errors import VddError
from keras_vdd.limits import limit_reached
from keras_vdd.own_process import Process

WORKER = "keras_vdd.data.decoding.worker"
# No video of the sets takes a second; one that takes this long has lied about itself or hangs the codec.
TIME_LIMIT_S = 300.0
# Long videos of one's own take longer: a megabyte is some 40 frames of full HD, which take half a second.
SECONDS_PER_MEGABYTE = 5
# How often a process that is killed while it starts is started.
STARTS = 3
# None takes so long to start: what hangs is a disk, or what runs in every Python here.
START_LIMIT_S = 300.0
# How a process ends by what its own code does, and not by what others send it.
_CRASHES = {
    getattr(signal, name)
    for name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGTRAP")
    if hasattr(signal, name)
}


class Pool:
    """`workers` processes of `worker.py`, started when first needed; use it in a `with` block."""

    def __init__(self, workers, time_limit=TIME_LIMIT_S):
        self.workers = workers
        self.time_limit = time_limit
        self._threads = concurrent.futures.ThreadPoolExecutor(workers, "decoding")
        self._mine = threading.local()
        self._processes = []
        self._closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closed = True
        for process in list(self._processes):
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()

    def ordered(self, jobs, answer=None):
        """Yield the answer to each job, in the order of `jobs`.

        Jobs are taken a few ahead of the answers, so neither memory nor finished work piles up
        behind one slow video.

        Args:
            jobs: iterable.
            answer: function that answers a job, called in threads; None for `ask`.
        """
        ahead = collections.deque()
        for job in jobs:
            ahead.append(self._threads.submit(answer or self.ask, job))
            if len(ahead) >= 8 * self.workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def ask(self, job):
        """Give a job to this thread's process and wait.

        A process that dies is tried once more, for it may have been killed from outside; one that
        dies twice or takes too long answers with that. Only what a codec does to it is the video's fault.
        """
        for _ in range(2):
            answer, process = self._ask_once(job)
            if answer:
                return answer
        status = process.status()
        if -status in _CRASHES:
            return {"failed": f"the decoder crashed on it (exit status {status})"}
        return {"passing": f"the decoding process {_end_in_words(status, process.wrote())}"}

    def _ask_once(self, job):
        """Return the answer and the process, which has ended where the answer is None."""
        process = self._process()
        limit = self.time_limit + SECONDS_PER_MEGABYTE * (_size(job["path"]) // 1_000_000)
        with _killed_after(limit, process) as late:
            process.say(job)
            answer = process.answer()
        if answer is None:
            self._mine.process = None
            if late.is_set():
                answer = {"failed": f"it was not decoded within {limit:g} s"}
        return answer, process

    def _process(self):
        process = getattr(self._mine, "process", None)
        if process is None or process.ended():
            process = self._mine.process = self._start()
        return process

    def _start(self):
        for _ in range(STARTS):
            process = Process(WORKER)
            self._processes.append(process)
            if self._closed:
                process.kill()
            with _killed_after(START_LIMIT_S, process) as late:
                if process.starts():
                    return process
            if late.is_set():
                raise VddError(
                    f"No decoding process can start, the last one was not ready within {START_LIMIT_S:g} s: see "
                    "whether a disk that Python reads hangs, or what starts with every Python (sitecustomize)."
                )
            status, wrote = process.status(), process.wrote()
            # Killed from outside, as by a machine that is short of memory, it is started once more.
            if status >= 0 or self._closed:
                break
        # What it wrote is for those who ask for tracebacks.
        raise _not_started(status, wrote) from (RuntimeError(wrote) if wrote else None)


@contextlib.contextmanager
def _killed_after(seconds, process):
    """A context that kills a process where it lasts longer; gives an event that is set then."""
    late = threading.Event()
    timer = threading.Timer(seconds, lambda: (late.set(), process.kill()))
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _not_started(status, wrote):
    """Return the error of a decoding process that ended before it could be asked."""
    kind, _, _ = _last_line(wrote).partition(":")
    limit = limit_reached(MemoryError() if kind == "MemoryError" else RuntimeError(wrote))
    if limit:
        return VddError(f"No decoding process can start: {limit}.")
    if kind in ("ImportError", "ModuleNotFoundError"):
        return VddError(
            f"No decoding process can start, for a library does not load ({_last_line(wrote)}): install it again, such "
            "as by `pip install --force-reinstall av`."
        )
    how = _end_in_words(status, wrote)
    return VddError(f"No decoding process can start, the last one {how}: `vdd doctor` says what works here.")


def _end_in_words(status, wrote):
    said = f" ({_last_line(wrote)})" if wrote else ""
    if status >= 0:
        return f"ended with exit status {status}{said}"
    if -status == signal.SIGKILL:
        return "was killed, as where memory runs out"
    return f"was ended by signal {-status}{said}"


def _last_line(wrote):
    return wrote.rpartition("\n")[2].strip()[:300]


def _size(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0

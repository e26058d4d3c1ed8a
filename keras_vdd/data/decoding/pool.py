"""A few decoding processes that take jobs and give the answers in order."""

import collections
import concurrent.futures
import contextlib
import json
import os
import subprocess
import sys
import threading

import keras_vdd
from keras_vdd.errors import VddError

# No video of the sets takes a second; one that takes this long has lied about itself or hangs the codec.
TIME_LIMIT_S = 300.0
# Long videos of one's own take longer: a megabyte is some 40 frames of full HD, which take half a second.
SECONDS_PER_MEGABYTE = 5
# How often a process that is killed while it starts is started.
STARTS = 3
_SIGKILL = 9


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
            process.wait()
            # A job that never reached it is still in the pipe's buffer.
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.stdout.close()

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
            answer, status = self._ask_once(job)
            if answer:
                return answer
        if status >= 0 or status == -_SIGKILL:
            how = "was killed, as where memory runs out" if status < 0 else f"ended with exit status {status}"
            return {"passing": f"the decoding process {how}"}
        return {"failed": f"the decoder crashed on it (exit status {status})"}

    def _ask_once(self, job):
        """Return (answer, None), or (None, exit status) of a process that died."""
        process = self._process()
        late = threading.Event()
        limit = self.time_limit + SECONDS_PER_MEGABYTE * (_size(job["path"]) // 1_000_000)
        timer = threading.Timer(limit, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        finally:
            timer.cancel()
        if answer.endswith("\n"):
            return json.loads(answer), None
        self._mine.process = None
        if late.is_set():
            return {"failed": f"it was not decoded within {limit:g} s"}, None
        return None, process.wait()

    def _process(self):
        process = getattr(self._mine, "process", None)
        if process is None or process.poll() is not None:
            process = self._mine.process = self._start()
        return process

    def _start(self):
        home = os.path.dirname(os.path.dirname(os.path.abspath(keras_vdd.__file__)))
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        for _ in range(STARTS):
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "keras_vdd.data.decoding.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                # What a terminal sends to its programs is the parent's to act on, also while this one starts.
                start_new_session=True,
            )
            self._processes.append(process)
            if self._closed:
                process.kill()
            if process.stdout.readline():
                return process
            status = process.wait()
            # Killed from outside, as by a machine that is short of memory, it is started once more.
            if status >= 0 or self._closed:
                break
        raise VddError(f"The decoding process did not start (exit status {status}): see its message above.")


def _size(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0

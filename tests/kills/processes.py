"""A command as a process, and signals sent to it after so many seconds of processor time, whatever else runs here."""

import os
import pathlib
import signal
import sys
import time
import traceback
from typing import NamedTuple

LIMIT_S = 600
POLL_S = 0.01
TICK = os.sysconf("SC_CLK_TCK")


class Ended(NamedTuple):
    """What became of a process."""

    code: int
    """Its exit code; that of a signal is negative."""
    said: str
    """Its standard error."""
    result: str
    """Its standard output."""
    seconds: float
    """Processor seconds that it took."""
    sent: bool
    """Whether the signals still reached it."""


def run(words, place, after=None, signals=(), pause=0.0, fresh=False):
    """Run `vdd` in a folder.

    Args:
        words: list of str, its arguments.
        place: `pathlib.Path`, where it is run; what it says lies there meanwhile.
        after: float, processor seconds of it and its own processes after which the signals are sent; None sends none.
        signals: tuple of signals, one after another.
        pause: float, seconds between them.
        fresh: whether it begins with starting Python; else it is a fork of this process, which has all imported.
    """
    out, err = place / "stdout", place / "stderr"
    started = os.fork()
    if not started:
        _become(words, place, out, err, fresh)
    spent, sent, limit = 0.0, False, time.monotonic() + LIMIT_S
    try:
        while not _has_ended(started):
            spent = max(spent, processor_seconds(started))
            if after is not None and not sent and spent >= after:
                sent = _send(started, signals, pause)
            if time.monotonic() > limit:
                raise TimeoutError(f"vdd {' '.join(words)} has not ended within {LIMIT_S} s")
            time.sleep(POLL_S)
    finally:
        # What a killed process left running, such as those that decode.
        _to_group(started, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(started, 0)[1])
    texts = [path.read_text(errors="replace") for path in (err, out)]
    for path in (err, out):
        path.unlink()
    # One that had just ended by itself takes no notice.
    return Ended(code, *texts, spent, sent and not (code == 0 and signal.SIGKILL in signals))


def _become(words, place, out, err, fresh):
    """Be the command, in a session of its own, as a shell would start it."""
    code = 1
    try:
        os.setsid()
        os.chdir(place)
        for number, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if fresh:
            os.execv(sys.executable, [sys.executable, "-P", "-m", "keras_vdd.cli", *words])
        # SIGINT too is as it was: a fork skips the time in which Python alone would answer it.
        from keras_vdd.cli import main

        sys.argv[1:] = words
        code = main.run()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _send(leader, signals, pause):
    for index, number in enumerate(signals):
        if index:
            time.sleep(pause)
        if _has_ended(leader):
            return index > 0
        # Ctrl-C and a terminal that closes reach a program's own processes too.
        if number in (signal.SIGINT, signal.SIGHUP):
            _to_group(leader, number)
        else:
            os.kill(leader, number)
    return True


def _has_ended(process):
    # It stays to be waited for, so that its number is nobody else's.
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _to_group(leader, number):
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return


def processor_seconds(process):
    """Those of a process, of its children that ended, and of those that live."""
    try:
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK + sum(processor_seconds(int(child)) for child in children)

"""One sentence where memory runs out: on what, in what, and which setting to lower."""

import contextlib

from keras_vdd.backend import device_in_use, out_of_memory
from keras_vdd.errors import VddError
from keras_vdd.limits import no_threads, says_no_threads
from keras_vdd.machine import address_space_bytes, data_bytes

SMALLER_DATA = "lower data.size or data.frames, or choose another run.device"


@contextlib.contextmanager
def told_of_memory(work, advice):
    """A context whose errors for want of memory become a `VddError`; others pass as they are.

    Args:
        work: text, what was being done: "Stage static".
        advice: text, what to do about it: "lower static.chunk, which is 64".

    Raises:
        VddError: memory ran out, or no thread could be started.
    """
    try:
        yield
    except VddError:
        raise
    except Exception as error:
        if says_no_threads(error):
            raise VddError(f"{work} was stopped: {no_threads()}.") from error
        if not out_of_memory(error):
            raise
        where = "in main memory" if isinstance(error, MemoryError) else f"on {_device()}"
        limit = _limit() if where in ("in main memory", "on cpu") else ""
        raise VddError(f"{work} ran out of memory {where}: {advice}{limit}.") from error


def lower(chunk, length, sample, size):
    """Return the advice to lower a chunk, or where that is 1 the sample that it is cut from.

    Args:
        chunk, sample: names of settings; a run goes on with another chunk, not with another sample.
        length, size: their values; at least as many are sampled as the chunk really has.
    """
    length = min(length, size)
    if length > 1:
        return f"lower {chunk} to less than {length}; the same run then goes on"
    return lower_in_another_run(sample, size)


def lower_in_another_run(name, value):
    """Return the advice to lower a setting that results depend on; of 1 there is no less."""
    if value <= 1:
        return SMALLER_DATA
    return f"lower {name} to less than {value}, which is another run: give another run.name"


def _limit():
    """The end of the advice where it may be this process alone that gets no more."""
    for option, allowed in (("-v", address_space_bytes()), ("-d", data_bytes())):
        if allowed is not None:
            return f"; or raise the limit of {allowed / 1e9:.1f} GB (`ulimit {option}`)"
    return ""


def _device():
    try:
        return device_in_use()
    except Exception:  # to ask takes a few bytes, too
        return "the device"

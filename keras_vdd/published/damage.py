"""Whatever goes wrong with a published file, told in one sentence that names it."""

import contextlib

from keras_vdd.errors import UsageError, VddError
from keras_vdd.limits import limit_reached, says_no_memory
from keras_vdd.machine import address_space_bytes, data_bytes

LONGEST_REASON = 200
REMEDY = "copy or export the set again"


class Damage(Exception):
    """What is wrong with a file or a row, as the middle of a sentence."""


class DamagedError(VddError):
    """A file or a row that cannot be used; `reason` is what is wrong with it."""

    def __init__(self, message, reason=""):
        super().__init__(message)
        self.reason = reason


@contextlib.contextmanager
def told(what, remedy=REMEDY):
    """Turn `Damage`, and any error of another library, into a `DamagedError`: what cannot be used, why, what to do.

    One inside another gives one sentence that names both. A `VddError` of another kind, such as that of a newer
    format, says what to do itself and passes. Where a limit of the process was met, the file is not to blame.

    Args:
        what: str or `Shard`, the beginning of the sentence, such as "The data file train-00000-of-00001".
        remedy: its end, what to do.
    """
    try:
        yield
    except (Damage, UsageError) as damage:
        raise _error(what, reason_of(damage), remedy) from None
    except DamagedError as inner:
        raise _error(what, inner.reason, remedy) from inner.__cause__
    except VddError:
        raise
    # Readers of files raise errors of every class on bytes that somebody changed.
    except Exception as error:
        if limit := _limit_of_this_process(error):
            raise VddError(f"{what} cannot be read: {limit}.") from error
        reason = reason_of(error)
        if isinstance(error, OSError):
            reason = f"it cannot be read ({error.strerror or reason})"
        raise _error(what, reason, remedy) from error


def _limit_of_this_process(error):
    """The sentence on a limit that was met; None where it was none, or where the file may have asked for too much."""
    if says_no_memory(error) and address_space_bytes() is None and data_bytes() is None:
        return None
    return limit_reached(error)


def _error(what, reason, remedy):
    what = str(what)
    return DamagedError(
        f"{what} is damaged: {reason}; {remedy}.", f"{what[:1].lower()}{what[1:]} is damaged: {reason}"
    )


def reason_of(error):
    """Return an error's message on one line, without a full stop; its class where it has none."""
    text = " ".join(str(error).split()).rstrip(".")
    return text[:LONGEST_REASON] or type(error).__name__

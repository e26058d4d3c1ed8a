"""The decoding process: reads one job a line on standard input, answers one line on standard output.

Started as `python -m keras_vdd.data.decoding.worker` by `pool.py`. It is a process of its own, rather than one
of multiprocessing's, so that a codec that crashes or hangs costs one video, a caller's script needs no
`__main__` guard, and nothing of the caller (a loaded backend, a locked thread) is copied.
"""

import contextlib
import errno
import gc
import json
import math
import os
import signal
import sys
import time
import zlib

import av

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.decoding.fault import fault_of_machine, trouble_reading
from keras_vdd.data.decoding.jpeg import encode
from keras_vdd.data.decoding.source_checksum import checksum_if_there, source_checksum
from keras_vdd.data.decoding.unreadable import ChangedMeanwhile, UnreadableVideo
from keras_vdd.files import replacing, write_atomically
from keras_vdd.machine import address_space_bytes
from keras_vdd.own_process import READY
from keras_vdd.sealed import seal
from keras_vdd.stopping import SIGNALS
from keras_vdd.text import counted

# What one process may take, so that a frame that lies about its size is an error and not the end of the
# machine's memory. Decoding 8K takes a tenth of it.
MEMORY_LIMIT = 6 * 2**30
# Seconds to wait before what the machine failed at is tried again.
PAUSES = (0.2, 1.0)


def main():
    # Signals may reach all processes of a call; the parent decides, and closes the input when it ends.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    _limit_memory()
    av.logging.set_level(None)
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # A filter graph holds itself in a circle. What is there already need not be searched for such.
    gc.freeze()
    try:
        _reply(replies, READY)
        for line in sys.stdin:
            job = json.loads(line)
            _reply(replies, _decode(**job) if "part" in job else _look(**job))
            gc.collect()
    except OSError:
        # The parent is gone, or its disk is full beyond even an answer; either way it will see. What is left
        # in the pipe's buffer would be complained of at an orderly end.
        os._exit(1)


def _limit_memory():
    if (address_space_bytes() or math.inf) <= MEMORY_LIMIT:
        return
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # Windows has none

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _reply(replies, answer):
    replies.write(json.dumps(answer) + "\n")
    replies.flush()


def _look(path, size, middle=None):
    """Answer how many frames of `path` will be kept if it decodes; an estimate is no place to fail."""
    try:
        return {"frames": Cut(size, middle=middle).counted_frames(path)}
    except (OSError, MemoryError):
        return {"frames": 0}


def _decode(path, size, part, codec="raw", middle=None, threads=1, there=False):
    """Write the frames of `path` to the file `part` and then the answer to `part.json`; return the answer.

    A part with an answer is finished: a run that goes on after a kill takes it as it is. The answer has
    `frames`, `source` (a hash of the file), `sums`, the CRC-32 of each frame as it is written, and, for frames that
    differ in size, `sizes`, their bytes. Where the video is at fault it has `failed`, why, and `source`. Where the
    machine is, it has `passing`, why, and is not kept: the next call tries again. So it does where the video was
    `there` when the set was listed, and is not any more, as on a disk that was taken away.
    """
    cut, met, pauses = Cut(size, codec, middle), 0, list(PAUSES)
    while True:
        before = _state(path)
        try:
            return _finish(part, _written(path, part, cut, threads, before))
        except Exception as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                return {"disk_full": True}
            changed = error if _state(path) == before else ChangedMeanwhile(path)
            reason, fault = _reason(error), _fault(changed, path, part)
            if not fault and there and not os.access(path, os.R_OK):
                fault = "it is no longer there, or may no longer be read"
        if fault and not pauses:
            return {"passing": fault}
        if fault:
            time.sleep(pauses.pop(0))
            continue
        met += 1
        # Met twice, and all of the file can be read: it is the video's.
        if met == 2:
            source = checksum_if_there(path)
            return _finish(part, {"failed": reason, **({} if source is None else {"source": source})})


def _written(path, part, cut, threads, before):
    """Write the frames; return the answer. The video was in the `_state` `before`."""
    count, sizes, sums = 0, [], []
    try:
        with replacing(part, sync=False) as unfinished, open(unfinished, "wb") as file:
            for frame in cut.frames(path, threads):
                content = frame.data if cut.codec == "raw" else encode(frame)
                written = file.write(content)
                sums.append(zlib.crc32(content))
                if cut.codec != "raw":
                    sizes.append(written)
                count += 1
            answer = {"frames": count, "source": source_checksum(path), "sums": sums}
            if _state(path) != before:
                raise ChangedMeanwhile(path)
    except MemoryError as error:
        raise UnreadableVideo(
            path, f"one of its frames does not fit in memory, after {counted(count, 'frame')}"
        ) from error
    return {**answer, "sizes": sizes} if sizes else answer


def _state(path):
    """What of a file or a folder changes where it is written to or exchanged; None where nobody may look."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _reason(error):
    if isinstance(error, UnreadableVideo):
        return error.reason
    return f"it does not decode ({type(error).__name__}: {error})".replace("\n", " ")


def _fault(error, path, part):
    """Say what of the machine failed, "" where the video did."""
    place = os.fspath(getattr(error, "filename", None) or "")
    if place.startswith(os.path.dirname(part)) and not place.startswith(path):
        return f"its frames cannot be written: {error.strerror or error}"
    return fault_of_machine(error) or trouble_reading(path)


def _finish(part, answer):
    write_atomically(f"{part}.json", seal(answer), sync=False)
    return answer


if __name__ == "__main__":
    main()

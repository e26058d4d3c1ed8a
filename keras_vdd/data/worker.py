"""The decoding process: reads one job a line on standard input, answers one line on standard output.

Started as `python -m keras_vdd.data.worker` by `pool.py`. It is a process of its own, rather than one
of multiprocessing's, so that a codec that crashes or hangs costs one video, a caller's script needs no
`__main__` guard, and nothing of the caller (a loaded backend, a locked thread) is copied.
"""

import errno
import hashlib
import json
import os
import signal
import sys

import av

from keras_vdd.data.decode import UnreadableVideo, decode_frames


def main():
    # Ctrl-C reaches the whole terminal; the parent decides, and closes the input when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    av.logging.set_level(None)
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _reply(replies, {"ready": True})
    for line in sys.stdin:
        job = json.loads(line)
        try:
            _reply(replies, _decode(**job))
        except OSError:
            # The parent is gone, or its disk is full beyond even an answer; either way it will see.
            return


def _reply(replies, answer):
    replies.write(json.dumps(answer) + "\n")
    replies.flush()


def _decode(path, size, part):
    """Write the frames of `path` to the file `part` and then the answer to `part`.json; return the answer.

    A part with an answer is finished: a run that goes on after a kill takes it as it is.
    """
    unfinished = f"{part}.{os.getpid()}"
    count = 0
    try:
        with open(unfinished, "wb") as file:
            for frame in decode_frames(path, size):
                file.write(frame.data)
                count += 1
        source = _hash(path)
        os.replace(unfinished, part)
        return _finish(part, {"frames": count, "source": source})
    except UnreadableVideo as error:
        answer = {"failed": error.reason}
    except MemoryError:
        answer = {"failed": f"one of its frames does not fit in memory, after {count} frames"}
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            answer = {"disk_full": True}
        else:
            answer = {"failed": f"it does not decode ({type(error).__name__}: {error})".replace("\n", " ")}
    try:
        os.remove(unfinished)
    except FileNotFoundError:
        pass
    return answer if "disk_full" in answer else _finish(part, answer)


def _finish(part, answer):
    unfinished = f"{part}.json.{os.getpid()}"
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os.replace(unfinished, f"{part}.json")
    return answer


def _hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


if __name__ == "__main__":
    main()

"""A file's frames as the `ffmpeg` program shows them, and what it said."""

import functools
import os
import re
import subprocess

import numpy as np

# The program that files are made with, and the one whose frames are the measure.
MAKER, SHOWER = "ffmpeg", os.environ.get("FFMPEG", "ffmpeg")


class Refused(Exception):
    """`ffmpeg` met an error: what it decoded is no measure."""


def ffmpeg(*args, program=MAKER):
    """Run `ffmpeg` and return its output; raises `Refused` with its words where it says anything."""
    command = [program, "-v", "error", "-nostdin", "-y", "-threads", "1", *map(str, args)]
    # The AV1 encoder would greet on the channel of errors.
    quiet = {**os.environ, "SVT_LOG": "1"}
    done = subprocess.run(command, capture_output=True, timeout=60, env=quiet)
    if done.returncode or done.stderr.strip():
        raise Refused(done.stderr.decode(errors="replace").strip() or f"exit {done.returncode}")
    return done.stdout


@functools.cache
def version():
    """Return the words by which the program that is the measure calls itself, and its major version."""
    words = subprocess.run([SHOWER, "-version"], capture_output=True, text=True).stdout.split(" Copyright")[0]
    return words, int(re.search(r"\d+", words)[0])


def shown_frames(path, size):
    """Return the frames of a video as `ffmpeg` shows them, each once: uint8 (frames, size, size, 3).

    It chooses the stream, turns and mirrors. Pixels that are not square are made so, and of each frame, scaled for
    it, the middle square is taken, which is what a store keeps.
    """
    short = round(size * 120 / 112)
    steps = (
        f"scale=w='if(gte(iw*sar,ih),max(round({short}*iw*sar/ih),{size}),{short})'"
        f":h='if(gte(iw*sar,ih),{short},max(round({short}*ih/(iw*sar)),{size}))':flags=bicubic"
        f",crop={size}:{size}:floor((iw-{size})/2):floor((ih-{size})/2),format=rgb24"
    )
    try:
        return np.stack(_pictures(path, f"{steps},setpts=N/TB"))
    except Refused as error:
        if "non monotonically" not in str(error):
            raise
    # Where size or format change, filters begin anew and count from 0; the clock goes on.
    return np.stack(_pictures(path, f"{steps},settb=1/90000,setpts=RTCTIME*9/100"))


def shown_shape(path):
    """Return (height, width) of the first frame that is shown, in square pixels."""
    square = "scale=w='round(iw*sar)':h=ih"
    return _pictures(path, square, "-frames:v", "1")[0].shape[:2]


def _pictures(path, steps, *more):
    pictures = ffmpeg(
        "-i", path, "-an", "-sn", "-dn", "-vf", f"{steps},setsar=1", "-fps_mode", "passthrough", *more,
        "-enc_time_base", "1:90000", "-c:v", "ppm", "-pix_fmt", "rgb24", "-f", "rawvideo", "-", program=SHOWER,
    )  # fmt: skip
    frames, at = [], 0
    while at < len(pictures):
        _, sides, _, _ = (fields := pictures[at : at + 40].split(b"\n", 3))
        width, height = map(int, sides.split())
        at += sum(len(field) + 1 for field in fields[:3])
        frames.append(np.frombuffer(pictures, np.uint8, 3 * width * height, at).reshape(height, width, 3))
        at += 3 * width * height
    if not frames:
        raise Refused("it shows no frame")
    return frames

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


def shown_frames(path, size=None):
    """Return the frames of a video as `ffmpeg` shows them, each once: a list of uint8 (height, width, 3).

    It chooses the stream, turns and mirrors; pixels that are not square are made so, by the longer side.

    Args:
        path: the file.
        size: None for whole frames, of which the sizes may differ; else the side of the middle square that a
            store keeps, of frames scaled for it.
    """
    short = "if(gte(iw*sar,ih),ih,round(iw*sar))" if size is None else round(size * 120 / 112)
    least = size or 1
    steps = (
        f"scale=w='if(gte(iw*sar,ih),max(round({short}*iw*sar/ih),{least}),{short})'"
        f":h='if(gte(iw*sar,ih),{short},max(round({short}*ih/(iw*sar)),{least}))':flags=bicubic"
    )
    if size is not None:
        steps += f",crop={size}:{size}:floor((iw-{size})/2):floor((ih-{size})/2)"
    pictures = ffmpeg(
        "-i", path, "-an", "-sn", "-dn", "-vf", f"{steps},format=rgb24,setsar=1,setpts=N/TB",
        "-fps_mode", "passthrough", "-c:v", "ppm", "-f", "image2pipe", "-", program=SHOWER,
    )  # fmt: skip
    frames, at = [], 0
    while at < len(pictures):
        _, sides, _, _ = (fields := pictures[at : at + 40].split(b"\n", 3))
        width, height = map(int, sides.split())
        at += sum(len(field) + 1 for field in fields[:3])
        frames.append(np.frombuffer(pictures, np.uint8, 3 * width * height, at).reshape(height, width, 3))
        at += 3 * width * height
    return frames

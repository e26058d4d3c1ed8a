"""Decoding beside ffmpeg's command line, on the same files and cores, decoding and scaling only.

    python tests/benchmarks/decoding_speed.py [rounds] [videos]

Needs `ffmpeg` on the path, and the real videos of VDD_SHARED (default ../shared) where they are. The files
are clips of UCF101 as they are, and longer videos of usual sizes and codecs made of them. ffmpeg runs in the
two ways that one has: a process a file, as many at once as there are cores; and a process a core that is
given its share as one list, which saves it the starts. All ways alternate. Printed are medians of seconds
passed and, where others are at work on the machine, of processor seconds, and the ratios of both: above 1
means faster than ffmpeg's faster way. Ours includes the start of an interpreter a core. Not a test: a time
depends on the machine.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np

from keras_vdd.data.decoding.decode import decode, scaled_shape
from keras_vdd.machine import processor_count

SIZE = 112
SHARED = Path(os.environ.get("VDD_SHARED", Path(__file__).parents[2] / ".." / "shared")) / "data"
CHILD = """
import sys
from keras_vdd.data.decode import decode_frames
for path in sys.argv[2:]:
    for _ in decode_frames(path, int(sys.argv[1])):
        pass
"""
MADE = {
    "320x240 MPEG-4 AVI": ("mpeg4", 320, 240, ".avi", {"b": "1000000"}),
    "340x256 H.264 MP4": ("libx264", 340, 256, ".mp4", {"preset": "veryfast"}),
    "426x240 VP9 WebM": (
        "libvpx-vp9",
        426,
        240,
        ".webm",
        {"cpu-used": "8", "deadline": "realtime", "b": "500000"},
    ),
    "1280x720 H.264 MP4": ("libx264", 1280, 720, ".mp4", {"preset": "veryfast"}),
}


def shares(files):
    return [part for part in (files[i :: processor_count()] for i in range(processor_count())) if part]


def together(commands):
    with ThreadPoolExecutor(processor_count()) as threads:
        list(
            threads.map(
                lambda command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), commands
            )
        )


def ours(files, filters):
    together([sys.executable, "-c", CHILD, str(SIZE), *part] for part in shares(files))


def ffmpeg_each(files, filters):
    together(_ffmpeg(["-i", file], filters) for file in files)


def ffmpeg_lists(files, filters):
    with tempfile.TemporaryDirectory() as folder:
        lists = []
        for i, part in enumerate(shares(files)):
            lists.append(Path(folder) / f"{i}.txt")
            lists[-1].write_text("".join(f"file '{os.path.abspath(file)}'\n" for file in part))
        together(_ffmpeg(["-f", "concat", "-safe", "0", "-i", str(name)], filters) for name in lists)


def _ffmpeg(source, filters):
    quiet = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", "-filter_threads", "1"]
    return [*quiet, *source, "-vf", filters, "-pix_fmt", "rgb24", "-f", "rawvideo", "/dev/null"]


def made(folder, clips, codec, width, height, suffix, options):
    """Write a video for each core: the clips one after another, enlarged."""
    paths = []
    for core in range(processor_count()):
        paths.append(str(folder / f"{core}-{width}{suffix}"))
        with av.open(paths[-1], "w") as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for frame in np.concatenate(clips):
                container.mux(
                    stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(width, height))
                )
            container.mux(stream.encode())
    return paths


def measure(name, files, rounds):
    with av.open(files[0]) as container:
        stream = container.streams.video[0]
        width, height = scaled_shape(stream.width, stream.height, stream.sample_aspect_ratio, SIZE)
    filters = f"scale={width}:{height}:flags=bicubic,crop={SIZE}:{SIZE}"
    ways = {"ours": ours, "ffmpeg a file": ffmpeg_each, "ffmpeg a list": ffmpeg_lists}
    spent = {way: [] for way in ways}
    for _ in range(rounds):
        for way, decode_all in ways.items():
            started, before = time.perf_counter(), _processor_seconds()
            decode_all(files, filters)
            spent[way].append((time.perf_counter() - started, _processor_seconds() - before))
    medians = {
        way: [statistics.median(column) for column in zip(*times, strict=True)]
        for way, times in spent.items()
    }
    shown = "  ".join(f"{way} {seconds:.2f} ({cpu:.2f}) s" for way, (seconds, cpu) in medians.items())
    mine, *theirs = medians.values()
    ratios = [min(other[i] for other in theirs) / mine[i] for i in (0, 1)]
    print(f"{name:<20} {len(files):>4} files  {shown}  ratio {ratios[0]:.2f} ({ratios[1]:.2f})", flush=True)


def _processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(rounds, count):
    print(f"{processor_count()} cores, {rounds} rounds, medians of seconds passed (and of processor seconds)")
    clips = sorted(map(str, SHARED.glob("UCF101-11/UCF-101/*/*.avi")))
    if clips:
        step = max(len(clips) // count, 1)
        clips = clips[::step][:count]
        measure("160x120 H.264 AVI", clips, rounds)
        frames = [decode(clip, SIZE) for clip in clips[:20]]
    else:
        frames = [np.random.default_rng(0).integers(0, 256, (60, SIZE, SIZE, 3), dtype=np.uint8)]
    with tempfile.TemporaryDirectory() as folder:
        for name, how in MADE.items():
            few = frames[:10] if how[1] > 1000 else frames
            measure(name, made(Path(folder), few, *how), rounds)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [3, 100][len(given) :]))

"""Clips a second out of a store, beside a loader that opens JPEG frames with Pillow one by one.

    python tests/benchmarks/clip_reading.py [videos] [seconds]

The usual loader of this field has a folder of JPEG frames for each video and, for a clip, opens each frame,
resizes it to 160x120 and crops 112 out of the middle. Here its frames are already that small (160x120 at the
usual quality), which favours it. Both draw clips of 16 frames, 4 apart, at random from the same videos, with
files in memory. The ways alternate; medians of batches of 64 clips and ratios are printed. Not a test: a time
depends on the machine.
"""

import os
import statistics
import sys
import tempfile
import time
import types
from pathlib import Path

import av
import numpy as np
from PIL import Image

from keras_vdd.data.clips import read_clips
from keras_vdd.data.folders.listing import Listing, Video
from keras_vdd.data.sampling import clip_indices
from keras_vdd.data.store import prepare

SHARED = Path(os.environ.get("VDD_SHARED", Path(__file__).parents[2] / ".." / "shared")) / "data"
FRAMES, INTERVAL, SIZE, BATCH = 16, 4, 112, 64


def videos_to_read(folder, count):
    """Real clips where they are, else noise."""
    found = sorted(map(str, SHARED.glob("UCF101-11/UCF-101/*/*.avi")))
    if found:
        return found[:: max(len(found) // count, 1)][:count]
    paths = []
    for i in range(count):
        paths.append(str(folder / f"{i}.avi"))
        with av.open(paths[-1], "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            for frame in np.random.default_rng(i).integers(0, 256, (100, 120, 160, 3), dtype=np.uint8):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
    return paths


def extract(paths, folder):
    """Write the frames of each video as JPEG files, as one does for that loader; return their numbers."""
    lengths = []
    for i, path in enumerate(paths):
        (folder / str(i)).mkdir()
        with av.open(path) as container:
            count = 0
            for frame in container.decode(video=0):
                count += 1
                frame.to_image().resize((160, 120)).save(
                    folder / str(i) / f"frame{count:06d}.jpg", quality=95
                )
        lengths.append(count)
    return lengths


def one_by_one(folder, lengths, rows, rng):
    clips = np.empty((len(rows), FRAMES, SIZE, SIZE, 3), np.uint8)
    for k, row in enumerate(rows):
        for j, index in enumerate(clip_indices(lengths[row], FRAMES, INTERVAL, rng)):
            with Image.open(folder / str(row) / f"frame{index + 1:06d}.jpg") as image:
                picture = image.convert("RGB").resize((160, 120), Image.Resampling.BILINEAR)
                clips[k, j] = np.asarray(picture.crop((24, 4, 136, 116)))
    return clips


def main(count, seconds):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = videos_to_read(folder, count)
        (folder / "frames").mkdir()
        lengths = extract(paths, folder / "frames")
        videos = [Video(path, 0, f"a/{i:05d}") for i, path in enumerate(paths)]
        stores = {}
        for codec in ("raw", "jpeg"):
            data = types.SimpleNamespace(set="bench", store=str(folder / "stores"), size=SIZE, codec=codec)
            stores[codec] = prepare(Listing(["a"], videos, videos[:1]), data)["train"]
        ways = {
            "store, raw": lambda rows, rng: read_clips(stores["raw"], rows, FRAMES, INTERVAL, rng),
            "store, jpeg": lambda rows, rng: read_clips(stores["jpeg"], rows, FRAMES, INTERVAL, rng),
            "Pillow one by one": lambda rows, rng: one_by_one(folder / "frames", lengths, rows, rng),
        }
        rng, spent = np.random.default_rng(0), {way: [] for way in ways}
        ended = time.perf_counter() + seconds
        while time.perf_counter() < ended:
            rows = rng.integers(0, len(paths), BATCH)
            for way, read in ways.items():
                for _ in range(8 if way == "store, raw" else 1):
                    started = time.perf_counter()
                    read(rows, rng)
                    spent[way].append(time.perf_counter() - started)
        rates = {way: BATCH / statistics.median(times) for way, times in spent.items()}
        for way, rate in rates.items():
            ratio = rate / rates["Pillow one by one"]
            print(f"{way:<18} {rate:>8,.0f} clips a second  {ratio:6.1f} times")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [100, 20][len(given) :]))

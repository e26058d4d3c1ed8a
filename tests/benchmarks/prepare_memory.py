"""Peak memory of preparing a store, for more and more videos.

    python tests/benchmarks/prepare_memory.py [counts]

Each count is prepared by a process of its own from links to a few real clips (or made ones). Printed are the
largest resident memory of the process that prepares, and that of a decoding process, in MB. Not a test: it
depends on the machine.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from clip_reading import videos_to_read

CODE = """
import os, resource, sys, types
from keras_vdd.data.listing import Listing, Video
from keras_vdd.data.store import prepare
folder, count, codec = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def peak():
    '''Of this process alone, in MB; what its parent had when it started it is not counted (Linux).'''
    with open("/proc/self/status") as file:
        return [int(line.split()[1]) / 1000 for line in file if line.startswith("VmHWM")][0]

names = sorted(os.listdir(folder + "/videos"))
videos = [Video(f"{folder}/videos/{name}", 0, "a/" + name) for name in names[:count]]
data = types.SimpleNamespace(set="bench", store=folder + "/" + codec, size=32, codec=codec)
listed = peak()
stores = prepare(Listing(["a"], videos, videos[:1]), data)
assert len(stores["train"]) == count
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
print(f"{listed:.1f} {peak():.1f} {child:.1f}")
"""


def main(counts):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "made").mkdir()
        real = videos_to_read(folder / "made", 20)
        (folder / "videos").mkdir()
        for i in range(max(counts)):
            os.symlink(real[i % len(real)], folder / "videos" / f"{i:06d}.avi")
        for codec in ("raw", "jpeg"):
            for count in counts:
                command = [sys.executable, "-c", CODE, str(folder), str(count), codec]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                listed, mine, child = done.stdout.split()
                parts = f"preparing {mine} MB (before it {listed}), a decoder {child} MB"
                print(f"{codec:<5} {count:>6} videos: {parts}", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100, 1000, 4000])

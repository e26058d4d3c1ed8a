"""`python -m tests.decoding --count 500`: made files, each read as the `ffmpeg` program shows it.

Frames have to be as many, and each of them the same picture; where `ffmpeg` itself meets an error another file
is made. FFMPEG names a program to compare with, if it is not the one that makes the files.
"""

import argparse
import collections
import random
import sys
import tempfile
import time
from pathlib import Path

import av

from .compare import accepted_though_cut, difference
from .made_files import make
from .shown import Refused, version


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.decoding")
    parser.add_argument("--count", type=int, default=500, help="how many files are to be compared")
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--cut", action="store_true", help="cut each file off, and see that this is told")
    parser.add_argument("--keep", help="a folder for what differs")
    asked = parser.parse_args()
    av.logging.set_level(None)
    wrong, refused, compared, number, began = [], collections.Counter(), 0, asked.first, time.monotonic()
    ways = collections.Counter()
    with tempfile.TemporaryDirectory() as place:
        while compared < asked.count:
            folder = Path(place) / str(number)
            folder.mkdir()
            try:
                made = make(folder, number)
                found = difference(made.path)
                if asked.cut and not found:
                    found = accepted_though_cut(made.path, random.Random(number).uniform(0.2, 0.95))
            except Refused as error:
                refused[str(error).splitlines()[0][:110]] += 1
            else:
                compared += 1
                ways[made.words.split()[0]] += 1
                if found:
                    wrong.append(number)
                    print(f"{number}: {made.words}: {found}", flush=True)
                    if asked.keep:
                        Path(made.path).rename(Path(asked.keep) / Path(made.path).name)
            for file in folder.iterdir():
                file.unlink()
            number += 1
    for words, count in refused.most_common(12):
        print(f"  {count} not made or not decoded by ffmpeg: {words}")
    print(f"  {len(ways)} endings: {dict(ways)}")
    print(f"  {version()[0]}; FFmpeg {av.ffmpeg_version_info} in PyAV {av.__version__}")
    print(f"{compared} files compared in {time.monotonic() - began:.0f} s, {len(wrong)} differ {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

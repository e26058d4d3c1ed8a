"""`python -m tests.kills`: runs that are killed at a random moment, and the same command after it.

Each try starts one of the `commands` in a folder of its own, sends it a signal at random after as many processor
seconds as an undisturbed run had at some moment, and then runs it to its end. It is well if the exit code is that of
the signal, there is no traceback, the command that goes on was printed, every checkpoint that is there is whole, and
the files and the result are those of the undisturbed run, byte by byte. With `--pairs N` N tries are sent two or three
signals within a third of a second instead of one. A number names a try, so that `--first K --count 1` does it again.
The exit code is 1 if one was not well.
"""

import argparse
import collections
import os
import pathlib
import random
import shlex
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from small_run import contents

from keras_vdd.errors import VddError

from .commands import ONE_ROW, commands
from .processes import run

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALS = (signal.SIGKILL, *ASKING)
_ENDED_BY = {signal.SIGINT: "\ninterrupted"}
# Of all tries, those that are killed while Python and Keras are still starting.
STARTING = 0.12
# A moment that came after the end is tried again, an earlier one.
MOMENTS = 5


class Undisturbed:
    """Each command run to its end once, when it is first asked for."""

    def __init__(self, folder, backend):
        self.folder, self.commands = folder, commands(folder, backend)
        self._known = {}
        self.starting = run(["doctor", "--backend", backend], folder, fresh=True).seconds

    def of(self, name):
        """Return ({path: bytes}, `Ended`) of a command."""
        if name not in self._known:
            command, place = self.commands[name], self.folder / name
            if not command.goes_on and not (self.folder / "set").exists():
                self._make_set()
            if name != "prepare":
                # Decoded before, so that it takes as long each time.
                run(_preparing(command.words), self.folder)
            place.mkdir()
            ended = run(command.words, place)
            if ended.code:
                raise SystemExit(f"{name} does not run: {shlex.join(command.words)}\n{ended.said}")
            self._known[name] = found(place, command), ended
        return self._known[name]

    def _make_set(self):
        name = next(name for name, command in self.commands.items() if ONE_ROW in command.words)
        self.of(name)
        shutil.copytree(self.folder / name / "runs" / "quickstart" / "distilled", self.folder / "set")


def _preparing(words):
    recipe = words[words.index("--recipe") + 1] if "--recipe" in words else "quickstart"
    return ["prepare", "--recipe", recipe, *(w for w in words if w.startswith(("data.", "--backend")))]


def found(place, command):
    # Some say where they lie, by right.
    files = contents(place, place)
    return {name: b"" if name in command.dated else content for name, content in files.items()}


def chosen(number, names, several):
    """Return (name of a command, signals, pause, generator of moments) of a try."""
    rng = random.Random(number)
    name = names[number % len(names)]
    if several:
        signals = tuple(rng.choice(ASKING) for _ in range(rng.choice((2, 3))))
        return name, signals, rng.uniform(0, 0.3 / (len(signals) - 1)), rng
    # Each command meets all of them in turn.
    return name, (SIGNALS[(number + number // len(names)) % len(SIGNALS)],), 0.0, rng


def tried(number, undisturbed, names, several):
    """Return (what was done in words, what is wrong in words or "", whether a signal reached it)."""
    name, signals, pause, rng = chosen(number, names, several)
    command, (expected, whole) = undisturbed.commands[name], undisturbed.of(name)
    fresh = rng.random() < STARTING
    end = undisturbed.starting if fresh else whole.seconds
    for _ in range(MOMENTS):
        end = rng.uniform(0, end)
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            killed = run(command.words, place, end, signals, pause, fresh)
            if not killed.sent:
                continue
            wrong = _wrong(killed, signals, command, place) or _gone_on(command, place, expected, whole)
        break
    else:
        wrong = ""
    sent = " ".join(signal.Signals(s).name for s in signals)
    when = f"{end:.2f} s of starting" if fresh else f"{end:.2f} of {whole.seconds:.2f} s"
    return f"{name}, {sent} after {when}", wrong, killed.sent


def _wrong(killed, signals, command, place):
    """What is wrong with how a process ended, and what it left."""
    from keras_vdd.learning.checkpoint import load_arrays

    told = "\n  " + killed.said.replace("\n", "\n  ")
    if "Traceback" in killed.said or "Exception ignored" in killed.said:
        return "a traceback:" + told
    # 0: it came when all was done. Negative: Python had not yet begun with the program, or was done with it.
    asking = {0, *(128 + s for s in signals), *(-s for s in signals)}
    if killed.code not in ({-signal.SIGKILL} if signals == (signal.SIGKILL,) else asking):
        return f"exit code {killed.code}:" + told
    said = {s for s in ASKING if _ENDED_BY.get(s, f"\nstopped by {s.name}") in "\n" + killed.said}
    if said and abs(killed.code) not in {code for s in said for code in (s, 128 + s)}:
        return f"exit code {killed.code}, of another signal than it says:" + told
    again = f"the same command goes on: vdd {shlex.join(command.words)}"
    if command.goes_on and killed.code > 0 and again not in killed.said:
        return "the command that goes on is not named:" + told
    for path in place.rglob("checkpoint*.safetensors"):
        try:
            load_arrays(path)
        except VddError as error:
            return str(error)
    return ""


def _gone_on(command, place, expected, whole):
    """What is wrong with the same command after it."""
    ended = run(command.words, place)
    told = "\n  " + ended.said.replace("\n", "\n  ")
    if ended.code or "Traceback" in ended.said:
        return f"the same command ends with {ended.code}:" + told
    left = found(place, command)
    differ = sorted(name for name in left.keys() | expected.keys() if left.get(name) != expected.get(name))
    if differ:
        return f"other files than undisturbed: {', '.join(differ)}" + told
    same = ended.result == whole.result or not command.repeats
    return "" if same else f"another result: {ended.result}{told}"


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="how many tries with one signal")
    parser.add_argument("--pairs", type=int, default=0, help="how many with two or three; then none with one")
    parser.add_argument("--first", type=int, default=0, help="number of the first try")
    parser.add_argument("--only", default="", help="the commands whose name has this")
    parser.add_argument("--backend", default="torch")
    asked = parser.parse_args(arguments)
    os.environ["KERAS_BACKEND"] = asked.backend
    # Imported here once, so that the processes that are forked need not.
    import keras_vdd.classifiers.training
    import keras_vdd.pipeline  # noqa: F401

    bad, reached, began = [], collections.Counter(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        undisturbed = Undisturbed(pathlib.Path(folder), asked.backend)
        names = [name for name in undisturbed.commands if asked.only in name]
        for number in range(asked.first, asked.first + (asked.pairs or asked.count)):
            words, wrong, sent = tried(number, undisturbed, names, bool(asked.pairs))
            reached[words.rpartition(", ")[0] if sent else "ended before"] += 1
            print(f"{number}: {words}: {wrong or ('well' if sent else 'ended before')}", flush=True)
            bad += [number] if wrong else []
    spent = time.monotonic() - began
    print(f"{sum(reached.values())} tries in {spent:.0f} s: {dict(reached)}; not well: {bad or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.flipped_bits`: bits of files that a later step reads are flipped, one at a time, and it is counted
how many of them are noticed.

A file counts as read once all of it was that a run reads: every frame, snapshot and array. A flip is noticed if the
reader says so by one sentence, or warns and gives what was written. By default 200 bits of each kind
of file are drawn at random; `--bits N --seed S` draws others. The exit code is 1 if one was not noticed.
"""

import argparse
import json
import logging
import pathlib
import sys
import tempfile
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import numpy as np
from small_run import small

import keras_vdd
from keras_vdd.data.folders.listing import Listing, Video
from keras_vdd.data.sources.shapes import draw_video
from keras_vdd.data.store import open_store, prepare
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import VddError
from keras_vdd.evaluation.records import Results
from keras_vdd.experts.bank import ExpertBank, save_expert
from keras_vdd.experts.training import Expert
from keras_vdd.hub.kept import kept_in
from keras_vdd.learning.checkpoint import Checkpoints, load_arrays, save_arrays
from keras_vdd.runs.environment import begun_with, recipe_of
from keras_vdd.runs.folder import RunFolder
from keras_vdd.runs.identity import RunIdentity
from keras_vdd.runs.videos import Videos
from keras_vdd.sealed import read_json, write_json


def stores(place):
    """(kind, file, reader) of decoded stores."""
    import av

    for name in ("wave", "clap"):
        path = place / "videos" / f"{name}.mp4"
        path.parent.mkdir(exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=12)
            stream.width = stream.height = 32
            for frame in draw_video("disk-up", 0, "train", len(name), 8, 32):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
    videos = [
        Video(str(place / "videos" / f"{n}.mp4"), i, f"{n}/0.mp4") for i, n in enumerate(("clap", "wave"))
    ]
    for codec, files in (
        ("raw", ("frames.u8", "frames.crc32", "index.json")),
        ("jpeg", ("frames.jpegs", "frames.ends")),
    ):
        data = types.SimpleNamespace(
            set="folder", store=str(place / codec), size=24, codec=codec, part="whole", frames=4, interval=1
        )
        folder = prepare(Listing(["clap", "wave"], videos, videos), data)["train"].folder

        def read(folder=folder):
            store = open_store(folder)
            return [store.frames(i) for i in range(len(store))]

        for file in files:
            yield f"store ({codec}): {file}", pathlib.Path(folder) / file, read


def experts(place):
    rng = np.random.default_rng(0)
    snapshots = [[rng.random((4, 5), dtype="float32"), rng.random(3, dtype="float32")] for _ in range(3)]
    save_expert(place, 0, Expert(snapshots, [1.0, 0.5], 50.0))
    yield (
        "expert",
        place / "expert-0000.safetensors",
        lambda: [ExpertBank(place, 1).snapshot(0, e) for e in range(3)],
    )
    write_json(place / "experts.json", {"set": "shapes", "classes": ["clap", "wave"]}, indent=2)
    yield "experts.json", place / "experts.json", lambda: read_json(place / "experts.json")


def runs(place):
    recipe, rng = small(place), np.random.default_rng(0)
    store = types.SimpleNamespace(
        class_names=["clap", "wave"], labels=[0, 1], names=["a", "b"], sources=["1", "2"]
    )
    run = RunFolder(recipe)
    run.goes_on_with(recipe, {"train": store, "test": store})
    for iteration in range(1, 6):
        run.log.append(stage="static", iteration=iteration, loss=1 / iteration)
    records = run.log.records()
    arrays = {"memory/0/static": rng.random((2, 1, 4, 4, 3), dtype="float32"), "losses": np.arange(5.0)}
    checkpoints = Checkpoints(run.stage("static"), run.run_id)
    checkpoints.save(arrays, iteration=5, log=records)
    result = run.stage("dynamic") / "memory.safetensors"
    save_arrays(result, arrays, run_id=run.run_id, iterations=5)
    yield "checkpoint", checkpoints.path, lambda: load_arrays(checkpoints.path, run.run_id)
    yield "result of a stage", result, lambda: load_arrays(result, run.run_id)
    yield "environment.json", run.path / "environment.json", lambda: begun_with(run.path)
    yield "recipe.yaml", run.path / "recipe.yaml", lambda: recipe_of(run.path)
    mark = RunIdentity.read(run.path, videos=False).mark
    yield "videos.json", run.path / "videos.json", lambda: Videos.read(run.path, mark)
    row = run.stage("evaluation") / "random-clips.json"
    write_json(row, {"row": "random clips", "networks": [{"number": 0, "top1": 12.5}]}, run.run_id, indent=1)
    yield "evaluation/*.json", row, lambda: read_json(row, run.run_id)
    results = Results("mine", "shapes", 2, "torch", "mini_c3d", "some", (), {})
    results.write(run.path / "results.json", run.run_id)
    yield (
        "results.json",
        run.path / "results.json",
        lambda: Results.read(run.path / "results.json", run.run_id),
    )

    def log():
        run.log.restore("static", records)
        return run.log.records()

    yield "log.jsonl", run.log.path, log


def published(place):
    rng = np.random.default_rng(0)
    made = DistilledSet(
        "still", ["clap", "wave"], 4, (0.5,) * 3, (0.25,) * 3, 1, recipe="name: mine\n",
        static=rng.standard_normal((2, 1, 16, 16, 3), dtype="float32"),
    )  # fmt: skip
    results = Results("mine", "shapes", 2, "torch", "mini_c3d", "some", (), {})
    folder = keras_vdd.export(made, place / "set", results=results)
    (data,) = (folder / "data").iterdir()

    def read():
        loaded = keras_vdd.load(folder)
        return loaded.static, loaded.recipe, loaded.provenance, kept_in(folder).results

    for name in (f"data/{data.name}", "provenance.json", "results.json", "recipe.yaml"):
        yield f"published: {'data' if name.startswith('data') else name}", folder / name, read


class Warnings(logging.Handler):
    """Counts warnings, and shows none."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record):
        self.count += 1


def as_text(value):
    """Enough of what a reader gave to compare it."""
    return json.dumps(value, default=lambda v: v.tolist() if isinstance(v, np.ndarray) else repr(v))


def flipped(path, read, bits, rng, warnings):
    """Return how many of the bits were noticed."""
    whole, expected = path.read_bytes(), as_text(read())
    noticed = 0
    for place, bit in zip(rng.integers(len(whole), size=bits), rng.integers(8, size=bits), strict=True):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        before = warnings.count
        try:
            given = as_text(read())
        except (VddError, ValueError) as error:
            noticed += "\n" not in str(error)
        else:
            # What comes with a warning is what was written, or what a person may have edited.
            noticed += warnings.count > before and (given == expected or path.suffix == ".yaml")
    path.write_bytes(whole)
    return noticed


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.flipped_bits", description=__doc__)
    parser.add_argument("--bits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args(arguments)
    warnings, rng, silent = Warnings(), np.random.default_rng(wanted.seed), 0
    log = logging.getLogger("keras_vdd")
    log.addHandler(warnings)
    log.propagate = False
    with tempfile.TemporaryDirectory() as folder:
        for make in (stores, experts, runs, published):
            place = pathlib.Path(folder) / make.__name__
            place.mkdir()
            for kind, path, read in make(place):
                noticed = flipped(path, read, wanted.bits, rng, warnings)
                silent += wanted.bits - noticed
                print(f"{kind:28} {noticed} of {wanted.bits} noticed")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

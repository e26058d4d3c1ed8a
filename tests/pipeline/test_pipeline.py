"""A recipe taken to the end in small: what lies in the run folder, for every kind of memory."""

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from small_run import SMALL, contents, small

import keras_vdd
from keras_vdd import pipeline, placement
from keras_vdd.classifiers import training
from keras_vdd.data.store import open_store
from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import load_arrays, save_arrays
from keras_vdd.planning import plan as planning
from keras_vdd.recipe.load import load_recipe
from keras_vdd.runs.folder import RunFolder
from keras_vdd.sealed import read_json

# Of the small recipe: frames of a clip, and frames of a source video.
CLASSES, SIZE, FRAMES, VIDEO_FRAMES = 8, 32, 8, 24
# Bytes of a real frame and a real clip, one a value.
STILL, CLIP = SIZE * SIZE * 3, FRAMES * SIZE * SIZE * 3
# Weights of an integrator: a 3 x 3 x 3 convolution from 4 channels (a still and its motion) to 3, and its bias.
INTEGRATOR = 3 * 3 * 3 * 4 * 3 + 3
# Bytes, 4 a value: of each class a still of 3 channels and a dynamic memory of 1.
DISTILLED = 4 * CLASSES * (STILL + FRAMES * SIZE * SIZE) + 4 * INTEGRATOR


def test_the_table_has_every_row_with_its_exact_bytes(whole):
    stills, clips = DISTILLED // STILL, DISTILLED // CLIP
    expected = {
        "random stills": (CLASSES, CLASSES * STILL),
        "random clips": (CLASSES, CLASSES * CLIP),
        "random stills, equal bytes": (stills, stills * STILL),
        "random clips, equal bytes": (clips, clips * CLIP),
        "static memory alone": (CLASSES, 4 * CLASSES * STILL),
        "full set": (3 * CLASSES, 3 * CLASSES * VIDEO_FRAMES * STILL),
        "DM + static-dynamic": (CLASSES, DISTILLED),
    }
    rows = {row["method"]: row for row in whole.results["rows"]}
    assert {name: (row["clips"], row["bytes"]) for name, row in rows.items()} == expected
    for row in rows.values():
        assert len(row["top1"]["values"]) == 2 and row["diverged"] == 0
        assert 0 <= row["top1"]["mean"] <= row["top5"]["mean"] <= 100
        assert row["pairs"]["mean"] is not None
        assert (row["backend"], row["device"]) == (keras.config.backend(), placement.facts()["device"])
    assert read_json(whole.folder / "results.json") == whole.results
    assert whole.results["backend"] == keras.config.backend()
    assert whole.results["losses"]["static"]["iterations"] == 3
    assert whole.results["losses"]["dynamic"]["iterations"] == 4
    card = (whole.folder / "distilled" / "README.md").read_text(encoding="utf-8")
    assert all(name in card for name in expected)


def test_the_exported_set_is_what_was_learned(whole):
    learned, _ = load_arrays(whole.folder / "dynamic" / "memory.safetensors")
    loaded = keras_vdd.load(whole.folder / "distilled")
    assert set(learned) == {"static", "dynamic", "kernels", "biases"}
    for name, array in learned.items():
        np.testing.assert_array_equal(getattr(loaded, name), array)
    static = load_arrays(whole.folder / "static" / "memory.safetensors")[0]["static"]
    np.testing.assert_array_equal(learned["static"], static)
    assert not list(whole.folder.rglob("checkpoint.safetensors")) and not list(whole.folder.rglob("*.tmp"))
    assert len(loaded.class_names) == CLASSES and loaded.provenance["backend"] == keras.config.backend()


def test_the_pictures_and_the_page_open(whole):
    report = whole.folder / "report"
    with Image.open(report / "strip.png") as strip:
        strip.load()
        assert strip.width > FRAMES * SIZE and strip.height > CLASSES * SIZE
    with Image.open(report / "videos.gif") as videos:
        assert videos.n_frames == FRAMES
    page = (report / "index.html").read_text(encoding="utf-8")
    assert f"{DISTILLED:,}" in page and "random stills, equal bytes" in page and "<img" in page


def test_the_same_command_again_redoes_nothing(whole):
    def times():
        files = [p for p in whole.place.rglob("*") if p.is_file() and p.name != "lock"]
        return {path: path.stat().st_mtime_ns for path in files}

    before = times()
    assert pipeline.distill(whole.recipe) == whole.results
    assert times() == before


def test_another_recipe_in_the_same_folder_is_refused_and_harms_nothing(whole):
    before = contents(whole.folder)
    with pytest.raises(VddError, match="dynamic.momentum"):
        pipeline.distill(small(whole.place, "dynamic.momentum=0.9"))
    assert contents(whole.folder) == before


def test_evaluate_and_train_of_the_set_alone_agree_with_the_run(whole, tmp_path, tensorflow_is_left_alone):
    scored = pipeline.evaluate(whole.folder, whole.recipe)
    row = whole.results["rows"][-1]
    assert {key: scored[key] for key in ("top1", "top5", "pairs", "bytes", "clips")} == {
        key: row[key] for key in ("top1", "top5", "pairs", "bytes", "clips")
    }
    # The first network of the table, for it starts from the same weights.
    first = {"top1": row["top1"]["values"][0], "top5": row["top5"]["values"][0]}
    path = tmp_path / "classifier.keras"
    trained = training.train(whole.folder / "distilled", whole.recipe, save=path)
    assert {name: trained[f"protocol_{name}"] for name in first} == first
    assert trained["saved"] == str(path) and list(tmp_path.iterdir()) == [path]

    # And what is said of the file is what plain Keras finds.
    model, clips = keras.models.load_model(path), keras_vdd.test_clips(whole.recipe, pixels=True)
    model.compile(
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(5, name="top5")],
    )
    found = model.evaluate(clips, verbose=0, return_dict=True)
    assert trained["top1"] == pytest.approx(100 * found["accuracy"], abs=1e-4)
    assert trained["top5"] == pytest.approx(100 * found["top5"], abs=1e-4)

    unsaved = training.train(whole.folder / "distilled", whole.recipe)
    assert {name: unsaved[name] for name in first} == first
    assert unsaved.keys() == trained.keys() - {"protocol_top1", "protocol_top5", "saved", "standardised"}


def test_the_plan_says_what_is_made(whole):
    plan = pipeline.plan(whole.recipe)
    loaded = keras_vdd.load(whole.folder)
    assert (plan["classes"], plan["videos"]) == (CLASSES, len(loaded.pairs()))
    assert plan["bytes"]["distilled"] == DISTILLED
    assert plan["bytes"]["real clip, one byte a value"] == CLIP
    rows = {"evaluation of the set", "evaluation of the rows beside it"}
    assert set(plan["estimates"]) == {"static", "dynamic"} | rows
    for stage in plan["estimates"].values():
        assert stage["parameters"] > 0 and stage["seconds"] >= 0 and stage["bytes of memory"] > 0


QUICK = ("evaluation.compare=[]", "evaluation.seeds=1", "evaluation.steps=1")
STILLS = ("memory.kind=still", "memory.statics_per_class=2")
TWO = ("memory.videos_per_class=2", "memory.statics_per_class=4", "memory.dynamics_per_class=2")
# Settings, then the shapes of a class's memories and the number of its videos.
KINDS = {
    "stills by DC": ((*STILLS, "dynamic=null", "static.iterations=2"), {"static": (2,)}, 2),
    "stills by DM in bfloat16": (
        (*STILLS, "static=null", "dynamic.learning_rates={static: 10.0}", "run.precision=bfloat16"),
        {"static": (2,)},
        2,
    ),
    "whole videos in float16": (
        (
            "memory.kind=full-video",
            "static=null",
            "dynamic.learning_rates={video: 100.0}",
            "export.dtype=float16",
        ),
        {"video": (1, FRAMES)},
        1,
    ),
    "two videos a class, two integrators": (
        (*TWO, "memory.integrators=2", "static=null"),
        {"static": (4,), "dynamic": (2, FRAMES)},
        4,
    ),
}


# One on every backend: the others differ in layers that are tested on each.
ON_EVERY_BACKEND = "two videos a class, two integrators"


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [k if k == ON_EVERY_BACKEND else pytest.param(k, marks=pytest.mark.once) for k in KINDS]
)
def test_every_kind_of_memory_runs_to_the_end(kind, whole, tmp_path, monkeypatch):
    settings, parts, videos = KINDS[kind]
    recipe = small(tmp_path, *QUICK, *settings, store=whole.store)
    monkeypatch.setattr(planning, "_estimates", lambda *arguments: {})
    plan = pipeline.plan(recipe)
    results = pipeline.distill(recipe)
    row = results["rows"][-1]

    folder = tmp_path / "runs" / "quickstart"
    loaded = keras_vdd.load(folder)
    shapes = {
        name: [CLASSES, *counts, SIZE, SIZE, 1 if name == "dynamic" else 3] for name, counts in parts.items()
    }
    integrators = 2 if "dynamic" in parts else 0
    itemsize = np.dtype(recipe.export.dtype).itemsize
    nbytes = itemsize * sum(int(np.prod(shape)) for shape in shapes.values()) + 4 * integrators * INTEGRATOR
    assert {name: list(getattr(loaded, name).shape) for name in shapes} == shapes
    assert (0 if loaded.kernels is None else len(loaded.kernels)) == integrators
    assert {name: shape for name, shape in plan["shapes"].items() if name != "integrator"} == shapes
    assert plan["bytes"]["distilled"] == row["bytes"] == nbytes
    assert plan["videos"] == row["clips"] == len(loaded.pairs()) == CLASSES * videos

    stage, iterations = ("dynamic", 4) if recipe.dynamic else ("static", 2)
    assert set(results["losses"]) == {stage} and results["losses"][stage]["iterations"] == iterations
    assert np.isfinite(results["losses"][stage]["loss"]) and row["diverged"] == 0
    learned, _ = load_arrays(folder / stage / "memory.safetensors")
    for name in shapes:
        # What is scored is what was written, rounded where it was.
        stored = learned[name].astype(recipe.export.dtype).astype("float32")
        np.testing.assert_array_equal(getattr(loaded, name), stored)


@pytest.mark.slow
def test_rounding_to_float16_is_part_of_the_score(whole, tmp_path):
    recipe = small(tmp_path, "export.dtype=float16", "evaluation.compare=[]", store=whole.store)
    # The learning is that of the whole run, so it is taken from there.
    begun = RunFolder(recipe)
    (folder,) = (path.parent.parent for path in whole.store.glob("*/train/index.json"))
    begun.goes_on_with(recipe, {split: open_store(folder / split) for split in ("train", "test")})
    for stage in ("static", "dynamic"):
        arrays, facts = load_arrays(whole.folder / stage / "memory.safetensors")
        save_arrays(begun.stage(stage) / "memory.safetensors", arrays, run_id=begun.run_id, **facts)
    row, exact = pipeline.distill(recipe)["rows"][-1], whole.results["rows"][-1]
    assert row["bytes"] == (DISTILLED - 4 * INTEGRATOR) // 2 + 4 * INTEGRATOR
    losses = [[network["loss"] for network in table["networks"]] for table in (row, exact)]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(*losses, rtol=1e-2)


@pytest.mark.slow
def test_equal_runs_have_equal_bytes(whole, tmp_path, monkeypatch):
    found = []
    for place in (tmp_path / "one", tmp_path / "two"):
        place.mkdir()
        monkeypatch.chdir(place)
        settings = [*SMALL, f"data.store={whole.store}", "run.dir=runs", "evaluation.compare=[random-stills]"]
        pipeline.distill(load_recipe("quickstart", settings))
        found.append(contents(place))
        steps = [
            json.loads(line) for line in (place / "runs/quickstart/times.jsonl").read_text().splitlines()
        ]
        assert {line["step"] for line in steps} == {
            "prepare", "static", "dynamic", "export", "evaluation", "report",
        }  # fmt: skip
        assert [(line["row"], line["network"]) for line in steps if line["step"] == "evaluation"] == [
            (row, number) for row in ("DM + static-dynamic", "random stills") for number in (0, 1)
        ]
    one, two = found
    assert {"runs/quickstart/results.json", "runs/quickstart/log.jsonl"} <= one.keys()
    assert one.keys() == two.keys() and [name for name in one if one[name] != two[name]] == []


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("name", ["results.json", "evaluation/random-stills.json"])
# One on every backend, for reading a file does not depend on it.
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", marks=pytest.mark.once, id="empty"),
        pytest.param(lambda content: b'[{"number": 0}]', marks=pytest.mark.once, id="other JSON"),
        pytest.param(lambda content: content[:100], id="cut off"),
    ],
)
def test_a_damaged_file_that_can_be_made_again_is_made_again(name, damage, whole, tmp_path, caplog):
    recipe = small(tmp_path, store=whole.store)
    folder = tmp_path / "runs" / "quickstart"
    shutil.copytree(whole.folder, folder)
    (folder / "results.json").unlink()
    (folder / name).write_bytes(damage((whole.folder / name).read_bytes()))
    assert pipeline.distill(recipe) == whole.results
    assert [text for text in caplog.messages if "damaged" in text and name in text and "\n" not in text]
    assert contents(folder, whole.place, tmp_path) == contents(whole.folder, whole.place, tmp_path)

"""Every method taken from recipe to table in small: it stores what its plan says, to the byte."""

import keras
import numpy as np
import pytest
from small_run import small_of

import keras_vdd
from keras_vdd import pipeline
from keras_vdd.distilled.budget import stored_bytes
from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import load_arrays
from keras_vdd.planning import plan as planning
from keras_vdd.sealed import read_json
from keras_vdd.stages import dynamic as dynamic_stage

CLASSES, FRAMES, SIZE, VIDEO = 8, 4, 32, 24
STILL, CLIP, MOTION = SIZE * SIZE * 3, FRAMES * SIZE * SIZE * 3, FRAMES * SIZE * SIZE
INTEGRATOR = 4 * (3 * 3 * 3 * 4 * 3 + 3)
LABELS = 4 * CLASSES
# A class's bytes of what a recipe stores besides an integrator, and the stages it goes through.
LEARNED = {
    "mtt-shapes": (4 * (STILL + MOTION), {"static", "dynamic"}),
    "frepo-shapes": (4 * (STILL + MOTION) + LABELS, {"static", "dynamic"}),
    "sfvd-shapes": (4 * STILL, {"dynamic"}),
    "dm-shapes-naive": (4 * CLIP, {"dynamic"}),
    "mtt-shapes-naive": (4 * CLIP, {"dynamic"}),
    "frepo-shapes-naive": (4 * CLIP + LABELS, {"dynamic"}),
}
# MTT and FRePo with a static-dynamic memory run on every backend; what is a setting away, on the quickest.
EVERYWHERE = ("mtt-shapes", "frepo-shapes")
QUICKEST = pytest.mark.skipif(
    keras.config.backend() != "torch", reason="runs on torch only: the suite's time"
)


def cases(names):
    return [name if name in EVERYWHERE else pytest.param(name, marks=QUICKEST) for name in names]


def taken_to_the_end(recipe, monkeypatch):
    """(results, the exported set, the run folder) of a recipe, its plan checked against its bytes."""
    monkeypatch.setattr(planning, "_estimates", lambda *arguments: {})
    plan, results = pipeline.plan(recipe), pipeline.distill(recipe)
    folder = pipeline.RunFolder(recipe).path
    assert read_json(folder / "results.json") == results
    row, loaded = results["rows"][-1], keras_vdd.load(folder)
    assert row["bytes"] == plan["bytes"]["distilled"] == stored_bytes(loaded, recipe.export.dtype)
    assert row["clips"] == plan["videos"] == len(loaded.pairs()) and row["method"] == plan["title"]
    assert len(row["top1"]["values"]) == 1 and row["diverged"] == 0
    assert not list(folder.rglob("checkpoint.safetensors")) and not list(folder.rglob("*.tmp"))
    return results, loaded, folder


@pytest.mark.parametrize("name", cases(LEARNED))
def test_learned_sets(name, whole, tmp_path, monkeypatch):
    recipe = small_of(name, tmp_path, store=whole.store)
    results, loaded, folder = taken_to_the_end(recipe, monkeypatch)
    of_class, went_through = LEARNED[name]
    integrators = INTEGRATOR if loaded.kernels is not None else 0
    assert results["rows"][-1]["bytes"] == CLASSES * of_class + integrators
    assert set(results["losses"]) == went_through and results["losses"]["dynamic"]["iterations"] == 4
    assert all(np.isfinite(stage["loss"]) for stage in results["losses"].values())
    learned, facts = load_arrays(folder / "dynamic" / "memory.safetensors")
    for part, array in learned.items():
        np.testing.assert_array_equal(getattr(loaded, part), array)
    assert loaded.provenance.get("step_size") == facts["results"].get("step_size")
    assert ("step_size" in facts["results"]) == name.startswith(("mtt", "sfvd"))
    assert loaded.label_kind == ("regression" if name.startswith("frepo") else None)
    if name.startswith("frepo"):
        assert results["rows"][-1]["note"] == "learned labels, squared error"
    if name.startswith(("mtt", "sfvd")):
        experts = sorted(path.name for path in (tmp_path / "experts").glob("*/*.safetensors"))
        assert experts == ["expert-0000.safetensors", "expert-0001.safetensors"]
    if name.startswith("sfvd"):
        start = load_arrays(folder / "static" / "memory.safetensors")
        assert start[1]["iterations"] == 0, "from real frames"
        assert start[0]["static"].shape == loaded.static.shape and not np.array_equal(
            loaded.static, start[0]["static"]
        )


@QUICKEST
@pytest.mark.parametrize("name", ["random-shapes", "herding-shapes", "k-center-shapes"])
def test_coresets_store_the_pixels_of_real_clips(name, whole, tmp_path, monkeypatch):
    recipe = small_of(name, tmp_path, "evaluation.compare=[random-stills-equal-bytes]", store=whole.store)
    results, loaded, folder = taken_to_the_end(recipe, monkeypatch)
    beside, row = results["rows"]
    assert row["bytes"] == CLASSES * CLIP and recipe.export.dtype == loaded.dtype == "uint8"
    assert (beside["clips"], beside["bytes"]) == (CLASSES * FRAMES, CLASSES * CLIP)
    chosen, facts = load_arrays(folder / "coreset" / "memory.safetensors")
    np.testing.assert_array_equal(loaded.video, chosen["video"])
    assert facts["method"] == recipe.coreset.method and len(set(facts["videos"])) == CLASSES
    assert results["losses"] == {}


@QUICKEST
def test_too_few_videos_to_choose_from_are_told_before_anything_is_made(whole, tmp_path):
    recipe = small_of("herding-shapes", tmp_path, "memory.videos_per_class=4", store=whole.store)
    with pytest.raises(VddError, match="has 3 training videos, fewer than memory.videos_per_class=4"):
        pipeline.distill(recipe)
    assert not (tmp_path / "runs").exists()


def test_the_full_set_is_scored_and_nothing_exported(whole, tmp_path, monkeypatch):
    recipe = small_of("full-shapes", tmp_path, store=whole.store)
    monkeypatch.setattr(planning, "_estimates", lambda *arguments: {})
    (row,) = pipeline.distill(recipe)["rows"]
    assert (row["clips"], row["bytes"]) == (3 * CLASSES, 3 * CLASSES * VIDEO * STILL)
    plan = pipeline.plan(recipe)
    assert plan["videos"] == row["clips"] and "distilled" not in plan["bytes"]
    assert not (pipeline.RunFolder(recipe).path / "distilled").exists()


@QUICKEST
def test_stills_learned_by_dm_after_dc(whole, tmp_path, monkeypatch):
    more = ("memory.kind=still", "dynamic.learning_rates.static=1")
    results, loaded, folder = taken_to_the_end(
        small_of("quickstart", tmp_path, *more, store=whole.store), monkeypatch
    )
    assert results["rows"][-1]["bytes"] == CLASSES * 4 * STILL and set(results["losses"]) == {
        "static",
        "dynamic",
    }
    before = load_arrays(folder / "static" / "memory.safetensors")[0]["static"]
    assert loaded.static.shape == before.shape and not np.array_equal(loaded.static, before)


BEYOND = (
    "memory.integrator_start=identity",
    "memory.dynamic_frames=2",
    "memory.dynamic_size=16",
    "memory.quantise=true",
    "export.dtype=int8",
)
AUGMENT = "[flip,colour,crop,cutout,scale,rotate]"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, more, labels",
    [
        ("quickstart", (f"static.augment={AUGMENT}", f"dynamic.augment={AUGMENT}"), 0),
        pytest.param(
            "mtt-shapes",
            (f"dynamic.augment={AUGMENT}", "dynamic.soft_labels=true", "dynamic.learning_rates.labels=1"),
            LABELS,
            marks=QUICKEST,
        ),
    ],
)
def test_all_beyond_the_paper_at_once_is_stored_as_training_saw_it(
    name, more, labels, whole, tmp_path, monkeypatch
):
    memories, begin = [], dynamic_stage.start_memory
    monkeypatch.setattr(
        dynamic_stage, "start_memory", lambda *arguments: memories.append(begin(*arguments)) or memories[-1]
    )
    recipe = small_of(name, tmp_path, *BEYOND, *more, store=whole.store)
    results, loaded, _ = taken_to_the_end(recipe, monkeypatch)
    of_class = STILL + 2 * 16 * 16 + 2 * 4 + labels
    assert results["rows"][-1]["bytes"] == CLASSES * of_class + INTEGRATOR
    assert loaded.dynamic.shape == (CLASSES, 1, 2, 16, 16, 1) and loaded.dtype == "int8"
    (memory,) = memories
    pairs = memory.enumerate()
    np.testing.assert_array_equal(pairs, loaded.pairs())
    seen = keras.ops.convert_to_numpy(memory(keras.ops.convert_to_tensor(pairs)))
    assert seen.shape == (CLASSES, FRAMES, SIZE, SIZE, 3)
    assert np.abs(loaded.reconstruct(pairs) - seen).max() < 1e-5 * np.abs(seen).max()
    # The weights themselves lie between the levels.
    assert not np.array_equal(keras.ops.convert_to_numpy(memory.dynamic), loaded.dynamic)
    # The identity's kernel still passes the still through.
    assert (loaded.kernels[0][1, 1, 1, :3].diagonal() > 0.5).all()
    if labels:
        assert loaded.label_kind == "probabilities" and results["rows"][-1]["note"] == "learned labels"
        np.testing.assert_allclose(loaded.labels.sum(-1), 1, rtol=1e-6)

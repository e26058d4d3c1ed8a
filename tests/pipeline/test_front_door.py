"""Everything that `vdd` does is one call in Python, with the same result."""

import csv
import json
import logging
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from small_run import PARAMETRIC, contents, overrides, small

import keras_vdd
from keras_vdd.cli.main import COMMANDS, main
from keras_vdd.errors import UsageError, VddError
from keras_vdd.learning.checkpoint import load_arrays
from keras_vdd.stages import real_videos

QUICK = ("evaluation.compare=[]", "evaluation.seeds=1", "evaluation.steps=1")
EXPERTS = (
    "dynamic.loss=mtt", "dynamic.learning_rates.step_size=1e-5", "dynamic.max_start_epoch=1", "experts.count=1",
    "experts.batch_size=12",
)  # fmt: skip


def without_times(value):
    """A result without what another call measures anew."""
    if isinstance(value, dict):
        told = ("seconds", "decoded", "estimates", "time, estimated")
        return {key: without_times(item) for key, item in value.items() if key not in told}
    return [without_times(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def vdd(capsys):
    """A function that gives the JSON document of a command."""

    def run(*words):
        capsys.readouterr()
        assert main([str(word) for word in (*words, "--json")]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def prepared(vdd, whole, place):
    settings = overrides(whole.place)
    return vdd("prepare", "--recipe", "quickstart", *settings), keras_vdd.prepare(whole.recipe)


def with_experts(vdd, whole, place):
    settings = overrides(place, *EXPERTS, f"experts.folder={place / 'experts'}", store=whole.store)
    of_cli = vdd("experts", "--recipe", "quickstart", *settings)
    return of_cli, keras_vdd.make_experts(keras_vdd.load_recipe("quickstart", settings))


def with_an_interpolator(vdd, whole, place):
    settings = overrides(place, *PARAMETRIC, f"interpolator.folder={place / 'made'}", store=whole.store)
    of_cli = vdd("interpolator", "--recipe", "quickstart", *settings)
    return of_cli, keras_vdd.make_interpolator(keras_vdd.load_recipe("quickstart", settings))


def distilled(vdd, whole, place):
    of_cli = vdd("distill", "--recipe", "quickstart", *overrides(whole.place))
    return of_cli, keras_vdd.distill("quickstart", **whole.recipe.model_dump(exclude={"name", "summary"}))


def evaluated(vdd, whole, place):
    of_cli = vdd("evaluate", whole.folder, "evaluation.seeds=1")
    return of_cli, keras_vdd.evaluate(whole.folder, **{"evaluation.seeds": 1})


def trained(vdd, whole, place):
    kept = place / "kept.keras"
    found = vdd("train", whole.folder / "distilled", "--save", kept)
    kept.unlink()
    return found, keras_vdd.train(whole.folder / "distilled", save=kept)


def predicted(vdd, whole, place):
    kept, videos = place / "kept.keras", str(next(whole.store.glob("shapes-source-*/test/disk-up")))
    keras_vdd.train(whole.folder, save=kept)
    found = vdd("predict", kept, videos, "--top", "2", "--clips", "1")
    assert len(found["videos"]) == 2 and len(found["videos"][0]["top"]) == 2
    return found, keras_vdd.predict(kept, videos, top=2, clips=1)


def exported(vdd, whole, place):
    of_cli = vdd("export", whole.folder, "--to", place / "cli", "--dtype", "float16")
    folder = keras_vdd.export(whole.folder, place / "python", dtype="float16")
    assert contents(place / "cli") == contents(folder)
    facts = keras_vdd.inspect(folder)
    return {**of_cli, "folder": "python"}, {
        "folder": folder.name,
        "dtype": facts["dtype"],
        "bytes": facts["bytes"],
    }


def inspected(vdd, whole, place):
    of_cli = vdd("inspect", whole.folder, "--picture", place / "cli.png")
    found = keras_vdd.inspect(whole.folder, place / "python.png")
    assert (place / "cli.png").read_bytes() == (place / "python.png").read_bytes()
    found["distilled"]["picture"] = of_cli["distilled"]["picture"]
    return of_cli, found


def loaded(vdd, whole, place):
    of_cli, found = vdd("load", whole.folder), keras_vdd.load(whole.folder)
    facts = {
        "folder": found.folder,
        "kind": found.kind,
        "classes": list(found.class_names),
        "bytes": found.nbytes(found.dtype),
        "mean": list(found.mean),
    }
    return {name: of_cli[name] for name in facts}, facts


def recipes(vdd, whole, place):
    listed = [
        {"name": r.name, "summary": r.summary, "method": r.method, "set": r.data.set}
        for r in keras_vdd.list_recipes(set="shapes", method="mtt")
    ]
    assert vdd("recipes", "list", "--set", "shapes", "--method", "mtt") == listed
    file = keras_vdd.copy_recipe("dm-ucf101", place / "mine.yaml", **{"data.size": 64})
    shown = vdd("recipes", "show", file, "run.seed=3")
    return shown, keras_vdd.load_recipe(file, {"run": {"seed": 3}}).model_dump(mode="json")


CASES = {
    "prepare": prepared, "experts": with_experts, "interpolator": with_an_interpolator, "distill": distilled,
    "evaluate": evaluated, "train": trained, "predict": predicted, "export": exported, "load": loaded,
    "inspect": inspected, "recipes": recipes,
}  # fmt: skip


def test_every_command_has_its_call():
    # What doctor says is told below; publishing needs the Hub that stands in for the real one in the hub's tests.
    assert set(COMMANDS) == {*CASES, "doctor", "publish"}


def test_python_is_told_what_doctor_prints(vdd, monkeypatch):
    # Starting every backend is tested where `vdd doctor` is.
    monkeypatch.setattr("keras_vdd.diagnosis._probe", lambda name: {"installed": True, "works": True})
    of_cli, found = vdd("doctor"), keras_vdd.doctor()
    for facts in (of_cli, found):
        assert facts.pop("memory_available_bytes") > 0 and facts.pop("disk_free_bytes") > 0
    assert of_cli == found and list(found["backends"]) == ["torch", "tensorflow", "jax"]


# On every backend what they give is tested where it is made.
@pytest.mark.once
@pytest.mark.parametrize("command", CASES)
def test_python_gives_what_the_command_line_prints(command, vdd, whole, tmp_path, request):
    if command == "experts":
        request.getfixturevalue("linear")
    of_cli, of_python = CASES[command](vdd, whole, tmp_path)
    assert without_times(of_cli) == json.loads(json.dumps(without_times(of_python)))


@pytest.mark.once
def test_a_plan_is_that_of_the_dry_run(vdd, whole):
    of_cli = vdd("distill", "--dry-run", "--recipe", "quickstart", *overrides(whole.place))
    assert without_times(of_cli) == json.loads(json.dumps(without_times(keras_vdd.plan(whole.recipe))))


class Heard(keras.callbacks.Callback):
    """Keeps what it is told, and looks at the memory when an epoch ends."""

    def __init__(self, stop=None):
        super().__init__()
        self.told, self.seen, self.stop = [], [], stop

    def on_train_begin(self, logs=None):
        self.told.append((self.params["stage"], self.params["epochs"], self.params["steps"]))

    def on_train_batch_end(self, batch, logs=None):
        self.told.append((batch, logs["iteration"], logs["loss"]))
        if logs["iteration"] == self.stop:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        self.told.append((epoch, logs["iteration"], logs["loss"]))
        self.seen += [keras.ops.convert_to_numpy(v) for v in self.model.trainable_variables]


def losses_of(folder, stage):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if line["stage"] == stage]


@pytest.mark.slow
def test_callbacks_hear_of_both_stages_and_change_nothing(whole, tmp_path):
    """3 iterations of stage 1 and 4 of stage 2, in windows of 2."""
    heard, log = Heard(), tmp_path / "log.csv"
    recipe = small(tmp_path, *QUICK, store=whole.store)
    given = {"static": [heard], "dynamic": [heard, keras.callbacks.CSVLogger(log)]}
    keras_vdd.distill(recipe, callbacks=given)
    folder = tmp_path / "runs" / "quickstart"
    a, b, c = losses_of(folder, "static")
    d, e, f, g = losses_of(folder, "dynamic")
    means = [float(np.mean(window)) for window in ([a, b], [c], [d, e], [f, g])]
    assert heard.told == [
        ("static", 2, 2), (0, 1, a), (1, 2, b), (0, 2, means[0]), (0, 3, c), (1, 3, means[1]),
        ("dynamic", 2, 2), (0, 1, d), (1, 2, e), (0, 2, means[2]), (0, 3, f), (1, 4, g), (1, 4, means[3]),
    ]  # fmt: skip
    rows = list(csv.DictReader(log.read_text().splitlines()))
    assert [[float(row[name]) for name in ("epoch", "iteration", "loss")] for row in rows] == [
        [0, 2, means[2]], [1, 4, means[3]],
    ]  # fmt: skip
    for stage in ("static", "dynamic"):
        learned, expected = (
            load_arrays(run / stage / "memory.safetensors")[0] for run in (folder, whole.folder)
        )
        assert learned.keys() == expected.keys()
        assert all((learned[name] == array).all() for name, array in expected.items())
        assert losses_of(folder, stage) == losses_of(whole.folder, stage)


@pytest.mark.once
@pytest.mark.slow
def test_a_callback_that_stops_leaves_a_checkpoint_and_no_set(whole, tmp_path):
    recipe, log = small(tmp_path, *QUICK, store=whole.store), tmp_path / "log.csv"

    def callbacks(stop):
        return {"dynamic": [Heard(stop), keras.callbacks.CSVLogger(log, append=True)]}

    with pytest.raises(
        VddError, match="A callback stopped stage dynamic after iteration 3 of 4: a checkpoint"
    ):
        keras_vdd.distill(recipe, callbacks=callbacks(3))
    folder = tmp_path / "runs" / "quickstart"
    assert not (folder / "distilled").exists()
    assert load_arrays(folder / "dynamic" / "checkpoint.safetensors")[1]["iteration"] == 3
    keras_vdd.distill(recipe, callbacks=callbacks(None))
    assert losses_of(folder, "dynamic") == losses_of(whole.folder, "dynamic")
    # The file goes on as if nothing had been.
    losses = losses_of(folder, "dynamic")
    found = [(row["epoch"], float(row["loss"])) for row in csv.DictReader(log.read_text().splitlines())]
    assert found == [("0", float(np.mean(losses[:2]))), ("1", float(np.mean(losses[2:])))]


@pytest.mark.once
def test_callbacks_of_a_classifier(whole, tmp_path):
    heard, settings = Heard(), {"run.checkpoint_every": 2, "evaluation.steps": 5}
    result = keras_vdd.train(whole.folder, callbacks=heard, **settings)
    assert without_times(result) == without_times(keras_vdd.train(whole.folder, **settings))
    steps = [entry for entry in heard.told if len(entry) == 3 and entry[0] != "classifier"]
    assert heard.told[0] == ("classifier", 3, 2) and [entry[1] for entry in steps] == [1, 2, 2, 3, 4, 4, 5, 5]
    assert steps[2][2] == steps[1][2] and all(np.isfinite(entry[2]) for entry in steps)
    with pytest.raises(VddError, match="A callback stopped the training after step 3 of 5: nothing is kept"):
        keras_vdd.train(whole.folder, callbacks=Heard(3), save=tmp_path / "a.keras", **settings)
    assert not list(tmp_path.iterdir())


def test_callbacks_of_experts(linear, whole, tmp_path):
    class Epochs(keras.callbacks.Callback):
        told = []

        def on_epoch_end(self, epoch, logs=None):
            self.told.append((epoch, logs["expert"], logs["expert_epoch"], logs["loss"]))
            self.model.stop_training = len(self.told) == 5

    settings = overrides(
        tmp_path, *EXPERTS, "experts.epochs=2", f"experts.folder={tmp_path / 'experts'}", store=whole.store
    )
    two = keras_vdd.load_recipe("quickstart", settings, **{"experts.count": 2})
    result = keras_vdd.make_experts(two, callbacks=Epochs())
    assert [entry[:3] for entry in Epochs.told] == [(0, 0, 1), (1, 0, 2), (2, 1, 1), (3, 1, 2)]
    assert [Epochs.told[1][3], Epochs.told[3][3]] == [expert["loss"] for expert in result["experts"]]
    with pytest.raises(VddError, match="A callback stopped the experts in epoch 1 of expert 2: those"):
        keras_vdd.make_experts(two, callbacks=Epochs(), **{"experts.count": 3})
    assert Epochs.told[-1][:3] == (4, 2, 1) and len(list(tmp_path.rglob("expert-*.safetensors"))) == 2


@pytest.mark.parametrize(
    "callbacks, words",
    [
        ([keras.callbacks.History, 3], "each must be a keras.callbacks.Callback"),
        ({"dynamics": []}, "are for 'dynamics', .*: static, dynamic"),
        ({"experts": []}, "are for 'experts'"),
        (
            keras.callbacks.CSVLogger("log.csv"),
            "CSVLogger without append=True would keep the last of .* alone",
        ),
    ],
)
def test_callbacks_that_cannot_be_are_refused_before_anything_is_made(callbacks, words, whole, tmp_path):
    with pytest.raises(UsageError, match=words):
        keras_vdd.distill(small(tmp_path, store=whole.store), callbacks=callbacks)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.once
@pytest.mark.slow
def test_what_a_user_must_know_is_a_warning_and_not_progress(tmp_path):
    """Python prints it where nothing was set up; `logging` silences it."""
    folder = tmp_path / "videos"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            (folder / name / f"{number}.mp4").write_bytes(b"not a video")
    (folder / "notes.txt").write_text("not a folder of a class")
    code = (
        "import keras_vdd, sys\n"
        f"keras_vdd.prepare('dm-folder', **{{'data.root': {str(folder)!r}, 'data.store': {str(tmp_path / 's')!r}, "
        "'data.failed_share': 1})"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, env=os.environ, timeout=120
    )
    said = done.stderr
    assert done.stdout == "" and "train videos could not be decoded: see" in said and "failed.csv" in said
    assert "Decoding" not in said


def test_warnings_of_a_quiet_logger_are_not_shown(whole, caplog, monkeypatch):
    notes = ["a folder was left out"]
    find = real_videos.find_videos
    monkeypatch.setattr(
        real_videos,
        "find_videos",
        lambda *a: (lambda found: found.notes.extend(notes) or found)(find(*a)),
    )
    with caplog.at_level(logging.WARNING, "keras_vdd"):
        assert keras_vdd.prepare(whole.recipe)["notes"][-1:] == notes
    assert [r.message for r in caplog.records if r.name.startswith("keras_vdd.")] == notes
    caplog.clear()
    with caplog.at_level(logging.ERROR, "keras_vdd"):
        keras_vdd.prepare(whole.recipe)
    assert not caplog.records


def test_public_objects_print_one_line(whole):
    stores = keras_vdd.data.store.open_store(keras_vdd.prepare(whole.recipe)["store"] + "/train")
    loaded = keras_vdd.load(whole.folder)
    listing = keras_vdd.data.sources.find_videos(whole.recipe.data)
    for thing, words in (
        (loaded, ["distilled", "static-dynamic: 8 classes, 8 videos of 8 x 32 x 32", "bytes as float32"]),
        (whole.recipe, ["Recipe('quickstart': DM + static-dynamic on shapes)"]),
        (stores, ["24 videos", "8 classes", "bytes"]),
        (listing, ["8 classes", "24 train and 16 test videos"]),
    ):
        for text in (repr(thing), str(thing)):
            assert all(word in text for word in words) and len(text) < 300 and "\n" not in text, text

"""Run folders, logs, checkpoints and the choice of real videos."""

import errno
import json
import os
import shutil

import keras
import numpy as np
import pytest
from derivatives import numpy
from small_run import rewritten

from keras_vdd.data.normalise import normalise
from keras_vdd.errors import VddError
from keras_vdd.learning import checkpoint
from keras_vdd.learning.real_batches import choose_by_class, on_device
from keras_vdd.recipe.load import load_recipe
from keras_vdd.recipe.schema import Recipe
from keras_vdd.runs.folder import RunFolder
from keras_vdd.runs.log import Log


def recipe(path, name="toy", **sections):
    values = {
        "name": name,
        "run": {"dir": str(path)},
        "memory": {"kind": "full-video"},
        "dynamic": {"iterations": 3, "learning_rates": {"video": 1.0}},
        "evaluation": {"compare": ()},
    }
    for section, changes in sections.items():
        values[section] = {**values.get(section, {}), **changes}
    return Recipe.model_validate(values)


def test_a_new_run_writes_its_recipe_and_environment(tmp_path):
    run = RunFolder(recipe(tmp_path / "deep" / "runs"))
    assert run.path == tmp_path / "deep" / "runs" / "toy"
    assert sorted(f.name for f in run.path.iterdir()) == ["environment.json", "recipe.yaml"]
    environment = json.loads((run.path / "environment.json").read_text())
    assert environment["backend"] == keras.config.backend()
    assert environment["versions"]["keras"] == keras.__version__
    assert run.stage("dynamic") == run.stage("dynamic") and run.stage("dynamic").is_dir()


def test_the_same_recipe_goes_on(tmp_path):
    first = RunFolder(recipe(tmp_path))
    first.log.append(stage="dynamic", iteration=1, loss=0.5)
    written = (first.path / "recipe.yaml").read_bytes()
    # Where things lie and how often they are saved changes no number.
    places = {"run": {"dir": str(tmp_path), "checkpoint_every": 7}, "data": {"store": "elsewhere"}}
    again = RunFolder(recipe(tmp_path, **places))
    assert again.path == first.path
    assert again.log.records() == [{"stage": "dynamic", "iteration": 1, "loss": 0.5}]
    assert (first.path / "recipe.yaml").read_bytes() == written


def test_experts_may_lie_elsewhere_and_be_trained_side_by_side(tmp_path):
    settings = ["dynamic.loss=mtt", "dynamic.learning_rates.step_size=1e-6", f"run.dir={tmp_path}"]
    RunFolder(load_recipe("quickstart", settings))
    RunFolder(load_recipe("quickstart", [*settings, "experts.folder=elsewhere", "experts.processes=3"]))
    with pytest.raises(VddError, match=r"another recipe \(experts.count differs\)"):
        RunFolder(load_recipe("quickstart", [*settings, "experts.count=3"]))


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"run": {"seed": 1}}, "run.seed differs"),
        ({"dynamic": {"iterations": 4}}, "dynamic.iterations differs"),
        ({"data": {"size": 32}, "memory": {"videos_per_class": 2}}, "size, memory.videos_per_class differ"),
    ],
)
def test_another_recipe_is_refused_by_what_differs(tmp_path, changes, named):
    RunFolder(recipe(tmp_path))
    with pytest.raises(VddError, match=rf"another recipe \(.*{named}\)"):
        RunFolder(recipe(tmp_path, **{**changes, "run": {"dir": str(tmp_path), **changes.get("run", {})}}))


def test_more_networks_of_a_finished_set_are_had_by_evaluate(tmp_path):
    run = RunFolder(recipe(tmp_path))
    more = recipe(tmp_path, evaluation={"seeds": 7}, run={"dir": str(tmp_path)})
    with pytest.raises(VddError, match="give another run.name, or delete"):
        RunFolder(more)
    (run.path / "distilled").mkdir()
    with pytest.raises(VddError, match=rf"score its set by `vdd evaluate {run.path} evaluation.seeds=7`"):
        RunFolder(more)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "toy").mkdir()
    RunFolder(recipe(tmp_path))  # Empty: nothing can be lost.
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("irreplaceable")
    with pytest.raises(VddError, match="is not empty and holds no run"):
        RunFolder(recipe(tmp_path, name="other"))
    (tmp_path / "file").write_text("")
    with pytest.raises(VddError, match="cannot be made"):
        RunFolder(recipe(tmp_path / "file"))


def test_a_run_begun_on_another_backend_is_refused_until_it_is_finished(tmp_path):
    run = RunFolder(recipe(tmp_path))
    rewritten(run.path / "environment.json", backend="another")
    told = "begun on the backend another, and this is .*: go on with --backend another"
    with pytest.raises(VddError, match=told):
        RunFolder(recipe(tmp_path))
    (run.path / "results.json").write_text("{}")
    assert RunFolder(recipe(tmp_path)).path == run.path


def test_two_processes_do_not_share_a_run(tmp_path):
    first, second = RunFolder(recipe(tmp_path)), RunFolder(recipe(tmp_path))
    with first.alone(), pytest.raises(VddError, match="Another process is at work"), second.alone():
        pass
    with second.alone():
        assert RunFolder(recipe(tmp_path)).path == first.path


def test_a_folder_that_goes_while_the_run_is_at_work_is_one_sentence(tmp_path):
    for write in (
        lambda run: run.log.append(stage="dynamic", iteration=1, loss=0.5),
        lambda run: run.stage("dynamic"),
        lambda run: checkpoint.Checkpoints(run.path / "dynamic").save({"a": np.zeros(2)}),
    ):
        run = RunFolder(recipe(tmp_path))
        with (
            pytest.raises(VddError, match=r"toy' was deleted or moved while the run was at work"),
            run.alone(),
        ):
            shutil.rmtree(run.path)
            write(run)
    run = RunFolder(recipe(tmp_path))
    with pytest.raises(FileNotFoundError), run.alone():
        (run.path / "nothing").read_text()


def test_a_log_survives_a_line_cut_off_by_a_kill(tmp_path):
    log = Log(tmp_path / "log.jsonl")
    assert log.records() == []
    lines = [{"stage": s, "iteration": i, "loss": 0.1 * i} for s in ("static", "dynamic") for i in (1, 2, 3)]
    for line in lines:
        log.append(**line)
    with open(log.path, "a") as file:
        file.write('{"stage": "dynamic", "itera')
    assert log.records() == lines
    log.cut("dynamic", 1)
    assert log.records() == lines[:4]
    log.append(**lines[4])
    assert log.records() == lines[:5] and log.path.read_text().count("\n") == 5


def test_a_checkpoint_comes_back_bit_for_bit(tmp_path):
    path = tmp_path / "c.safetensors"
    rng = np.random.default_rng(0)
    arrays = {
        "a/0/x": rng.standard_normal((3, 4)).astype("float32").T,
        "losses": rng.standard_normal(5),
        "count": np.array(7, "int64"),
        "none": np.zeros((0,), "float64"),
    }
    checkpoint.save_arrays(path, {"old": np.ones(1)})
    checkpoint.save_arrays(path, arrays, iteration=3, note="é")
    again, facts = checkpoint.load_arrays(path)
    assert facts == {"iteration": 3, "note": "é"} and set(again) == set(arrays)
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "c.safetensors"
    checkpoint.save_arrays(path, {"x": np.ones(1)})

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="c.safetensors") as raised:
        checkpoint.save_arrays(path, {"x": np.zeros(1)})
    assert raised.value.errno == errno.ENOSPC
    assert checkpoint.load_arrays(path)[0]["x"] == 1 and list(tmp_path.iterdir()) == [path]


class Labelled:
    def __init__(self, *rows):
        self._rows = [np.array(r) for r in rows]

    def by_class(self):
        return self._rows


def test_each_video_comes_once_before_any_comes_again():
    store = Labelled(range(5), range(5, 7))
    chosen = choose_by_class(store, 5, np.random.default_rng(0))
    assert chosen.shape == (2, 5)
    assert sorted(chosen[0]) == [0, 1, 2, 3, 4]
    assert all(sorted(chosen[1][i : i + 2]) == [5, 6] for i in (0, 2)) and chosen[1][4] in (5, 6)
    np.testing.assert_array_equal(chosen, choose_by_class(store, 5, np.random.default_rng(0)))
    assert len({tuple(choose_by_class(store, 3, np.random.default_rng(s))[0]) for s in range(20)}) > 5


def test_bytes_are_normalised_on_the_device():
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 5, 5, 3), dtype=np.uint8)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    found = numpy(on_device(keras.ops.convert_to_tensor(frames), 2, mean, std))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, normalise(frames, mean, std), atol=2e-6)


def test_a_run_killed_before_its_recipe_was_written_begins_anew(tmp_path):
    recipe = load_recipe("quickstart", [f"run.dir={tmp_path}"])
    run = RunFolder(recipe)
    (run.path / "recipe.yaml").unlink()
    (run.path / "log.jsonl").unlink(missing_ok=True)
    assert (RunFolder(recipe).path / "recipe.yaml").exists()

"""Memory runs out in each stage: one sentence that names the setting to lower, and what is there stays good."""

import keras
import numpy as np
import pytest
import tiny_stage
from keras import ops
from small_experts import recipe_of
from small_run import contents, overrides, small
from toy_condensers import make_batch, make_condenser

from keras_vdd import out_of_memory
from keras_vdd.backend import device_in_use
from keras_vdd.cli.main import main
from keras_vdd.errors import VddError
from keras_vdd.evaluation import trainer
from keras_vdd.experts import engine as experts
from keras_vdd.experts import training as expert_training
from keras_vdd.learning import stage_objective
from keras_vdd.learning.fit import fit_stage
from keras_vdd.methods.dc import objective as dc
from keras_vdd.methods.dm import objective as dm
from keras_vdd.methods.frepo import objective as ridge
from keras_vdd.methods.mtt import objective as trajectory
from keras_vdd.out_of_memory import lower, told_of_memory
from keras_vdd.progress import Silent
from keras_vdd.runs.folder import RunFolder
from keras_vdd.stages import static as static_stage
from keras_vdd.stages.static import learn_stills

FIRST, KEPT = 5, 4


def error():
    """What the backend raises where a GPU's memory runs out."""
    if keras.config.backend() == "torch":
        import torch

        return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        return tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[8,64]")
    import jax

    return jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 20 bytes.")


def full(*args, **kwargs):
    raise error()


def sentence(work, advice):
    return f"{work} ran out of memory on {device_in_use()}: {advice}."


def said(capsys, *words):
    """What `vdd` says of an error, once it has ended with 1."""
    code = main([*words])
    text = capsys.readouterr().err
    (line,) = [line for line in text.splitlines() if line.startswith("error: ")]
    assert code == 1 and "Traceback" not in text
    return line.removeprefix("error: ")


@pytest.mark.slow
def test_stage_1(whole, tmp_path, capsys, monkeypatch):
    brief = ("evaluation.compare=[]", "evaluation.seeds=1", "evaluation.steps=1")
    settings = overrides(tmp_path, *brief, store=whole.store)
    with monkeypatch.context() as patch:
        patch.setattr(dc, "gradient_matching", full)
        text = said(capsys, "distill", "--recipe", "quickstart", *settings)
    # Three frames a class, so a chunk of 64 is one of three.
    assert text == sentence("Stage static", "lower static.chunk to less than 3; the same run then goes on")
    assert main(["distill", "--recipe", "quickstart", *settings, "static.chunk=2", "dynamic.chunk=1"]) == 0
    assert (tmp_path / "runs" / "quickstart" / "results.json").exists()


def test_a_classifier(whole, tmp_path, capsys, monkeypatch):
    before = contents(whole.folder)
    monkeypatch.setattr(trainer.Classifier, "call", full)
    for command in (["evaluate"], ["train", "--save", str(tmp_path / "c.keras")]):
        # Another seed than the run's, whose score it has.
        text = said(capsys, *command, str(whole.folder), "evaluation.seeds=3")
        advice = (
            "lower evaluation.batch_size to less than 2; a run keeps the one that it began with, so there give another "
            "run.name, or score its finished set by `vdd evaluate`"
        )
        assert text == sentence("Training a classifier", advice)
    text = said(capsys, "evaluate", str(whole.folder), "evaluation.batch_size=1")
    assert text.endswith(": lower data.size or data.frames, or choose another run.device.")
    assert contents(whole.folder) == before and list(tmp_path.iterdir()) == []


def test_experts(linear, stores, tmp_path, monkeypatch):
    monkeypatch.setattr(expert_training.ExpertTrainer, "_top1", full)
    with pytest.raises(VddError) as raised:
        experts.learn_experts(recipe_of(tmp_path), stores)
    assert str(raised.value) == sentence(
        "Training expert 0",
        "lower experts.processes, if there are several; else lower experts.batch_size to less than 10, which is "
        "another run: give another run.name",
    )
    assert not list(tmp_path.rglob("expert-*"))


MTT = "lower dynamic.batch_size to less than 3, which is another run: give another run.name"
STAGES = {
    "dm": ("dm", [], "lower dynamic.chunk to less than 2; the same run then goes on"),
    "dc": ("dc", [], "lower dynamic.chunk to less than 2; the same run then goes on"),
    "one at a time": (
        "dm",
        ["dynamic.chunk=1"],
        "lower dynamic.real_per_class to less than 2, which is another run: give another run.name",
    ),
    "unrolled": (
        "mtt",
        ["dynamic.gradient=unrolled"],
        "set dynamic.gradient=adjoint; the same run then goes on",
    ),
    "adjoint": ("mtt", ["dynamic.gradient=adjoint"], MTT),
    "tesla": ("mtt", ["dynamic.gradient=tesla"], MTT),
    "frepo": ("frepo", ["dynamic.chunk=3"], "lower dynamic.chunk to less than 3; the same run then goes on"),
}


@pytest.mark.parametrize("name", STAGES)
def test_stage_2(tmp_path, monkeypatch, name):
    loss, settings, advice = STAGES[name]
    monkeypatch.setattr(dm, "distribution_matching", full)
    monkeypatch.setattr(dc, "gradient_matching", full)
    monkeypatch.setattr(trajectory.TrajectoryMatching, "_inner_loss", full)
    monkeypatch.setattr(ridge.RidgeRegression, "_features", full)
    with pytest.raises(VddError) as raised:
        tiny_stage.learn(tmp_path, loss, "full-video", *settings)
    assert str(raised.value) == sentence("Stage dynamic", advice)


def test_the_last_checkpoint_is_gone_on_from(tmp_path):
    """Memory runs out in earnest, at the fifth iteration: what is asked for there no machine has."""

    def learn(folder, fails):
        condenser = make_condenser("static-dynamic", per_class=2)

        def batch(iteration):
            if fails and iteration == FIRST - 1:
                ops.convert_to_numpy(ops.zeros((2**22, 2**22)))
            return make_batch(condenser, iteration)

        return condenser, fit_stage(
            "dynamic", condenser, batch, 7, RunFolder(small(folder)), rates="a", lighter="lower it",
            checkpoint_every=2, progress=Silent(), title="Toy",
        )  # fmt: skip

    with pytest.raises(VddError, match=r"^Stage dynamic ran out of memory .*: lower it\.$"):
        learn(tmp_path / "short", fails=True)
    run = RunFolder(small(tmp_path / "short"))
    assert [record["iteration"] for record in run.log.records()][-1] >= KEPT
    (condenser, losses), (expected, all_losses) = (
        learn(tmp_path / place, fails=False) for place in ("short", "whole")
    )
    assert losses == all_losses
    for name, array in expected.memory.arrays().items():
        np.testing.assert_array_equal(condenser.memory.arrays()[name], array)


def test_main_memory_is_told_as_such(whole, tmp_path, monkeypatch):
    def read(*args, **kwargs):
        raise MemoryError("Unable to allocate 8.00 TiB for an array")

    monkeypatch.setattr(stage_objective, "read_stills", read)
    told = pytest.raises(VddError, match=r"^The work ran out of memory in main memory: do less\.$")
    with told, told_of_memory("The work", "do less"):
        read()
    told = pytest.raises(VddError, match=r": do less; or raise the limit of 2.0 GB \(`ulimit -v`\)\.$")
    with monkeypatch.context() as limited, told, told_of_memory("The work", "do less"):
        limited.setattr(out_of_memory, "address_space_bytes", lambda: 2_000_000_000)
        read()
    recipe = small(tmp_path)
    monkeypatch.setattr(static_stage, "random_stills", lambda *a: np.zeros((8, 1, 32, 32, 3), "float32"))
    with pytest.raises(VddError, match="Stage static ran out of memory in main memory: lower static.chunk"):
        learn_stills(recipe, whole_store(whole), RunFolder(recipe), Silent())


def whole_store(whole):
    from keras_vdd.data.sources import find_videos
    from keras_vdd.data.store import prepare

    return prepare(find_videos(whole.recipe.data), whole.recipe.data, Silent())["train"]


def test_other_errors_and_those_already_told_pass_as_they_are():
    for raised in (ValueError("out of memory"), VddError("out of memory"), KeyboardInterrupt()):
        with pytest.raises(type(raised)) as caught, told_of_memory("The work", "do less"):
            raise raised
        assert caught.value is raised


def test_a_chunk_is_never_longer_than_what_it_is_cut_from():
    assert lower("a.chunk", 64, "a.sample", 5) == "lower a.chunk to less than 5; the same run then goes on"
    assert lower("a.chunk", 4, "a.sample", 5).startswith("lower a.chunk to less than 4;")
    assert lower("a.chunk", 1, "a.sample", 5).startswith(
        "lower a.sample to less than 5, which is another run"
    )
    assert lower("a.chunk", 1, "a.sample", 1).startswith("lower data.size or data.frames")

"""Who trains which expert: only what is missing, side by side, and nothing half-written."""

import contextlib
import logging
import os
import subprocess
import sys

import keras
import pytest
from small_experts import contents, recipe_of
from small_run import small

from keras_vdd import models, pipeline
from keras_vdd.errors import UsageError, VddError
from keras_vdd.experts import engine
from keras_vdd.experts.bank import bank_key, expert_path, locked, save_expert
from keras_vdd.experts.processes import ExpertProcess
from keras_vdd.experts.training import ExpertTrainer
from keras_vdd.progress import Silent
from keras_vdd.seeds import stream


def test_only_missing_experts_are_trained(linear, stores, tmp_path):
    few = engine.learn_experts(recipe_of(tmp_path, "experts.count=2"), stores)
    before = contents(few.folder)
    assert linear == [0, 1] and sorted(before) == ["expert-0000.safetensors", "expert-0001.safetensors"]
    many = engine.learn_experts(recipe_of(tmp_path, "experts.count=4"), stores)
    assert linear == [0, 1, 2, 3] and many.folder == few.folder
    after = contents(many.folder)
    assert {name: after[name] for name in before} == before and len(set(after.values())) == 4
    expert_path(many.folder, 2).unlink()
    engine.learn_experts(recipe_of(tmp_path, "experts.count=4"), stores)
    assert linear == [0, 1, 2, 3, 2] and contents(many.folder) == after
    fewer = engine.learn_experts(recipe_of(tmp_path, "experts.count=3"), stores)
    assert len(fewer) == 3 and len(linear) == 5


@pytest.mark.parametrize("moment", ["training", "writing"])
def test_an_interrupt_leaves_no_half_written_expert_and_the_same_call_goes_on(
    linear, stores, tmp_path, monkeypatch, moment
):
    (expected_place := tmp_path / "unbroken").mkdir()
    expected = contents(engine.learn_experts(recipe_of(expected_place, "experts.count=3"), stores).folder)
    del linear[:]

    class Interrupted(Silent):
        def task(self, title, total=None):
            def update(done, **figures):
                if done == total // 2 and moment == "training":
                    raise KeyboardInterrupt

            return contextlib.nullcontext(update)

    def replace(source, target):
        if moment == "writing" and os.fspath(target).endswith("expert-0001.safetensors"):
            raise KeyboardInterrupt
        os.rename(source, target)

    recipe = recipe_of(tmp_path, "experts.count=3")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            engine.learn_experts(recipe, stores, Interrupted())
    (folder,) = (tmp_path / "experts").iterdir()
    assert contents(folder) == {"expert-0000.safetensors": expected["expert-0000.safetensors"]}
    assert contents(engine.learn_experts(recipe, stores).folder) == expected and linear == [0, 1, 1, 2]
    assert not list(folder.glob("*.tmp")) and not list(folder.glob(".*"))


# A process that holds an expert until its input ends.
HOLDER = """
import sys
from keras_vdd.experts.bank import locked
with locked(sys.argv[1], 0, wait=False) as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("made", [True, False])
def test_an_expert_that_another_process_is_at_is_left_to_it(linear, stores, tmp_path, made):
    recipe = recipe_of(tmp_path, "experts.count=2")
    bank = engine.learn_experts(recipe, stores)
    before, path = contents(bank.folder), expert_path(bank.folder, 0)
    path.unlink()
    expert_path(bank.folder, 1).unlink()
    del linear[:]
    command = [sys.executable, "-P", "-c", HOLDER, os.fspath(bank.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "True\n"
        with locked(bank.folder, 0, wait=False) as mine, locked(bank.folder, 1, wait=False) as free:
            assert not mine and free

        def let_go(record):
            # The other is at 0: first what nobody is at.
            said.append((record.getMessage(), list(linear)))
            if made:
                path.write_bytes(before[path.name])
            holder.stdin.close()
            return True

        said, log = [], logging.getLogger(engine.__name__)
        log.addFilter(let_go)
        try:
            again = engine.learn_experts(recipe, stores)
        finally:
            log.removeFilter(let_go)
    assert said == [("Another process is training expert 0: waiting for it.", [1])]
    assert holder.stdin.closed and linear == ([1] if made else [1, 0]) and contents(again.folder) == before


@pytest.mark.once
@pytest.mark.slow
def test_processes_side_by_side_make_the_same_experts(stores, tmp_path):
    recipe = recipe_of(tmp_path, "experts.count=2", "experts.processes=2")
    training, (train, test) = engine.training_of(recipe), (stores["train"], stores["test"])
    bank = engine.learn_experts(recipe, stores)
    trainer = ExpertTrainer(train, test, training)
    key = bank_key(train, test, training, keras.config.backend())
    network = models.create("mini_c3d", 8, training.frames, train.size, training.width, training.stem)
    for number in range(2):
        save_expert(tmp_path, number, trainer.train(number), key)
        fresh = models.fresh_weights(network, stream(training.seed, "experts", number))
        assert [a.tobytes() for a in bank.snapshot(number, 0)] == [a.tobytes() for a in fresh]
        assert [a.shape for a in fresh] == [v.shape for v in network.trainable_variables]
    assert contents(bank.folder) == contents(tmp_path)


def test_a_process_that_dies_is_one_sentence(stores, tmp_path):
    training = engine.training_of(recipe_of(tmp_path))
    with ExpertProcess(stores["train"], stores["test"], training, tmp_path, 1) as process:
        process.stop()
        with pytest.raises(VddError, match="ended with exit status -9.*goes on with the missing experts"):
            process.started()


def test_what_every_python_here_says_or_does_is_no_answer_of_a_process(stores, tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("""#!/bin/sh
test -z "$PYTHONINSPECT" || exit 3  # with it a process does not end, but waits for commands
echo hello
echo '{"ready": true}'
read job
echo '{"bytes": 7}'
""")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    training = engine.training_of(recipe_of(tmp_path))
    with ExpertProcess(stores["train"], stores["test"], training, tmp_path, 1) as process:
        assert process.started() == 7


def test_a_disk_too_small_and_a_folder_that_cannot_be_made(linear, stores, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(engine, "free_bytes", lambda folder: 1000)
        with pytest.raises(VddError, match="2 experts need .* 1,000 are free.*experts.count.*experts.folder"):
            engine.learn_experts(recipe_of(tmp_path, "experts.count=2"), stores)
    assert linear == []
    (tmp_path / "file").touch()
    with pytest.raises(VddError, match="file.*cannot be made .*: set experts.folder"):
        engine.learn_experts(recipe_of(tmp_path, f"experts.folder={tmp_path / 'file'}"), stores)


def test_a_recipe_without_experts_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UsageError, match="'quickstart' reads no experts: set dynamic.loss=mtt"):
        pipeline.make_experts(small(tmp_path))
    assert list(tmp_path.iterdir()) == []

"""Experts: their training by hand, what is kept of them, who trains which, and nothing half-written."""

import contextlib
import dataclasses
import functools
import json
import os
import subprocess
import sys
import types

import keras
import numpy as np
import pytest
from keras import ops
from small_run import small

from keras_vdd import models
from keras_vdd.autodiff import value_and_grad
from keras_vdd.data.clips import read_clips
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare
from keras_vdd.errors import UsageError, VddError
from keras_vdd.layers import Conv2D
from keras_vdd.matching.augmentation_draws import COLUMNS, draw
from keras_vdd.progress import Silent
from keras_vdd.seeds import stream
from keras_vdd.training import checkpoint, expert_worker, experts
from keras_vdd.training.expert_bank import ExpertBank, expert_path, folder_name, locked, save_expert
from keras_vdd.training.expert_pool import ExpertProcess
from keras_vdd.training.expert_training import Expert, ExpertTrainer, sgd_step

# 24 training videos: steps of 10, 10 and 4 clips. Two epochs: starts below 2, one epoch matched.
MTT = (
    "dynamic.loss=mtt",
    "dynamic.learning_rates.step_size=1e-5",
    "dynamic.max_start_epoch=2",
    "experts.batch_size=10",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("experts")


@pytest.fixture(scope="module")
def stores(place):
    data = small(place).data
    return prepare(find_videos(data, Silent()), data, Silent())


def recipe_of(folder, *more):
    return small(folder, *MTT, f"experts.folder={folder / 'experts'}", *more)


class Linear(keras.Model):
    """Some pixels of every frame times a matrix, plus a bias: its gradients are known in closed form."""

    def __init__(self, classes, frames, size, width, stem):
        super().__init__()
        self.head = Conv2D(classes, (1, 1))
        self.head.build((None, 1, 1, frames * (size // 8) ** 2 * 3))
        self.built = True

    def call(self, x, training=False):
        x = ops.reshape(x[:, :, ::8, ::8], (x.shape[0], 1, 1, -1))
        return ops.reshape(self.head(x), (x.shape[0], -1))


@pytest.fixture
def linear(monkeypatch):
    """`Linear` takes MiniC3D's place and compiles in no time; gives the numbers that were trained."""
    trained = []

    class Trainer(ExpertTrainer):
        def train(self, number, update=None):
            trained.append(number)
            return super().train(number, update)

    monkeypatch.setattr(models, "MiniC3D", Linear)
    monkeypatch.setattr(expert_worker, "ExpertTrainer", functools.cache(Trainer))
    # However many processors there are, in this process, where the network is another.
    monkeypatch.setattr(experts, "worker_count", lambda: 1)
    return trained


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}


def by_hand(stores, training, number):
    """(snapshots, losses, top1) of an expert of `Linear`, in float64 and numpy alone."""
    store, names = stores["train"], (training.seed, "experts", number)
    network = models.create("mini_c3d", 8, training.frames, store.size, training.width, training.stem)
    weights = [w.astype("float64") for w in models.fresh_weights(network, stream(*names))]
    start = training.frames, training.interval
    snapshots, losses, step = [weights], [], 0

    def logits(videos, kernel, bias):
        features = videos[:, :, ::8, ::8].reshape(len(videos), -1)
        return features, features @ kernel.reshape(features.shape[1], -1) + bias

    def seen(clips):
        return (clips / 255 - training.mean) / training.std

    for epoch in range(training.epochs):
        order, total = stream(*names, "order", epoch).permutation(len(store)), 0
        for first in range(0, len(store), training.batch_size):
            rows = order[first : first + training.batch_size]
            rng = stream(*names, "visit", step)
            videos = seen(read_clips(store, rows, *start, rng, training.flip))
            rng.integers(2**32, size=2, dtype="uint32")  # the dropout's seed, which nothing here uses
            if training.augment == ("flip",) and draw(rng, 1, ("flip",))[0, COLUMNS.index("mirror")] < 0:
                videos = videos[:, :, :, ::-1]
            features, raw = logits(videos, *weights)
            chances = np.exp(raw - raw.max(1, keepdims=True))
            chances /= chances.sum(1, keepdims=True)
            right = np.eye(8)[store.labels[rows]]
            total -= (np.log(chances) * right).sum()
            error = (chances - right) / len(rows)
            gradients = (features.T @ error).reshape(weights[0].shape), error.sum(0)
            weights = [w - training.learning_rate * g for w, g in zip(weights, gradients)]
            step += 1
        snapshots.append(weights)
        losses.append(total / len(store))
    test = stores["test"]
    guesses = logits(seen(read_clips(test, np.arange(len(test)), *start)), *weights)[1].argmax(1)
    return snapshots, losses, 100 * np.mean(guesses == test.labels)


@pytest.mark.parametrize("augment", [(), ("flip",)])
def test_training_is_plain_sgd_on_clips_cut_anew(linear, place, stores, augment):
    training = experts.training_of(recipe_of(place, "data.flip=true", "experts.learning_rate=0.02"))
    training = dataclasses.replace(training, augment=augment, epochs=3)
    told = []
    found = ExpertTrainer(stores["train"], stores["test"], training).train(
        3, lambda done, loss: told.append((done, loss))
    )
    snapshots, losses, top1 = by_hand(stores, training, 3)
    assert len(found.snapshots) == training.epochs + 1
    for one, other in zip(found.snapshots, snapshots, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a.dtype == np.float32 and a.shape == b.shape and np.abs(a - b).max() < 2e-5
    # Before training an expert has the fresh weights, to the bit; it does not stay there.
    assert all((a == b).all() for a, b in zip(found.snapshots[0], snapshots[0]))
    assert np.abs(found.snapshots[3][0] - found.snapshots[0][0]).max() > 1e-3
    assert found.losses == pytest.approx(losses, rel=1e-4)
    assert found.top1 == pytest.approx(top1) and 0 <= found.top1 <= 100
    assert [done for done, _ in told] == list(range(1, 10))
    assert np.dot([loss for _, loss in told[:3]], (10, 10, 4)) / 24 == pytest.approx(found.losses[0])


class Dropping(Linear):
    """`Linear` after dropout."""

    def __init__(self, *args):
        super().__init__(*args)
        self.dropout = keras.layers.Dropout(0.5, seed=0)

    def call(self, x, training=False):
        return super().call(self.dropout(x, training=training))


def test_a_step_has_the_dropout_of_its_seed():
    network = Dropping(3, 4, 16, 8, 8)
    rng, mean, std, rate = np.random.default_rng(0), (0.4, 0.5, 0.6), (0.2, 0.3, 0.25), 0.5
    weights = models.as_weights(network, models.fresh_weights(network, rng))
    frames, labels = rng.integers(0, 256, (4, 4, 16, 16, 3), dtype="uint8"), np.array([2, 0, 1, 2], "int32")
    videos = ops.convert_to_tensor(((frames / 255 - mean) / std).astype("float32"))
    step = sgd_step(network, rate, mean, std)

    def run(seed):
        batch = {"frames": frames, "labels": labels, "dropout": np.array(seed, "uint32")}
        return step(weights, {name: ops.convert_to_tensor(array) for name, array in batch.items()})

    def loss(weights, training=True):
        seed = ops.convert_to_tensor(np.array([5, 7], "uint32"))
        logits = models.apply(network, weights, videos, training=training, seed=seed)
        return -ops.mean(ops.sum(ops.log_softmax(logits) * ops.one_hot(labels, 3), axis=-1))

    value, after = run([5, 7])
    expected, gradients = value_and_grad(loss)(weights)
    assert float(value) == pytest.approx(float(expected), rel=1e-5)
    assert float(value) != pytest.approx(float(loss(weights, training=False)), rel=1e-3)
    for a, w, g in zip(after, weights, gradients, strict=True):
        numbers = [ops.convert_to_numpy(x) for x in (a, w, g)]
        np.testing.assert_allclose(numbers[0], numbers[1] - rate * numbers[2], rtol=1e-4, atol=1e-5)
    assert float(run([5, 7])[0]) == float(value) != float(run([1234567, 89])[0])


def test_only_missing_experts_are_trained(linear, stores, tmp_path):
    few = experts.learn_experts(recipe_of(tmp_path, "experts.count=2"), stores)
    before = contents(few.folder)
    assert linear == [0, 1] and sorted(before) == ["expert-0000.safetensors", "expert-0001.safetensors"]
    many = experts.learn_experts(recipe_of(tmp_path, "experts.count=4"), stores)
    assert linear == [0, 1, 2, 3] and many.folder == few.folder
    after = contents(many.folder)
    assert {name: after[name] for name in before} == before and len(set(after.values())) == 4
    expert_path(many.folder, 2).unlink()
    experts.learn_experts(recipe_of(tmp_path, "experts.count=4"), stores)
    assert linear == [0, 1, 2, 3, 2] and contents(many.folder) == after
    fewer = experts.learn_experts(recipe_of(tmp_path, "experts.count=3"), stores)
    assert len(fewer) == 3 and len(linear) == 5


def test_what_is_read_is_what_was_trained(linear, stores, tmp_path):
    recipe = recipe_of(tmp_path, "experts.count=2", "experts.epochs=3")
    training = experts.training_of(recipe)
    bank = experts.learn_experts(recipe, stores)
    trainer = ExpertTrainer(stores["train"], stores["test"], training)
    assert (len(bank), bank.epochs) == (2, 3) and bank.nbytes == sum(map(len, contents(bank.folder).values()))
    assert 2 * trainer.nbytes < bank.nbytes < 2 * trainer.nbytes + 5000
    for number in range(2):
        expert = trainer.train(number)
        assert bank.accuracies[number] == expert.top1 and bank.losses[number] == expert.losses
        for epoch, snapshot in enumerate(expert.snapshots):
            found = bank.snapshot(number, epoch)
            assert [a.tobytes() for a in found] == [a.tobytes() for a in snapshot]
            assert [(a.dtype, a.shape) for a in found] == [(np.float32, a.shape) for a in snapshot]
    for number, epoch in ((2, 0), (-1, 0), (0, 4), (0, -1)):
        with pytest.raises(IndexError, match="2 experts and epochs 0 to 3"):
            bank.snapshot(number, epoch)
    said = json.loads((bank.folder / "experts.json").read_text())
    assert (said["set"], said["training"]["epochs"]) == ("shapes", 3)
    assert said["videos"] == {"train": 24, "test": 16}


CHANGES = {
    "learning rate": "experts.learning_rate=0.02",
    "epochs": "experts.epochs=3",
    "batch size": "experts.batch_size=9",
    "seed": "run.seed=1",
    "precision": "run.precision=bfloat16",
    "width": "dynamic.width=9",
    "stem": "dynamic.stem=9",
    "interval": "data.interval=2",
    "flip": "data.flip=true",
    "augment": "dynamic.augment=[flip]",
}
SAME = ("experts.count=7", "experts.processes=2", "dynamic.iterations=9", "run.name=other")


def test_the_folder_s_name_tells_all_that_experts_depend_on(place, stores):
    def name(*settings, train=stores["train"], test=stores["test"], backend="torch"):
        training = experts.training_of(recipe_of(place, *settings))
        return folder_name("shapes", train, test, training, backend)

    def other(**facts):
        keys = "folder split class_names names labels lengths sources size codec middle".split()
        return types.SimpleNamespace(**{**{key: getattr(stores["train"], key) for key in keys}, **facts})

    base = name()
    assert base.startswith("shapes-") and base == name(train=other(folder="elsewhere"))
    assert {name(setting) for setting in SAME} == {base}
    changed = {what: name(setting) for what, setting in CHANGES.items()}
    sources = stores["train"].sources
    facts = {
        "codec": {"codec": "jpeg"},
        "size": {"size": 16},
        "middle": {"middle": (8, 3)},
        "sources": {"sources": [sources[1], *sources[1:]]},
        "classes": {"class_names": [*stores["train"].class_names[:-1], "renamed"]},
    }
    changed |= {what: name(train=other(**values)) for what, values in facts.items()}
    changed |= {"test": name(test=stores["train"]), "backend": name(backend="jax")}
    assert len({base, *changed.values()}) == 1 + len(changed), changed


def damage(path, how):
    whole = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "noise":
        path.write_bytes(np.random.default_rng(0).bytes(500))
    elif how == "no facts":
        checkpoint.save_arrays(path, {"0/0": np.zeros(2)}, epochs=1)
    else:
        # Safetensors all right, but the facts are a list.
        length = int.from_bytes(whole[:8], "little")
        header = json.loads(whole[8 : 8 + length])
        header["__metadata__"] = {"facts": "[1, 2]"}
        text = json.dumps(header).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + length :])


def made_up(folder, count=2):
    rng = np.random.default_rng(1)
    snapshots = [[rng.random(3, dtype="float32"), rng.random((2, 2), dtype="float32")] for _ in range(2)]
    for number in range(count):
        save_expert(folder, number, Expert(snapshots, [0.5], 25.0))
    return snapshots


@pytest.mark.parametrize("how", ["empty", "cut", "noise", "no facts", "a list"])
def test_a_damaged_expert_is_named_in_one_sentence(tmp_path, how):
    made_up(tmp_path)
    ExpertBank(tmp_path, 2)
    damage(expert_path(tmp_path, 1), how)
    with pytest.raises(VddError, match="expert-0001.* is damaged .*: delete it and run again") as caught:
        ExpertBank(tmp_path, 2)
    assert "\n" not in str(caught.value)


def test_a_weight_that_is_not_there_is_damage_too_and_a_missing_expert_is_named(tmp_path):
    snapshots = made_up(tmp_path)
    bank = ExpertBank(tmp_path, 2)
    found = bank.snapshot(1, 1)
    assert all((a == b).all() for a, b in zip(found, snapshots[1], strict=True))
    checkpoint.save_arrays(
        expert_path(tmp_path, 1), {"0/0": snapshots[0][0]}, epochs=1, weights=2, losses=[0.5], top1=25.0
    )
    with pytest.raises(VddError, match="expert-0001.* is damaged"):
        bank.snapshot(1, 1)
    with pytest.raises(VddError, match="expert-0002.* is missing: run 'vdd experts'"):
        ExpertBank(tmp_path, 3)


@pytest.mark.parametrize("batch_size, what", [(10, "loss"), (24, "its weights are no longer finite")])
def test_divergence_names_the_rate_and_leaves_nothing(linear, stores, tmp_path, batch_size, what):
    recipe = recipe_of(tmp_path, "experts.learning_rate=1e39", f"experts.batch_size={batch_size}")
    with pytest.raises(VddError, match=f"Expert 0 diverged in epoch 1 .{what}.*lower experts.learning_rate"):
        experts.learn_experts(recipe, stores)
    assert not list((tmp_path / "experts").rglob("expert-*"))


@pytest.mark.parametrize("moment", ["training", "writing"])
def test_an_interrupt_leaves_no_half_written_expert_and_the_same_call_goes_on(
    linear, stores, tmp_path, monkeypatch, moment
):
    (expected_place := tmp_path / "unbroken").mkdir()
    expected = contents(experts.learn_experts(recipe_of(expected_place, "experts.count=3"), stores).folder)
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
        patch.setattr(checkpoint.os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            experts.learn_experts(recipe, stores, Interrupted())
    (folder,) = (tmp_path / "experts").iterdir()
    assert contents(folder) == {"expert-0000.safetensors": expected["expert-0000.safetensors"]}
    assert contents(experts.learn_experts(recipe, stores).folder) == expected and linear == [0, 1, 1, 2]
    assert not list(folder.glob("*.tmp"))


# A process that holds an expert until its input ends.
HOLDER = """
import sys
from keras_vdd.training.expert_bank import locked
with locked(sys.argv[1], 0, wait=False) as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("made", [True, False])
def test_an_expert_that_another_process_is_at_is_left_to_it(linear, stores, tmp_path, made):
    recipe = recipe_of(tmp_path, "experts.count=2")
    bank = experts.learn_experts(recipe, stores)
    before, path = contents(bank.folder), expert_path(bank.folder, 0)
    path.unlink()
    expert_path(bank.folder, 1).unlink()
    del linear[:]
    command = [sys.executable, "-P", "-c", HOLDER, os.fspath(bank.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "True\n"
        with locked(bank.folder, 0, wait=False) as mine, locked(bank.folder, 1, wait=False) as free:
            assert not mine and free

        class Told(Silent):
            def say(self, text):
                # The other is at 0: first what nobody is at.
                assert text == "Another process is training expert 0: waiting for it." and linear == [1]
                if made:
                    path.write_bytes(before[path.name])
                holder.stdin.close()

        again = experts.learn_experts(recipe, stores, Told())
    assert holder.stdin.closed and linear == ([1] if made else [1, 0]) and contents(again.folder) == before


@pytest.mark.skipif(
    keras.config.backend() != "torch", reason="processes that compile the real network take long; see torch"
)
def test_processes_side_by_side_make_the_same_experts(stores, tmp_path):
    recipe = recipe_of(tmp_path, "experts.count=2", "experts.processes=2")
    training, (train, test) = experts.training_of(recipe), (stores["train"], stores["test"])
    bank = experts.learn_experts(recipe, stores)
    trainer = ExpertTrainer(train, test, training)
    network = models.create("mini_c3d", 8, training.frames, train.size, training.width, training.stem)
    for number in range(2):
        save_expert(tmp_path, number, trainer.train(number))
        fresh = models.fresh_weights(network, stream(training.seed, "experts", number))
        assert [a.tobytes() for a in bank.snapshot(number, 0)] == [a.tobytes() for a in fresh]
        assert [a.shape for a in fresh] == [v.shape for v in network.trainable_variables]
    assert contents(bank.folder) == contents(tmp_path)


def test_a_process_that_dies_is_one_sentence(stores, tmp_path):
    training = experts.training_of(recipe_of(tmp_path))
    with ExpertProcess(stores["train"], stores["test"], training, tmp_path, 1) as process:
        process.stop()
        with pytest.raises(VddError, match="ended with exit status -9.*goes on with the missing experts"):
            process.started()


def test_a_disk_too_small_and_a_folder_that_cannot_be_made(linear, stores, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(experts, "free_bytes", lambda folder: 1000)
        with pytest.raises(VddError, match="2 experts need .* 1,000 are free.*experts.count.*experts.folder"):
            experts.learn_experts(recipe_of(tmp_path, "experts.count=2"), stores)
    assert linear == []
    (tmp_path / "file").touch()
    with pytest.raises(VddError, match="file.*cannot be made .*: set experts.folder"):
        experts.learn_experts(recipe_of(tmp_path, f"experts.folder={tmp_path / 'file'}"), stores)


def test_a_recipe_without_experts_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UsageError, match="'quickstart' reads no experts: set dynamic.loss=mtt"):
        experts.make_experts(small(tmp_path))
    assert list(tmp_path.iterdir()) == []

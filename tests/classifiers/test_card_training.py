"""The training block of a card, run as it is written, against the evaluation that its table is made by."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from small_run import small

import keras_vdd
from keras_vdd.cards import card_code
from keras_vdd.data.clips import read_clips
from keras_vdd.data.normalise import normalise
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.evaluation.metrics import top_k_accuracy
from keras_vdd.evaluation.protocol import EVALUATORS, Protocol
from keras_vdd.evaluation.scoring import Scoring, videos_of
from keras_vdd.evaluation.trainer import Trainer
from keras_vdd.models import fresh_weights
from keras_vdd.progress import Silent
from keras_vdd.recipe.load import resolved_yaml
from keras_vdd.seeds import stream

# A batch of the whole set, so that the order of batches, which is drawn by other seeds, says nothing.
WHOLE = ("evaluation.batch_size=256", "evaluation.steps=9", "evaluation.epochs=9")
CASES = {
    "stable": (["evaluation.evaluator=stable"], None, None),
    "paper": (["evaluation.evaluator=paper"], None, None),
    "paper, a learned step size": (["evaluation.evaluator=paper"], None, 0.05),
    "frepo": (["evaluation.evaluator=frepo"], None, None),
    "frepo, learned targets": (["evaluation.evaluator=frepo"], "regression", None),
    "paper, learned targets": (["evaluation.evaluator=paper"], "regression", 0.002),
    "stable, learned probabilities": (["evaluation.evaluator=stable"], "probabilities", None),
}


def real_clips(stores, recipe, label_kind=None, step_size=None):
    """Two real clips of each class as a `DistilledSet`: something that can be learned from."""
    train, data = stores["train"], recipe.data
    rows = np.concatenate([of_class[:2] for of_class in train.by_class()])
    clips = normalise(read_clips(train, rows, data.frames, data.interval), data.mean, data.std)
    classes = len(train.class_names)
    labels = None if label_kind is None else 0.1 / classes + 0.9 * np.eye(classes)[:, None].repeat(2, axis=1)
    return DistilledSet(
        "full-video", train.class_names, data.frames, data.mean, data.std, 2,
        video=clips.reshape(classes, 2, *clips.shape[1:]), labels=labels, label_kind=label_kind,
        recipe=resolved_yaml(recipe), provenance={"source": "shapes", "step_size": step_size},
    )  # fmt: skip


def training_block(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)[1]


@pytest.fixture
def plainly(monkeypatch):
    """Networks begin as the evaluation's first one does and drop nothing out: what is left to chance is the same."""
    create = keras_vdd.models.create

    def alike(*arguments, **more):
        network = create(*arguments, **more)
        network.dropout.rate = 0.0
        weights = fresh_weights(network, stream(0, "evaluation", "network", 0))
        for variable, value in zip(network.trainable_variables, weights, strict=True):
            variable.assign(value)
        return network

    monkeypatch.setattr(keras_vdd.models, "create", alike, raising=False)


ON_EVERY_BACKEND = ("stable", "paper, a learned step size")
"""What is compiled takes half a minute a case; the others differ in words of the block that no backend changes."""


@pytest.mark.parametrize(
    "name",
    [name if name in ON_EVERY_BACKEND else pytest.param(name, marks=pytest.mark.once) for name in CASES],
)
def test_the_block_trains_as_the_evaluation_does(name, stores, tmp_path, plainly, capsys):
    settings, label_kind, step_size = CASES[name]
    recipe = small(tmp_path, *WHOLE, *settings, store=Path(stores["train"].folder).parents[1])
    made = real_clips(stores, recipe, label_kind, step_size)
    folder = keras_vdd.export(made, tmp_path / "set", name=tmp_path / "set")
    scoring = Scoring(recipe, stores, Silent())
    training = videos_of(keras_vdd.load(folder))
    protocol = scoring.protocol_for(made)
    trainer = Trainer(scoring.network(), protocol, len(training), training.loss)
    assert trainer.train(training, recipe.run.seed, 0).steps == 9
    expected = trainer.logits(scoring.test)

    told = {}
    exec(compile(training_block(folder), "card", "exec"), told)
    test = told["test"]
    logits = np.concatenate([told["model"].predict_on_batch(test[n][0]) for n in range(len(test))])
    assert int(told["optimizer"].iterations) == 9
    np.testing.assert_allclose(logits, expected, rtol=0, atol=2e-3)
    printed = float(re.search(r"top-1 % ([\d.]+)", capsys.readouterr().out)[1])
    assert printed == pytest.approx(
        100 * top_k_accuracy(expected, test.labels, 1), abs=100.1 / len(test.labels)
    )


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("steps", [1, 2, 7, 10])
def test_optimizers_in_stock_keras_step_as_those_of_the_protocol(evaluator, steps):
    protocol = Protocol(evaluator)
    rate, code, ours = card_code._optimizer(protocol, steps)
    names = {name: getattr(keras_vdd.evaluation, name) for name in ours} | {"rate": eval(rate)}
    weights = []
    for optimizer in (protocol.optimizer(steps), eval(code, {"keras": keras, **names})):
        weight = keras.Variable(np.linspace(-1, 1, 5, dtype=np.float32))
        rng = np.random.default_rng(0)
        seen = []
        for _ in range(steps):
            optimizer.apply([keras.ops.convert_to_tensor(rng.normal(size=5).astype("float32"))], [weight])
            seen.append(keras.ops.convert_to_numpy(weight).copy())
        weights.append(seen)
    np.testing.assert_allclose(*weights, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("batch", [4, 5, 16, 256])
def test_a_block_takes_as_many_steps_as_the_protocol(evaluator, batch, stores, tmp_path):
    """To the end of a pass over the set, where the rate is next to zero; never fewer."""
    recipe = small(tmp_path, f"evaluation.evaluator={evaluator}", f"evaluation.batch_size={batch}")
    made = real_clips(stores, recipe)
    protocol = card_code.evaluated_by(made)[1]
    block = card_code.train_in_keras(made, "x", recipe, protocol)
    epochs = int(re.search(r"epochs=(\d+)", block)[1])
    size = int(re.search(r"batch_size=(\d+)", block)[1])
    steps, an_epoch = protocol.total_steps(16), -(-16 // size)
    assert size == min(batch, 16) and steps <= epochs * an_epoch < steps + an_epoch


def test_a_set_without_a_recipe_is_trained_by_defaults_and_says_so(stores, tmp_path):
    recipe = small(tmp_path)
    bare = real_clips(stores, recipe)
    for text in ("", "name: [", "name: x\nnew_setting: 1\n"):
        made = DistilledSet(
            bare.kind, bare.class_names, bare.frames, bare.mean, bare.std, 2, arrays=bare.arrays, recipe=text
        )
        folder = keras_vdd.export(made, tmp_path / "set", overwrite=True)
        assert "these are the toolkit's defaults" in (folder / "README.md").read_text(encoding="utf-8")
        compile(training_block(folder), "card", "exec")


@pytest.mark.once
@pytest.mark.slow
def test_the_number_is_one_of_the_table_s(stores, tmp_path, capsys):
    """With dropout, batches and weights of its own seed, as a reader runs it."""
    settings = (
        "evaluation.steps=120",
        "evaluation.batch_size=8",
        "evaluation.width=16",
        "evaluation.seeds=3",
    )
    recipe = small(tmp_path, *settings, store=Path(stores["train"].folder).parents[1])
    folder = keras_vdd.export(real_clips(stores, recipe), tmp_path / "set", name=tmp_path / "set")
    table = keras_vdd.evaluate(folder)["top1"]
    exec(compile(training_block(folder), "card", "exec"), {})
    printed = float(re.search(r"top-1 % ([\d.]+)", capsys.readouterr().out)[1])
    assert table["mean"] > 30 and abs(printed - table["mean"]) <= max(3 * table["std"], 12), table

"""MTT as stage 2 minimises it: its gradients, what it draws, and what it never lets happen."""

import keras
import numpy as np
import pytest
from derivatives import assert_gradient, in_float64, numpy, tensor, wide
from keras import ops, tree
from tiny_networks import Smooth
from tiny_stage import (
    CLASSES,
    FRAMES,
    SIZE,
    Bank,
    gradient_function,
    learned_values,
    make,
    with_tensors,
)

from keras_vdd import models
from keras_vdd.backend import jit, value_and_grad
from keras_vdd.data.batches import IterationBatches
from keras_vdd.matching.augmentation import augment
from keras_vdd.methods.mtt import objective as mtt
from keras_vdd.methods.mtt.objective import confident_logits

SOFT = ("dynamic.soft_labels=true", "dynamic.learning_rates.labels=0.1")
AUGMENT = "dynamic.augment=[flip,colour,crop,cutout,scale,rotate]"
TWO = ("memory.videos_per_class=2", "memory.statics_per_class=4", "memory.dynamics_per_class=2")
# Everything at once: batches smaller than the set, several integrators, learned labels, augmentation.
ALL = (*TWO, "memory.integrators=2", "dynamic.batch_size=4", AUGMENT, *SOFT)


def smooth_case(kind, *settings):
    """(objective, condenser) in float64 with a network that has derivatives everywhere."""
    _, objective, condenser = make("mtt", kind, *settings)
    in_float64(condenser.memory)
    objective.network = Smooth(CLASSES, SIZE, frames=FRAMES)
    objective.bank = Bank(objective.network)
    return objective, condenser


def test_its_unrolled_gradient_meets_differences_too():
    """The other form is among the gradients of `test_every_method`."""
    with wide():
        objective, condenser = smooth_case("static-dynamic", *ALL, "dynamic.gradient=unrolled")
        values, rng = learned_values(condenser), np.random.default_rng(0)
        values["labels"] = values["labels"] + rng.standard_normal(values["labels"].shape)
        values["step_size"] = np.array(0.3)
        evaluate = gradient_function(objective, condenser, objective.make_batch(0), "float64")
        found = assert_gradient(evaluate, values, compiled=False)
        assert len(found) == len(condenser.trainable_variables)


def test_forms_agree_in_float32_with_dropout():
    """adjoint is unrolled's gradient to rounding; TESLA's is another one of the same loss."""
    found = {}
    for form in ("unrolled", "adjoint", "tesla"):
        _, objective, condenser = make("mtt", "static-dynamic", *ALL, f"dynamic.gradient={form}")
        assert objective.form == form and objective.network.dropout_rate == 0.5
        values = {**learned_values(condenser), "step_size": np.array(0.2)}
        evaluate = gradient_function(objective, condenser, objective.make_batch(0))
        loss, gradients = evaluate(tensor(values, "float32"))
        assert gradients.keys() == values.keys()
        found[form] = float(numpy(loss)), [numpy(g) for g in tree.flatten(gradients)]
    loss, expected = found["unrolled"]
    for form, tolerances in (("adjoint", (0, 1e-5)), ("tesla", (1e-3, np.inf))):
        assert found[form][0] == pytest.approx(loss, rel=1e-6)
        errors = [
            np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(found[form][1], expected, strict=True)
        ]
        assert tolerances[0] <= max(errors) < tolerances[1], (form, errors)


def by_hand(objective, condenser, batch, values):
    """The loss written out: each step with its own pairs, masks, labels and augmentation."""
    given, network = with_tensors(batch, condenser), objective.network
    weights = [ops.convert_to_tensor(w) for w in given["start"]]
    labels = values["labels"].reshape(-1, CLASSES)
    rows = np.exp(labels) / np.exp(labels).sum(-1, keepdims=True)
    owned = condenser.memory.statics_per_class // condenser.memory.videos_per_class

    def cross_entropy(weights, step, targets):
        videos = condenser._synthesise(tensor(values["memory"], "float32"), given["fixed"], step["pairs"])
        videos = augment(videos[None], step["augment"])[0]
        logits = models.apply(network, weights, videos, training=True, seed=step["seed"])
        return -ops.mean(ops.sum(targets * ops.log_softmax(logits), axis=-1))

    descend = jit(value_and_grad(cross_entropy))
    for step in given["steps"]:
        slots = [
            c * condenser.memory.videos_per_class + s // owned for c, s, _ in numpy(step["pairs"]).tolist()
        ]
        _, gradients = descend(weights, step, tensor(rows[slots], "float32"))
        weights = [w - float(values["step_size"]) * g for w, g in zip(weights, gradients)]
    start, target, end = (
        np.concatenate([numpy(w).ravel() for w in arrays])
        for arrays in (given["start"], given["target"], weights)
    )
    return np.sum((end - target) ** 2) / np.sum((start - target) ** 2)


def test_its_loss_is_where_training_on_the_set_arrives():
    _, objective, condenser = make("mtt", "static-dynamic", *ALL, "dynamic.gradient=adjoint")
    values = learned_values(condenser)
    values["step_size"] = np.array(0.3, "float32")
    values["labels"] = np.random.default_rng(0).standard_normal(values["labels"].shape).astype("float32")
    batch = objective.make_batch(3)
    loss, _ = gradient_function(objective, condenser, batch)(tensor(values, "float32"))
    assert float(numpy(loss)) == pytest.approx(by_hand(objective, condenser, batch, values), rel=1e-5)


def test_masks_and_pairs_are_drawn_anew_at_every_step_and_iteration():
    _, objective, _ = make(
        "mtt", "static-dynamic", *TWO, "dynamic.batch_size=4", AUGMENT, "dynamic.inner_steps=3"
    )
    steps = [step for iteration in range(5) for step in objective.make_batch(iteration)["steps"]]
    assert len(steps) == 15
    for name, least in (("seed", 15), ("pairs", 10), ("augment", 12)):
        assert len({step[name].tobytes() for step in steps}) >= least, name
    for step in steps:
        assert step["pairs"].shape == (4, 3) and len({tuple(pair) for pair in step["pairs"].tolist()}) == 4
    again = objective.make_batch(1)["steps"]
    assert all((a[name] == b[name]).all() for a, b in zip(again, steps[3:6]) for name in a)


@pytest.mark.parametrize("kind, videos", [("static-dynamic", 6), ("full-video", 6), ("still", 6)])
def test_a_step_without_batch_size_has_one_video_of_every_slot(kind, videos):
    _, objective, _ = make("mtt", kind, *TWO)
    for step in objective.make_batch(0)["steps"]:
        assert len(step["pairs"]) == objective.batch == videos
        assert len({tuple(pair[:2]) for pair in step["pairs"].tolist()}) == videos


def test_every_expert_and_every_start_epoch_is_read():
    _, objective, _ = make("mtt", "static-dynamic", "dynamic.max_start_epoch=4", "dynamic.expert_epochs=2")
    bank = objective.bank = Bank(objective.network, count=5)
    batches = [objective.make_batch(iteration) for iteration in range(150)]
    starts, targets = bank.read[::2], bank.read[1::2]
    assert set(starts) == {(expert, epoch) for expert in range(5) for epoch in range(4)}
    assert targets == [(expert, epoch + 2) for expert, epoch in starts]
    for batch, start in zip(batches[:3], starts):
        for found, expected in zip(batch["start"], bank.snapshot(*start), strict=True):
            np.testing.assert_array_equal(found, expected)


def fit(objective, condenser, iterations):
    """The notes of some iterations of `fit`."""
    notes = []

    class Reader(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            # Asked of `self.model`, whose values JAX keeps elsewhere meanwhile.
            notes.append(objective.notes(self.model))

    batches = IterationBatches(0, iterations, lambda i: (objective.make_batch(i),))
    condenser.fit(batches, verbose=0, shuffle=False, callbacks=[Reader()])
    return notes


def test_the_step_size_is_learned_and_never_below_its_floor():
    settings = (
        "dynamic.learning_rates.step_size=0.01",
        "dynamic.least_step_size=0.0096",
        "dynamic.momentum=0",
    )
    _, objective, condenser = make("mtt", "static-dynamic", *settings)
    objective.network.dropout.rate = 0  # so that all backends take the same way
    expected, learned = 0.01, []
    step = type(objective).__call__

    class Recorded(type(objective)):
        def __call__(self, learned_now, *others):
            loss, gradients = step(self, learned_now, *others)
            learned.append((float(numpy(learned_now["step_size"])), float(numpy(gradients["step_size"]))))
            return loss, gradients

    objective.__class__ = Recorded
    notes = fit(objective, condenser, 6)
    seen = [note["step_size"] for note in notes]
    for (before, gradient), after in zip(learned, seen, strict=True):
        assert before == pytest.approx(expected, rel=1e-6)
        expected = max(before - 0.01 * gradient, 0.0096)
        assert after == pytest.approx(expected, rel=1e-6)
    assert min(seen) == pytest.approx(0.0096) and max(seen) > 0.00965
    assert objective.results(condenser)[1]["step_size"] == seen[-1]


def test_a_step_size_with_rate_zero_stays():
    _, objective, condenser = make("mtt", "static-dynamic", "dynamic.learning_rates.step_size=0")
    notes = fit(objective, condenser, 2)
    assert [note["step_size"] for note in notes] == [float(np.float32(0.01))] * 2


def test_labels_begin_certain_and_end_as_probabilities():
    start = confident_logits(4, 2)
    assert start.shape == (4, 2, 4) and start.dtype == np.float32
    chances = np.exp(start) / np.exp(start).sum(-1, keepdims=True)
    for label in range(4):
        np.testing.assert_allclose(chances[label, :, label], 0.9, rtol=1e-6)
        np.testing.assert_allclose(np.delete(chances[label], label, axis=-1), 0.1 / 3, rtol=1e-5)
    _, objective, condenser = make("mtt", "static-dynamic", *TWO, *SOFT)
    arrays, facts = objective.results(condenser)
    assert facts.keys() == {"step_size"} and arrays["labels"].shape == (CLASSES, 2, CLASSES)
    np.testing.assert_allclose(arrays["labels"].sum(-1), 1, rtol=1e-6)
    assert (arrays["labels"].argmax(-1) == np.arange(CLASSES)[:, None]).all()


def test_without_soft_labels_nothing_is_said_of_labels():
    _, objective, condenser = make("mtt", "static-dynamic")
    arrays, facts = objective.results(condenser)
    assert arrays == {} and facts == {"step_size": pytest.approx(0.01)} and "labels" not in condenser.extras


def test_hard_labels_are_the_classes_of_the_pairs():
    _, objective, condenser = make("mtt", "static-dynamic", *TWO)
    pairs = condenser.memory.sample(np.random.default_rng(0))
    found = numpy(objective._targets({}, ops.convert_to_tensor(pairs)))
    np.testing.assert_array_equal(found, np.eye(CLASSES, dtype="float32")[pairs[:, 0]])


def test_a_form_that_was_chosen_is_kept_with_the_checkpoint(monkeypatch):
    """The memory that a run may use may differ where it goes on; its numbers should not."""

    def begun(chosen, *settings):
        monkeypatch.setattr(mtt, "trajectory_form", lambda asked, *rest: chosen if asked == "auto" else asked)
        return make("mtt", "full-video", *settings)[1]

    kept = begun("unrolled").state()
    goes_on = begun("adjoint")
    goes_on.restore({"other": np.zeros(2), **kept})
    assert goes_on.form == "unrolled" and "gradient=adjoint" in goes_on.lighter
    assert goes_on._match.__qualname__ == begun("unrolled")._match.__qualname__
    asked = begun("adjoint", "dynamic.gradient=adjoint")
    asked.restore(kept)
    assert asked.form == "adjoint"
    goes_on = begun("adjoint")
    goes_on.restore({})  # a checkpoint of an earlier version
    assert goes_on.form == "adjoint"

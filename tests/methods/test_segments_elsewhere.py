"""Temporal compression under FRePo, which has a regression a segment, and MTT, whose experts see fewer frames."""

import numpy as np
import pytest
from derivatives import assert_gradient, in_float64, numpy, tensor, wide
from tiny_networks import Wide
from tiny_stage import CLASSES, FRAMES, SIZE, Bank, Store, gradient_function, learned_values, make, recipe_of

import keras_vdd
from keras_vdd import models
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import UsageError
from keras_vdd.experts.engine import training_of
from keras_vdd.experts.training import ExpertTrainer
from keras_vdd.matching import ridge
from keras_vdd.recipe.load import load_recipe

OF_FRAMES = (f"dynamic.segments={FRAMES}", "dynamic.network=convnet_d3")
# (2, 4, K, -): a network whose features are as many for two frames as for four.
FEWER = ("data.frames=4", "memory.stored_frames=2", "dynamic.real_frames=4", "dynamic.network=convnet_gru")


class StillPool:
    """One network that never learns; `seen` is what it was to be trained on."""

    def __init__(self, weights):
        self._weights, self.seen = weights, None

    def weights(self, member):
        return self._weights

    def update(self, member, videos, labels):
        self.seen = numpy(videos), numpy(labels)


def segments_of(clips, count, of_frames):
    """Clips (n, frames, ...) as `count` arrays; without time where the network looks at frames."""
    return [part[:, 0] if of_frames else part for part in np.split(clips, count, axis=1)]


@pytest.mark.parametrize("settings, count", [(OF_FRAMES, FRAMES), (FEWER, 1), (FEWER, 2)])
def test_every_segment_has_a_regression_of_its_own(settings, count):
    cut_in = settings if settings is OF_FRAMES else (*settings, f"dynamic.segments={count}")
    recipe, objective, condenser = make("frepo", "full-video", "dynamic.regulariser=0.1", *cut_in)
    objective.pool = pool = StillPool(objective.pool.weights(0))
    values, batch = learned_values(condenser), objective.make_batch(0)
    loss, gradients = gradient_function(objective, condenser, batch)(tensor(values, "float32"))
    labels = values["labels"].reshape(CLASSES, CLASSES)
    clips = (
        values["memory"][0][:, 0],
        normalise(batch["real"], recipe.data.mean, recipe.data.std).astype("float32"),
    )
    videos, real = (segments_of(part, count, settings is OF_FRAMES) for part in clips)
    told, target = tensor(labels, "float32"), tensor(batch["target"], "float32")
    expected = float(numpy(ridge.label_margin_loss(told)))
    for known, asked in zip(videos, real, strict=True):
        known, asked = (
            models.features(objective.network, pool.weights(0), tensor(part, "float32"))
            for part in (known, asked)
        )
        prediction, _ = ridge.ridge_prediction(known, told, asked, 0.1)
        expected += float(numpy(ridge.prediction_loss(prediction, target)))
    np.testing.assert_allclose(float(numpy(loss)), expected, rtol=1e-4)
    moved = np.abs(numpy(gradients["memory"][0])).max(axis=(0, 1, 3, 4, 5))
    assert (moved > 0).all(), "every frame has a part in some regression"
    # The pool's network is shown all segments, each with the label of its video.
    np.testing.assert_array_equal(pool.seen[0], np.concatenate(videos))
    np.testing.assert_array_equal(pool.seen[1], np.concatenate([labels] * count))


def test_gradients_of_regressions_of_segments_meet_differences(monkeypatch):
    monkeypatch.setattr(ridge, "WIDEST_FLOAT", "float64")
    with wide():
        segments = (
            "data.frames=4",
            "memory.stored_frames=2",
            "dynamic.segments=2",
            "memory.interpolation=linear",
        )
        _, objective, condenser = make("frepo", "full-video", *segments)
        in_float64(condenser.memory)
        objective.network = network = Wide(CLASSES, SIZE, frames=2)
        objective.pool = StillPool(tensor(models.fresh_weights(network, np.random.default_rng(0))))
        evaluate = gradient_function(objective, condenser, objective.make_batch(0), "float64")
        assert_gradient(evaluate, learned_values(condenser), compiled=False)


def test_trajectories_of_experts_of_other_lengths_are_matched_by_stored_frames():
    _, objective, condenser = make("mtt", "full-video", *FEWER)
    batch = objective.make_batch(0)
    values = learned_values(condenser)
    loss, gradients = gradient_function(objective, condenser, batch)(tensor(values, "float32"))
    assert objective.stage.view == "stored" and condenser.memory.stored_frames == 2
    # The same two frames as whole videos of two frames, matched with the same trajectories.
    short = "data.frames=2", "data.interval=4", "dynamic.network=convnet_gru"
    _, naive, whole = make("mtt", "full-video", *short)
    values_of = learned_values(whole)
    values_of["memory"] = values["memory"]
    naive.bank = objective.bank
    other = naive.make_batch(0)
    expected, wanted = gradient_function(naive, whole, other)(tensor(values_of, "float32"))
    np.testing.assert_array_equal(numpy(loss), numpy(expected))
    np.testing.assert_array_equal(numpy(gradients["memory"][0]), numpy(wanted["memory"][0]))


@pytest.mark.parametrize(
    "settings, shown", [("dynamic.real_frames=2", 2), ("memory.interpolation=linear", 4)]
)
def test_gradients_of_trajectories_of_few_frames_meet_differences(settings, shown):
    with wide():
        frames = "data.frames=4", "memory.stored_frames=2", settings
        _, objective, condenser = make("mtt", "full-video", *frames)
        in_float64(condenser.memory)
        objective.network = network = Wide(CLASSES, SIZE, frames=shown)
        objective.bank = Bank(network)
        values = {**learned_values(condenser), "step_size": np.array(0.3)}
        evaluate = gradient_function(objective, condenser, objective.make_batch(0), "float64")
        assert_gradient(evaluate, values, compiled=False)


def test_experts_are_trained_on_as_many_frames_spread_over_a_whole_clip():
    whole = training_of(recipe_of("mtt", "full-video"))
    assert (whole.frames, whole.interval) == (FRAMES, 2)
    recipe = recipe_of(
        "mtt", "full-video", "data.frames=4", "dynamic.real_frames=2", "memory.stored_frames=2"
    )
    training = training_of(recipe)
    assert (training.frames, training.interval) == (2, 4)
    trainer = ExpertTrainer(Store(), Store(), training)
    assert trainer._batch(0, 0)["frames"].shape[1] == 2


@pytest.mark.once
def test_segments_of_a_trajectory_are_refused_with_the_reason():
    sentence = "dynamic.loss=mtt has no setting segments, for an expert's trajectory is that of whole"
    with pytest.raises(UsageError, match=sentence):
        load_recipe("mtt-shapes", ["dynamic.segments=2"])
    with pytest.raises(UsageError, match="dynamic.real_frames=9 is above data.frames=8"):
        load_recipe("mtt-shapes", ["dynamic.real_frames=9"])
    with pytest.raises(
        UsageError, match="dynamic.segments=3: 3 segments of 8 real and 8 synthetic frames would not"
    ):
        load_recipe("frepo-shapes", ["dynamic.segments=3"])


@pytest.mark.once
@pytest.mark.parametrize("name", ["dm-shapes-naive", "frepo-shapes-naive", "mtt-shapes-naive", "sfvd-shapes"])
def test_a_network_of_one_length_is_refused_before_anything_is_made(name, tmp_path):
    places = {"run.dir": str(tmp_path / "runs"), "data.store": str(tmp_path / "stores")}
    frames = {"dynamic.real_frames": 4} | ({} if name == "sfvd-shapes" else {"memory.stored_frames": 2})
    sentence = "dynamic.network=mini_c3d has other features for clips of 4 frames than for [12]: choose one that takes"
    calls = [keras_vdd.plan, keras_vdd.distill] + [keras_vdd.make_experts] * name.startswith(("mtt", "sfvd"))
    for call in calls:
        with pytest.raises(UsageError, match=sentence):
            call(name, **places, **frames)
    assert not list(tmp_path.iterdir())

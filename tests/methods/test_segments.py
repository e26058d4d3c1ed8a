"""Temporal compression in matching: (N_syn, N_real, K, I) of the paper's section 3, as settings of DM and DC."""

import numpy as np
import pytest
from derivatives import assert_gradient, in_float64, numpy, tensor, wide
from method_cases import NAMES
from tiny_networks import Wide
from tiny_stage import CLASSES, FRAMES, SIZE, Store, gradient_function, learned_values, make

from keras_vdd import models
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import UsageError
from keras_vdd.learning.stage import Stage
from keras_vdd.matching.distribution import distribution_matching
from keras_vdd.matching.gradient import gradient_matching
from keras_vdd.memory import StillMemory
from keras_vdd.methods import METHODS
from keras_vdd.methods.dc.settings import StaticSettings
from keras_vdd.recipe.load import load_recipe

LOSSES = {"dm": distribution_matching, "dc": gradient_matching}
OF_FRAMES = "dynamic.network=convnet_d3"


def step(objective, condenser, iteration=0):
    """(batch, loss, gradient to the memory's only weight) of an iteration."""
    batch = objective.make_batch(iteration)
    loss, gradients = gradient_function(objective, condenser, batch)(
        tensor(learned_values(condenser), "float32")
    )
    return batch, numpy(loss), numpy(gradients["memory"][0])


def assert_equal_batches(one, other):
    assert one.keys() == other.keys()
    for name in one:
        for a, b in zip(*((x[name] if isinstance(x[name], tuple) else [x[name]]) for x in (one, other))):
            np.testing.assert_array_equal(np.ravel(a), np.ravel(b))


@pytest.mark.parametrize("loss", NAMES)
def test_all_frames_in_one_segment_are_the_naive_method_bit_for_bit(loss):
    naive = step(*make(loss, "full-video")[1:])
    frames = f"memory.stored_frames={FRAMES}", f"dynamic.real_frames={FRAMES}"
    found = step(*make(loss, "full-video", *frames)[1:])
    if loss != "mtt":
        assert_equal_batches(found[0], naive[0])
    np.testing.assert_array_equal(found[1], naive[1])
    np.testing.assert_array_equal(found[2], naive[2])


def test_one_frame_of_each_duplicated_under_dc_is_static_dc_bit_for_bit():
    quadruplet = "memory.stored_frames=1", "dynamic.real_frames=1", "memory.interpolation=duplicate"
    recipe, objective, condenser = make("dc", "full-video", *quadruplet, OF_FRAMES)
    settings = StaticSettings(network="convnet_d3", width=3, real_per_class=2)
    # Stage 1 under the name of stage 2, whose random streams it then has.
    stage = Stage("dynamic", settings, recipe.data, recipe.run.seed, stills=True)
    stills = StillMemory(CLASSES, 1, FRAMES, SIZE)
    stills.static.assign(numpy(condenser.memory.video)[:, :, 0])
    static = METHODS.get("dc").objective(stage, Store(), stills)
    batch, loss, gradient = step(static, static.condenser())
    found = step(objective, condenser)
    assert_equal_batches(found[0], batch)
    np.testing.assert_array_equal(found[1], loss)
    np.testing.assert_array_equal(found[2][:, :, 0], gradient)
    videos = numpy(condenser.memory(tensor(condenser.memory.enumerate(), "int32")))
    np.testing.assert_array_equal(videos, numpy(stills(tensor(stills.enumerate(), "int32"))))


@pytest.mark.parametrize("loss", LOSSES)
def test_segments_of_one_frame_are_frame_by_frame_matching(loss):
    recipe, objective, condenser = make(loss, "full-video", f"dynamic.segments={FRAMES}", OF_FRAMES)
    batch, value, gradient = step(objective, condenser)
    real = normalise(batch["real"], recipe.data.mean, recipe.data.std).astype("float32")
    video = numpy(condenser.memory.video)
    weights = tensor(batch["network"], "float32")
    parts = [
        LOSSES[loss](
            objective.network, weights, tensor(real[:, :, i], "float32"), tensor(video[:, :, i], "float32")
        )
        for i in range(FRAMES)
    ]
    np.testing.assert_allclose(value, sum(float(numpy(part[0])) for part in parts), rtol=1e-5)
    expected = np.stack([numpy(part[1]) for part in parts], axis=2)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("rule", ["duplicate", "linear", "half-pixel"])
def test_gradients_of_segments_and_of_interpolations_meet_differences(loss, rule, monkeypatch):
    """Two stored frames for four shown, matched whole or in two segments, in float64."""
    rng = np.random.default_rng(0)
    stored = "data.frames=4", "memory.stored_frames=2", f"memory.interpolation={rule}"
    for settings, frames in (
        (("dynamic.segments=2",), 2),
        (("dynamic.real_frames=2", "dynamic.segments=1"), 2),
    ):
        with wide():
            _, objective, condenser = make(loss, "full-video", *stored, *settings)
            in_float64(condenser.memory)
            objective.network = network = Wide(CLASSES, SIZE, frames=frames)
            batch = objective.make_batch(0)
            batch["network"] = tuple(models.fresh_weights(network, rng))
            evaluate = gradient_function(objective, condenser, batch, "float64")
            assert_gradient(evaluate, learned_values(condenser), compiled=True)


@pytest.mark.parametrize("loss", LOSSES)
def test_stored_frames_meet_more_real_ones_in_a_network_of_any_length(loss):
    """(2, 4, K, -): what a GRU sees of two frames and of four has one size; each segment is matched alone."""
    frames = "data.frames=4", "memory.stored_frames=2", "dynamic.real_frames=4", "dynamic.network=convnet_gru"
    for count in (1, 2):
        recipe, objective, condenser = make(loss, "full-video", *frames, f"dynamic.segments={count}")
        batch, value, gradient = step(objective, condenser)
        real = normalise(batch["real"], recipe.data.mean, recipe.data.std).astype("float32")
        weights, video = tensor(batch["network"], "float32"), numpy(condenser.memory.video)
        cut = zip(np.split(real, count, axis=2), np.split(video, count, axis=2))
        parts = [LOSSES[loss](objective.network, weights, *tensor(each, "float32")) for each in cut]
        np.testing.assert_allclose(value, sum(float(numpy(part[0])) for part in parts), rtol=1e-5)
        expected = np.concatenate([numpy(part[1]) for part in parts], axis=2)
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
        assert np.abs(gradient).max() > 0


@pytest.mark.parametrize("network", ["mini_c3d", "convnet_mlp"])
def test_a_network_of_one_length_is_refused_with_another(network):
    frames = "data.frames=4", "memory.stored_frames=2", "dynamic.real_frames=4", f"dynamic.network={network}"
    with pytest.raises(
        UsageError, match="has other features for clips of 4 frames than for 2: choose one that takes"
    ):
        make("dm", "full-video", *frames)


def test_fewer_real_frames_span_the_time_of_a_whole_clip():
    _, objective, _ = make("dm", "full-video", "data.frames=4", "data.interval=1", "dynamic.real_frames=2",
                           "memory.stored_frames=2")  # fmt: skip
    assert objective.stage.real_interval == 2
    assert objective.make_batch(0)["real"].shape[2] == 2


@pytest.mark.parametrize(
    "settings, sentence",
    [
        (["dynamic.segments=3"], "3 segments of 8 real and 8 synthetic frames would not keep time even: pair 3 has 2"),
        (["memory.stored_frames=1", "dynamic.real_frames=2", "dynamic.segments=2"], "1 synthetic frame cannot be"),
        ([OF_FRAMES], "dynamic.network=convnet_d3 looks at frames, and a segment has 8 real and 8 synthetic ones"),
        (["dynamic.real_frames=9"], "dynamic.real_frames=9 is above data.frames=8; real frames are those of a whole"),
        (["memory.stored_frames=9"], "memory.stored_frames=9 is above data.frames=8; it can only store less"),
        (["memory.interpolation=cubic"], "memory.interpolation"),
    ],
)  # fmt: skip
@pytest.mark.once
def test_what_would_bend_time_is_refused_with_the_reason(settings, sentence):
    video = ["memory.kind=full-video", "static=null", "dynamic.learning_rates.video=1",
             "dynamic.learning_rates.dynamic=null", "dynamic.learning_rates.integrator=null",
             "evaluation.compare=[]"]  # fmt: skip
    with pytest.raises(UsageError, match=sentence):
        load_recipe("quickstart", [*video, *settings])

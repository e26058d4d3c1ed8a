"""The memories as Keras layers make the videos that numpy makes of their arrays."""

import keras
import numpy as np
import pytest
from derivatives import numpy
from memory_cases import CASES, KINDS, as_set, filled, layer

from keras_vdd.errors import UsageError
from keras_vdd.layers import Integrator
from keras_vdd.memory import FullVideoMemory, StaticDynamicMemory, StillMemory
from keras_vdd.storage.rounding import quantised
from keras_vdd.storage.storage_types import LEARNED_AS

CLASSES, FRAMES, SIZE = 5, 4, 6


def static_dynamic(integrators=1, frames=FRAMES, **options):
    return filled(StaticDynamicMemory(CLASSES, 2, 4, 6, frames, SIZE, integrators, **options))


def memory_of(name):
    kind, options = CASES[name]
    return filled(layer(kind, CLASSES, FRAMES, SIZE, **options))


@pytest.mark.parametrize("name", CASES)
def test_calls_equal_the_sets_reconstruction(name):
    memory = memory_of(name)
    distilled = as_set(memory)
    np.testing.assert_array_equal(memory.enumerate(), distilled.pairs())
    expected = distilled.reconstruct()
    found = numpy(memory(memory.enumerate()))
    assert found.dtype == np.float32 and found.shape == expected.shape
    assert found.shape[1:] == (memory.frames, SIZE, SIZE, 3)
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()
    # All pairs give other videos than the first one: nothing is broadcast.
    assert len(np.unique(found.reshape(len(found), -1), axis=0)) == len(found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_video_of_one_frame(kind):
    memory = filled(layer(kind, CLASSES, 1, SIZE))
    expected = as_set(memory).reconstruct()
    assert expected.shape[1] == 1
    found = numpy(memory(memory.enumerate()))
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("name", CASES)
def test_samples_are_one_pair_a_slot_and_repeatable(name):
    memory = memory_of(name)
    pairs = memory.sample(np.random.default_rng(3))
    assert pairs.dtype == np.int32 and pairs.shape == (CLASSES * memory.videos_per_class, 3)
    np.testing.assert_array_equal(pairs[:, 0], np.repeat(np.arange(CLASSES), memory.videos_per_class))
    every = {tuple(p) for p in memory.enumerate().tolist()}
    assert {tuple(p) for p in pairs.tolist()} <= every
    np.testing.assert_array_equal(pairs, memory.sample(np.random.default_rng(3)))
    distilled = as_set(memory)
    slots = np.tile(np.arange(memory.videos_per_class), CLASSES)
    np.testing.assert_array_equal(distilled.slots_of(pairs), slots)
    expected = distilled.reconstruct(pairs)
    assert np.abs(numpy(memory(pairs)) - expected).max() <= 1e-6 * np.abs(expected).max()


def test_without_options_a_call_is_the_integrator_of_the_weights():
    memory = static_dynamic()
    pairs = memory.enumerate()
    static, dynamic = (numpy(variable) for variable in (memory.static, memory.dynamic))
    integrator = Integrator(dtype="float32")
    integrator.build((None, SIZE, SIZE, 3))
    for own, other in zip(integrator.weights, memory.integrators[0].weights, strict=True):
        own.assign(other)
    expected = integrator(static[pairs[:, 0], pairs[:, 1]], dynamic[pairs[:, 0], pairs[:, 2]])
    np.testing.assert_array_equal(numpy(memory(pairs)), numpy(expected))
    np.testing.assert_array_equal(memory.arrays()["dynamic"], dynamic)


def test_small_motion_is_learned_small():
    memory = static_dynamic(stored_frames=2, dynamic_size=3)
    assert memory.dynamic.shape == (CLASSES, 6, 2, 3, 3, 1)
    assert memory.arrays()["dynamic"].shape == (CLASSES, 6, 2, 3, 3, 1)
    # Motion that is the same everywhere is the same after enlarging: other memories, equal videos.
    whole = static_dynamic()
    memory.dynamic.assign(np.full(memory.dynamic.shape, 0.5, "float32"))
    whole.dynamic.assign(np.full(whole.dynamic.shape, 0.5, "float32"))
    for own, other in zip(memory.integrators[0].weights, whole.integrators[0].weights, strict=True):
        own.assign(other)
    memory.static.assign(whole.static)
    pairs = memory.enumerate()
    np.testing.assert_allclose(numpy(memory(pairs)), numpy(whole(pairs)), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "options", [{"stored_frames": FRAMES + 1}, {"dynamic_size": 0}, {"dynamic_size": 2.5}]
)
def test_motion_sizes_that_cannot_be_enlarged_are_refused(options):
    with pytest.raises(UsageError, match="store between 1 and"):
        StaticDynamicMemory(2, 1, 1, 1, FRAMES, SIZE, **options)


@pytest.mark.parametrize("dtype", LEARNED_AS)
@pytest.mark.parametrize("kind", ["static-dynamic", "still", "full-video"])
def test_rounded_memories_give_what_they_show(kind, dtype):
    memory = memory_of(f"{kind}, {dtype}")
    weights = {v.name: numpy(v) for v in memory.weights}
    for key, array in memory.arrays().items():
        if key in weights:
            np.testing.assert_array_equal(array, quantised(weights[key], dtype))
            assert len(np.unique(array[0, 0])) < len(np.unique(weights[key][0, 0]))
    if memory.kind == "full-video":
        np.testing.assert_array_equal(numpy(memory(memory.enumerate())), as_set(memory).reconstruct())


@pytest.mark.parametrize(
    "name", ["static-dynamic, small int8", "static-dynamic, two integrators", "still", "full-video"]
)
@pytest.mark.parametrize("batch", [3, 7, 100])
def test_batches_smaller_than_the_set(name, batch):
    memory = memory_of(name)
    distilled = as_set(memory)
    drawn = memory.draw_batches(np.random.default_rng(1), batch, 3)
    assert drawn.shape == (3, min(batch, CLASSES * 2), 3)
    labels = np.random.default_rng(0).standard_normal((CLASSES, 2, CLASSES)).astype("float32")
    for pairs in drawn:
        expected = distilled.reconstruct(pairs)
        assert np.abs(numpy(memory(pairs)) - expected).max() <= 2e-6 * np.abs(expected).max()
        slots = numpy(memory.slots(keras.ops.convert_to_tensor(pairs)))
        np.testing.assert_array_equal(slots, memory.slots(pairs))
        assert slots.dtype == np.int32
        rows = labels.reshape(-1, CLASSES)[slots]
        np.testing.assert_array_equal(rows, labels[pairs[:, 0], distilled.slots_of(pairs)])


def test_each_class_uses_its_own_integrator():
    memory = static_dynamic(2)
    pairs = memory.enumerate()
    before = numpy(memory(pairs))
    memory.integrators[1].bias.assign(memory.integrators[1].bias + 1.0)
    change = numpy(memory(pairs)) - before
    users = np.arange(CLASSES) * 2 // CLASSES
    assert users.tolist() == [0, 0, 0, 1, 1]
    expected = users[pairs[:, 0]].reshape(-1, 1, 1, 1, 1)
    np.testing.assert_allclose(change, np.broadcast_to(expected, change.shape), atol=1e-5)


def test_what_is_learned_and_what_is_frozen():
    memory = static_dynamic(2)
    assert [v.name for v in memory.non_trainable_variables] == ["static"]
    assert [v.name for v in memory.trainable_variables] == ["dynamic", "kernel", "bias", "kernel", "bias"]
    assert memory.count_params() == CLASSES * SIZE * SIZE * (4 * 3 + 6 * FRAMES) + 2 * 327
    for memory, name in ((StillMemory(2, 1, 3, 8), "static"), (FullVideoMemory(2, 1, 3, 8), "video")):
        assert [v.name for v in memory.trainable_variables] == [name] and not memory.non_trainable_variables


def test_stills_are_seen_as_images_too():
    memory = memory_of("still")
    pairs = memory.enumerate()[::2]
    static = memory.arrays()["static"]
    np.testing.assert_array_equal(numpy(memory.images(pairs)), static[pairs[:, 0], pairs[:, 1]])


@pytest.mark.parametrize("name", ["static-dynamic, two integrators", "still", "full-video"])
def test_memories_stay_wide_under_a_narrow_policy(name):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        memory = memory_of(name)
        found = numpy(memory(memory.enumerate()))
    finally:
        keras.config.set_dtype_policy(policy)
    assert {v.dtype for v in memory.weights} == {"float32"}
    expected = as_set(memory).reconstruct()
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


def test_counts_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="statics_per_class=3 is not a multiple of videos_per_class=2"):
        StaticDynamicMemory(2, 2, 3, 2, FRAMES, SIZE)
    with pytest.raises(UsageError, match="statics_per_class=0"):
        StillMemory(2, 0, FRAMES, SIZE, videos_per_class=1)

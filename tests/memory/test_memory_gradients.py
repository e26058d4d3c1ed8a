"""Gradients of the memories in float64, to each weight and with each option, by central differences."""

import keras
import numpy as np
import pytest
from derivatives import assert_gradient, in_float64, numpy, tensor, wide
from keras import ops
from memory_cases import CASES, grow, layer

from keras_vdd.backend import jit, value_and_grad
from keras_vdd.memory import MEMORIES

CLASSES, FRAMES, SIZE = 5, 3, 4
COUNTS = {"videos_per_class": 1, "statics_per_class": 2, "dynamics_per_class": 2}
ROUNDED = [name for name, (_, options) in CASES.items() if options.get("quantise")]


def memory_of(name):
    kind, options = CASES[name]
    return grow(layer(kind, CLASSES, FRAMES, SIZE, **{**COUNTS, **options, "videos_per_class": 1}))


def losses(memory, pairs, static):
    """The function values -> (loss, gradients) of a loss that is curved in every video."""
    rng = np.random.default_rng(1)
    shape = (len(pairs), FRAMES, SIZE, SIZE, 3)
    target, weight = rng.standard_normal(shape), rng.uniform(0.5, 1.5, shape)
    kept = {variable.path: numpy(variable.value) for variable in memory.changing}
    frozen = [
        (variable, tensor(kept.get(variable.path, static))) for variable in memory.non_trainable_variables
    ]

    def loss(values):
        with keras.StatelessScope(state_mapping=[*zip(memory.trainable_variables, values), *frozen]):
            videos = memory.call(tensor(pairs, "int32"))
        return ops.sum(tensor(weight) * ops.square(videos - tensor(target)))

    return value_and_grad(loss)


def drawn(memory):
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(variable.shape) for variable in memory.trainable_variables]
    return values, rng.standard_normal((CLASSES, memory.statics_per_class, SIZE, SIZE, 3))


@pytest.mark.parametrize("name", [name for name in CASES if name not in ROUNDED])
def test_gradients_meet_differences(name):
    with wide():
        memory = in_float64(memory_of(name))
        values, static = drawn(memory)
        assert_gradient(losses(memory, memory.enumerate(), static), values)


@pytest.mark.parametrize("name", ROUNDED)
def test_straight_through_gradients_are_those_at_the_rounded_values(name):
    """Rounding has no slope to measure; the memory without it, at rounded values, has."""
    with wide():
        memory = in_float64(memory_of(name))
        values, static = drawn(memory)
        pairs = memory.enumerate()
        loss, found = jit(losses(memory, pairs, static))(tensor(values))
        rounded = by_hand[memory.quantise]
        memory.quantise = None
        items = {one.array: one for one in MEMORIES.get(memory.kind).items}
        names = [variable.name for variable in memory.trainable_variables]
        values = [
            by_item(rounded, v, items[name]) if name in items else v
            for name, v in zip(names, values, strict=True)
        ]
        static = rounded(static)
        at_rounded = losses(memory, pairs, static)
        expected = assert_gradient(at_rounded, values)
        same = jit(at_rounded)(tensor(values))[0]
        assert float(numpy(loss)) == pytest.approx(float(numpy(same)), rel=1e-12)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(numpy(one), other, rtol=0, atol=1e-10 * np.abs(other).max())


def by_item(rounded, memories, items):
    """Memories (classes, slots, ...) rounded item by item, of which a slot may have several."""
    flat = memories.reshape(CLASSES, -1, *memories.shape[3:]) if items.moments else memories
    return rounded(flat).reshape(memories.shape)


def as_int8(memories):
    """The rule written out: each memory item to 127 levels each side of zero."""
    items = memories.reshape(memories.shape[0] * memories.shape[1], -1)
    scale = np.abs(items).max(axis=1, keepdims=True) / 127
    return (np.rint(items / scale) * scale).reshape(memories.shape)


def as_int4(memories):
    """The rule written out: each 64 values of an item to 7 levels a side, scales without their last 13 bits."""
    items = memories.reshape(memories.shape[0] * memories.shape[1], -1).copy()
    for start in range(0, items.shape[1], 64):
        part = items[:, start : start + 64]
        scale = np.abs(part).max(axis=1, keepdims=True) / 7
        high = scale * 8193
        scale = high - (high - scale)
        items[:, start : start + 64] = np.rint(part / scale) * scale
    return items.reshape(memories.shape)


by_hand = {"int8": as_int8, "int4": as_int4}


def test_gradients_of_a_part_of_the_set():
    with wide():
        memory = in_float64(
            layer("static-dynamic", CLASSES, FRAMES, SIZE, dynamics_per_class=2, integrators=2)
        )
        values, static = drawn(memory)
        pairs = memory.draw_batches(np.random.default_rng(0), 4, 1)[0]
        gradients = assert_gradient(losses(memory, pairs, static), values)
    touched = np.zeros((CLASSES, 2), bool)
    touched[pairs[:, 0], pairs[:, 2]] = True
    assert not touched.all()
    np.testing.assert_array_equal(np.abs(gradients[0]).sum(axis=(2, 3, 4, 5)) > 0, touched)

"""Optimizers with a rate for each part, against loops in numpy."""

import keras
import numpy as np
import pytest

from keras_vdd.errors import UsageError
from keras_vdd.learning.rates import falling, part_of, per_variable_lr

RATES = {"dynamic": 0.5, "integrator": 0.01, "labels": 2.0, "step_size": 0.0}
SHAPES = {
    "dynamic": (2, 3),
    "integrator0/kernel": (3,),
    "integrator0/bias": (2,),
    "labels": (2, 2),
    "step_size": (),
}
STEPS = 6


def gradients(step):
    """Of very different sizes, which SGD sees and Adam does not."""
    rng = np.random.default_rng(1 + step)
    sizes = dict(zip(SHAPES, (1.0, 1e-3, 1.0, 1e2, 1.0)))
    return {
        name: (sizes[name] * rng.standard_normal(shape)).astype("float32") for name, shape in SHAPES.items()
    }


def variables():
    made = []
    for name, shape in SHAPES.items():
        *scopes, last = name.split("/")
        with keras.name_scope(scopes[0] if scopes else "condenser"):
            made.append(keras.Variable(np.zeros(shape, "float32"), name=last))
    return made


def trained(optimizer, steps=STEPS):
    """How far an optimizer has moved variables from zero in some steps, by name."""
    learned = variables()
    optimizer.build(learned)
    for step in range(steps):
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients(step).values()], learned)
    return {name: keras.ops.convert_to_numpy(v) for name, v in zip(SHAPES, learned)}


def rate(name):
    return RATES["integrator" if "integrator" in name else name]


def by_hand_sgd(momentum, share):
    values, speeds = ({name: np.zeros(shape) for name, shape in SHAPES.items()} for _ in range(2))
    for step in range(STEPS):
        for name, gradient in gradients(step).items():
            speeds[name] = momentum * speeds[name] - share(step) * rate(name) * gradient
            values[name] = values[name] + speeds[name]
    return values


def by_hand_adam(share, epsilon=1e-7):
    values, means, squares = ({name: np.zeros(shape) for name, shape in SHAPES.items()} for _ in range(3))
    for step in range(STEPS):
        for name, gradient in gradients(step).items():
            means[name] = 0.9 * means[name] + 0.1 * gradient
            squares[name] = 0.999 * squares[name] + 0.001 * gradient.astype("float64") ** 2
            bias = np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
            moved = share(step) * rate(name) * bias * means[name] / (np.sqrt(squares[name]) + epsilon)
            values[name] = values[name] - moved
    return values


def cosine(step, iterations=4, last=0.25):
    done = min(step, iterations) / iterations
    return last + (1 - last) * (1 + np.cos(np.pi * done)) / 2


def constant(step):
    return 1.0


def check(found, expected):
    for name, value in expected.items():
        assert np.linalg.norm(found[name] - value) <= 1e-5 * np.linalg.norm(value), name
        assert np.any(value) == (name != "step_size"), name


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("share", [constant, cosine])
def test_sgd(momentum, share):
    schedule = {} if share is constant else {"learning_rate": falling(4, 0.25)}
    check(
        trained(per_variable_lr(keras.optimizers.SGD, RATES, momentum=momentum, **schedule)),
        by_hand_sgd(momentum, share),
    )


@pytest.mark.parametrize("share", [constant, cosine])
def test_adam(share):
    schedule = {} if share is constant else {"learning_rate": falling(4, 0.25)}
    check(trained(per_variable_lr(keras.optimizers.Adam, RATES, **schedule)), by_hand_adam(share))


def test_one_rate_for_all_is_keras_own_optimizer():
    same = dict.fromkeys(RATES, 0.3)
    found, expected = (
        trained(per_variable_lr(keras.optimizers.Adam, same)),
        trained(keras.optimizers.Adam(0.3)),
    )
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-6, atol=1e-6)


def test_a_schedule_falls_along_a_cosine_and_stays_at_its_last_share():
    shares = falling(4, 0.25)
    found = [float(keras.ops.convert_to_numpy(shares(step))) for step in range(7)]
    np.testing.assert_allclose(found, [cosine(step) for step in range(7)], rtol=1e-6)
    assert found[0] == 1 and found[4:] == [0.25] * 3


def test_parts_are_told_by_name():
    assert [part_of(v) for v in variables()] == ["dynamic", "integrator", "integrator", "labels", "step_size"]


def test_a_part_without_a_rate_is_told_before_anything_is_learned():
    rates = {part: rate for part, rate in RATES.items() if part not in ("integrator", "labels")}
    optimizer = per_variable_lr(keras.optimizers.SGD, rates)
    with pytest.raises(UsageError, match="no learning rate for integrator, labels"):
        optimizer.build(variables())

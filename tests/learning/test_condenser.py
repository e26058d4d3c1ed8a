"""`fit()` learns memories on the active backend: exact rates, any optimizer, Keras' own callbacks."""

import keras
import numpy as np
import pytest
from toy_condensers import CLASSES, FRAMES, RATES, SIZE, make_batch, make_condenser

from keras_vdd.data.batches import IterationBatches
from keras_vdd.learning.rates import per_variable_lr


def fit(condenser, stop, start=0, **options):
    batches = IterationBatches(start, stop, lambda i: (make_batch(condenser, i),))
    return condenser.fit(batches, verbose=0, shuffle=False, **options)


def plain():
    return per_variable_lr(keras.optimizers.SGD, RATES)


def recorder(losses):
    def record(batch, logs):
        losses.append(float(logs["loss"]))

    return keras.callbacks.LambdaCallback(on_train_batch_end=record)


@pytest.mark.parametrize(
    "kind, view, counts",
    [
        ("static-dynamic", "call", {"per_class": 2}),
        ("static-dynamic", "call", {"integrators": 2}),
        ("still", "call", {}),
        ("still", "images", {"per_class": 2}),
        ("full-video", "call", {"per_class": 2}),
    ],
)
def test_two_steps_change_what_is_learned_and_nothing_else(kind, view, counts):
    condenser = make_condenser(kind, view=view, **counts)
    before = condenser.memory.arrays()
    history = fit(condenser, 2)
    assert np.isfinite(history.history["loss"]).all()
    for name, array in condenser.memory.arrays().items():
        assert np.isfinite(array).all() and array.dtype == np.float32
        if kind == "static-dynamic" and name == "static":
            np.testing.assert_array_equal(array, before[name])
        else:
            assert not np.array_equal(array, before[name]), f"{name} is what it was"


def integrator_gradients(arrays, target):
    """Half a squared error's gradients to dynamic, kernel and bias, written out."""
    kernel, residual = arrays["kernels"][0], -target
    still = np.repeat(arrays["static"][:, 0, None], FRAMES, axis=1)
    joined = np.concatenate([still, arrays["dynamic"][:, 0]], axis=-1)
    joined = np.pad(joined, [(0, 0), (1, 1), (1, 1), (1, 1), (0, 0)])
    places = {
        tap: (slice(None), *(slice(a, a + n) for a, n in zip(tap, (FRAMES, SIZE, SIZE))))
        for tap in np.ndindex(3, 3, 3)
    }
    residual = residual + arrays["biases"][0]
    residual = residual + sum(joined[where] @ kernel[tap] for tap, where in places.items())
    to_kernel, to_joined = np.zeros_like(kernel), np.zeros_like(joined)
    for tap, where in places.items():
        to_kernel[tap] = np.einsum("nthwi,nthwo->io", joined[where], residual)
        to_joined[where] += residual @ kernel[tap].T
    to_dynamic = to_joined[:, None, 1:-1, 1:-1, 1:-1, 3:]
    return np.sum(residual**2) / 2, [to_dynamic, to_kernel, residual.sum((0, 1, 2, 3))]


def test_each_part_has_exactly_its_own_learning_rate():
    """SGD with momentum against a loop by hand in float64."""
    condenser, momentum, steps = make_condenser("static-dynamic"), 0.9, 4
    arrays = {name: a.astype("float64") for name, a in condenser.memory.arrays().items()}
    rates = RATES["dynamic"], RATES["integrator"], RATES["integrator"]
    speeds, losses = [0.0, 0.0, 0.0], []
    for iteration in range(steps):
        loss, gradients = integrator_gradients(arrays, make_batch(condenser, iteration)["target"])
        losses.append(loss)
        speeds = [momentum * v - rate * g for v, rate, g in zip(speeds, rates, gradients)]
        for array, speed in zip((arrays["dynamic"], arrays["kernels"][0], arrays["biases"][0]), speeds):
            array += speed
    seen = []
    fit(condenser, steps, callbacks=[recorder(seen)])
    np.testing.assert_allclose(seen, losses, rtol=1e-5)
    start = make_condenser("static-dynamic").memory.arrays()
    for name, found in condenser.memory.arrays().items():
        moved = np.linalg.norm(arrays[name] - start[name])
        assert np.linalg.norm(found - arrays[name]) <= 1e-5 * moved, name
        assert (moved > 1e-2) == (name != "static")


@pytest.mark.parametrize("kind, name, view", [("full-video", "video", "call"), ("still", "static", "images")])
def test_directly_learned_memories_follow_the_closed_form(kind, name, view):
    condenser = make_condenser(kind, plain(), view=view, per_class=2)
    expected = condenser.memory.arrays()[name].astype("float64")
    for iteration in range(3):
        target = make_batch(condenser, iteration)["target"].reshape(expected.shape)
        expected += RATES[name] * (target - expected)
    fit(condenser, 3)
    np.testing.assert_allclose(condenser.memory.arrays()[name], expected, rtol=1e-5, atol=1e-6)


def test_a_stills_frames_add_their_gradients():
    condenser = make_condenser("still", plain())
    before = condenser.memory.arrays()["static"].astype("float64")
    target = make_batch(condenser, 0)["target"].reshape(CLASSES, 1, FRAMES, SIZE, SIZE, 3)
    fit(condenser, 1)
    expected = before + RATES["static"] * (target - before[:, :, None]).sum(2)
    np.testing.assert_allclose(condenser.memory.arrays()["static"], expected, rtol=1e-5, atol=1e-6)


def test_a_pair_not_drawn_is_not_moved():
    condenser = make_condenser("static-dynamic", plain(), per_class=3)
    before, pairs = condenser.memory.arrays()["dynamic"], make_batch(condenser, 0)["pairs"]
    fit(condenser, 1)
    moved = np.abs(condenser.memory.arrays()["dynamic"] - before).max(axis=(2, 3, 4, 5)) > 0
    expected = np.zeros((CLASSES, 3), bool)
    expected[pairs[:, 0], pairs[:, 2]] = True
    np.testing.assert_array_equal(moved, expected)


def test_a_rate_of_zero_freezes():
    condenser = make_condenser("static-dynamic", rates={**RATES, "integrator": 0.0})
    before = condenser.memory.arrays()
    fit(condenser, 2)
    after = condenser.memory.arrays()
    np.testing.assert_array_equal(after["kernels"], before["kernels"])
    assert not np.array_equal(after["dynamic"], before["dynamic"])


@pytest.mark.parametrize("name", ["Adam", "RMSprop", "Lion"])
def test_other_optimizers_train(name):
    condenser = make_condenser("full-video", getattr(keras.optimizers, name)(0.05))
    target = make_batch(condenser, 0)
    batches = IterationBatches(0, 20, lambda i: (target,))
    losses = []
    condenser.fit(batches, verbose=0, shuffle=False, callbacks=[recorder(losses)])
    assert losses[-1] < 0.7 * losses[0]


class Reader(keras.callbacks.Callback):
    """Reads the memory while it is trained, where JAX keeps the variables' values elsewhere."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(self.model.memory.arrays()["dynamic"].copy())


def test_keras_callbacks_and_weight_files(tmp_path):
    condenser, reader = make_condenser("static-dynamic"), Reader()
    path = tmp_path / "epoch{epoch}.weights.h5"
    keeper = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    history = fit(condenser, 3, epochs=2, callbacks=[reader, keeper, keras.callbacks.TerminateOnNaN()])
    assert len(history.history["loss"]) == 2 and len(reader.seen) == 6
    assert all(not np.array_equal(a, b) for a, b in zip(reader.seen, reader.seen[1:]))
    np.testing.assert_array_equal(reader.seen[-1], condenser.memory.arrays()["dynamic"])
    again = make_condenser("static-dynamic")
    again.load_weights(tmp_path / "epoch2.weights.h5")
    for name, array in condenser.memory.arrays().items():
        np.testing.assert_array_equal(again.memory.arrays()[name], array)
    again.load_weights(tmp_path / "epoch1.weights.h5")
    np.testing.assert_array_equal(again.memory.arrays()["dynamic"], reader.seen[2])


def test_training_goes_on_with_a_second_fit():
    """Optimizer state and numbering of batches carry over: 2 + 2 iterations are 4."""
    whole, parts = make_condenser("static-dynamic"), make_condenser("static-dynamic")
    fit(whole, 4)
    fit(parts, 2)
    fit(parts, 4, start=2)
    for name, array in whole.memory.arrays().items():
        np.testing.assert_array_equal(parts.memory.arrays()[name], array)


def test_a_callback_can_stop_training():
    condenser, stopper = make_condenser("full-video"), Reader()
    stopper.on_train_batch_end = lambda batch, logs=None: setattr(stopper.model, "stop_training", batch == 1)
    fit(condenser, 5, callbacks=[stopper])
    assert int(condenser.optimizer.iterations) == 2

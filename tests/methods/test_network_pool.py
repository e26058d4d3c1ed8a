"""FRePo's pool: Adam as Keras has it, lives of known length, and a state that comes back bit for bit."""

import keras
import numpy as np
import pytest
from derivatives import numpy
from keras import ops
from tiny_networks import Smooth

from keras_vdd import models
from keras_vdd.backend import jit, value_and_grad
from keras_vdd.matching.ridge import prediction_loss
from keras_vdd.methods.frepo.network_pool import NetworkPool
from keras_vdd.seeds import stream

CLASSES, FRAMES, SIZE, RATE = 3, 3, 8, 0.01


@pytest.fixture(scope="module")
def network():
    """The stage's own, whose weights a backend may lay out in its own way."""
    return models.create("mini_c3d", CLASSES, FRAMES, SIZE, 3, 2)


def smooth():
    return Smooth(CLASSES, 4, frames=2, dtype="float32")


def data(count=4, frames=FRAMES, size=SIZE, seed=0):
    rng = np.random.default_rng(seed)
    videos = rng.standard_normal((count, frames, size, size, 3), dtype="float32")
    labels = rng.standard_normal((count, CLASSES), dtype="float32")
    return ops.convert_to_tensor(videos), ops.convert_to_tensor(labels)


def small():
    return data(frames=2, size=4)


def counts(pool):
    """(life, age, steps left to live at birth) of every network."""
    return [tuple(pool.state()[f"pool/{member}/counts"].tolist()) for member in range(len(pool.members))]


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_its_steps_are_those_of_keras_adam():
    network = smooth()
    pool, (videos, labels) = NetworkPool(network, 2, 100, RATE, seed=3), small()
    learned = [keras.Variable(numpy(w)) for w in pool.weights(1)]
    optimizer = keras.optimizers.Adam(RATE, epsilon=1e-8)
    optimizer.build(learned)
    gradient = jit(value_and_grad(lambda w: prediction_loss(models.apply(network, w, videos), labels)))
    start = [numpy(w) for w in pool.weights(1)]
    for _ in range(5):
        _, gradients = gradient([v.value for v in learned])
        optimizer.apply(gradients, learned)
        pool.update(1, videos, labels)
    for index, (found, expected, before) in enumerate(zip(pool.weights(1), learned, start)):
        moved = np.linalg.norm(numpy(expected) - before)
        # The norm takes away what the convolution's bias adds: its gradient is rounding alone.
        assert index == 1 or np.linalg.norm(numpy(found) - numpy(expected)) < 1e-4 * moved


def test_a_network_learns_the_labels_of_the_set():
    network = smooth()
    pool, (videos, labels) = NetworkPool(network, 1, 1000, RATE, seed=0), small()
    error = jit(lambda w: prediction_loss(models.apply(network, w, videos), labels))
    before = float(numpy(error(pool.weights(0))))
    for _ in range(150):
        pool.update(0, videos, labels)
    assert float(numpy(error(pool.weights(0)))) < 0.1 * before


def test_first_lives_end_one_after_the_other_and_later_ones_after_all_steps():
    pool, batch = NetworkPool(smooth(), 4, 6, RATE, seed=0), small()
    assert [left for _, _, left in counts(pool)] == [2, 3, 5, 6]
    ends = {member: [] for member in range(4)}
    for step in range(1, 19):
        for member in range(4):
            life = counts(pool)[member][0]
            pool.update(member, *batch)
            if counts(pool)[member][0] > life:
                ends[member].append(step)
    assert ends == {0: [2, 8, 14], 1: [3, 9, 15], 2: [5, 11, 17], 3: [6, 12, 18]}


@pytest.mark.parametrize("size, updates, first", [(3, 1, [1, 1, 1]), (5, 2, [1, 1, 2, 2, 2]), (1, 7, [7])])
def test_every_life_has_a_step(size, updates, first):
    assert [left for _, _, left in counts(NetworkPool(smooth(), size, updates, RATE, seed=0))] == first


def test_a_network_is_born_as_the_seed_says_and_alone():
    network = smooth()
    pool, batch = NetworkPool(network, 3, 3, RATE, seed=5), small()
    others = [pool.weights(member) for member in (1, 2)]
    pool.update(0, *batch)  # its first life has one step
    assert counts(pool)[0] == (1, 0, 3)
    state = pool.state()
    for index, expected in enumerate(models.fresh_weights(network, stream(5, "dynamic", "pool", 0, 1))):
        np.testing.assert_array_equal(state[f"pool/0/weights/{index}"], expected)
        assert not state[f"pool/0/mean/{index}"].any() and not state[f"pool/0/square/{index}"].any()
    assert [pool.weights(member) for member in (1, 2)] == others
    assert counts(pool)[1:] == [(0, 0, 2), (0, 0, 3)]
    first = [
        pool.state()["pool/1/weights/0"],
        NetworkPool(network, 3, 3, RATE, 6).state()["pool/1/weights/0"],
    ]
    assert not np.array_equal(*first) and not np.array_equal(first[0], state["pool/2/weights/0"])


def test_its_state_comes_back_and_goes_on_bit_for_bit(network):
    whole, batches = NetworkPool(network, 2, 4, RATE, seed=1), [data(seed=seed) for seed in range(7)]
    for step, batch in enumerate(batches[:4]):
        whole.update(step % 2, *batch)
    kept = whole.state()
    assert all(isinstance(array, np.ndarray) for array in kept.values())
    again = NetworkPool(network, 2, 4, RATE, seed=1)
    again.restore({**kept, "losses": np.zeros(3)})
    assert_same(again.state(), kept)
    for pool in (whole, again):
        for step, batch in enumerate(batches[4:]):
            pool.update(step % 2, *batch)
    assert counts(whole) == counts(again) and counts(whole)[0][0] == 1
    assert_same(again.state(), whole.state())
    assert not np.array_equal(whole.state()["pool/1/weights/0"], kept["pool/1/weights/0"])

"""A memory that grows while it learns: nothing jumps, momentum stays with its frame, resuming gives the same bytes."""

import keras
import numpy as np
import pytest
from learning.test_fit import Watched, check_same, learn
from toy_condensers import CLASSES, SIZE, squared_error

from keras_vdd.learning.checkpoint import load_arrays
from keras_vdd.learning.condenser import Condenser
from keras_vdd.learning.objective import VideoSpaceObjective
from keras_vdd.learning.rates import per_variable_lr
from keras_vdd.memory import MEMORIES
from keras_vdd.progress import Silent
from keras_vdd.runs.log import Log

FRAMES, ITERATIONS = 5, 10
# A motion that two frames cannot follow: of the second class they can.
TARGET = np.zeros((CLASSES, FRAMES, SIZE, SIZE, 3), "float32")
TARGET[0] = np.array([2, -6, 0, -4, 2])[:, None, None, None]
TARGET[1] = np.arange(FRAMES)[:, None, None, None]


def make(**settings):
    chosen = MEMORIES.get("key-frames").settings(**{"check_every": 1, **settings})
    memory = MEMORIES.get("key-frames").layer(chosen, CLASSES, FRAMES, SIZE)
    memory.key_frames.assign(0.1 * np.random.default_rng(0).standard_normal(memory.key_frames.shape))
    condenser = Condenser(memory, VideoSpaceObjective(squared_error, CLASSES, 1))
    condenser.compile(per_variable_lr(keras.optimizers.SGD, {"key_frames": 0.05}, momentum=0.9))
    return condenser


def batch(condenser, iteration):
    return {"pairs": condenser.memory.enumerate(), "target": TARGET}


def run(path, progress=None, **settings):
    return learn(path, progress or Silent(), batch, make(**settings), ITERATIONS, checkpoint_every=2)


def stored(path):
    return [record["key_frames"] for record in Log(path / "log.jsonl").records()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole")
    return run(path), path


def test_frames_become_key_frames_where_motion_asks_for_it(whole):
    (condenser, losses), path = whole
    positions = condenser.memory.arrays()["positions"][:, 0]
    assert (positions[0] >= 0).sum() > 2 and positions[1].tolist()[:3] == [0, 4, -1]
    counts = stored(path)
    # Two of 10 iterations are warm-up, two are cool-down.
    assert counts[:2] == [4, 4] and counts[-1] > 4 and counts[-3:] == [counts[-1]] * 3
    assert counts == sorted(counts) and counts[-1] == (positions >= 0).sum()
    # It follows better than two frames do.
    assert losses[-1] < 0.9 * run(path.parent, insertion="none")[1][-1]


def test_places_that_are_not_in_use_stay_as_they_were(tmp_path):
    condenser, _ = run(tmp_path, insertion="none")
    start = keras.ops.convert_to_numpy(make().memory.key_frames)
    frames = keras.ops.convert_to_numpy(condenser.memory.key_frames)
    np.testing.assert_array_equal(frames[:, :, 1:-1], start[:, :, 1:-1])
    assert (frames[:, :, [0, -1]] != start[:, :, [0, -1]]).any(axis=(3, 4, 5)).all()
    momentum = [v for v in condenser.optimizer.variables if v.shape == frames.shape]
    assert momentum and all((keras.ops.convert_to_numpy(v)[:, :, 1:-1] == 0).all() for v in momentum)


def test_a_frame_starts_as_it_was_shown_and_no_frame_moves(whole):
    condenser = make()
    memory, pairs = condenser.memory, condenser.memory.enumerate()
    before = keras.ops.convert_to_numpy(memory(pairs))
    new = np.zeros((CLASSES, FRAMES), bool)
    new[0, 2] = new[1, 1] = new[1, 3] = True
    memory.insert(new)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(memory(pairs)), before, atol=1e-6)
    assert memory.notes() == {"key_frames": 7}


@pytest.mark.parametrize("compare", ["frames", "steps"])
def test_gradients_of_frames_are_those_of_free_ones(compare):
    condenser = make(compare=compare)
    memory, pairs = condenser.memory, condenser.memory.enumerate()
    gradient = keras.ops.convert_to_numpy(memory(pairs)) - TARGET
    values = [v.value for v in condenser.trainable_variables]
    others = [v.value for v in condenser.non_trainable_variables]
    given = keras.tree.map_structure(keras.ops.convert_to_tensor, batch(condenser, 0))
    _, (of_keys,), logs = condenser.meta_gradient(values, others, given)
    of_keys = keras.ops.convert_to_numpy(of_keys)[:, 0]
    share = np.arange(FRAMES) / (FRAMES - 1)
    np.testing.assert_allclose(
        of_keys[:, 0], np.einsum("t,ct...->c...", 1 - share, gradient), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(
        of_keys[:, -1], np.einsum("t,ct...->c...", share, gradient), rtol=1e-4, atol=1e-4
    )
    assert (of_keys[:, 1:-1] == 0).all()
    flat = gradient.reshape(CLASSES, FRAMES, -1)
    keys = flat if compare == "frames" else of_keys.reshape(CLASSES, FRAMES, -1)
    norms = np.linalg.norm(flat, axis=2)[:, :, None] * np.linalg.norm(keys, axis=2)[:, None]
    expected = np.einsum("ctx,csx->cts", flat, keys) / np.maximum(norms, 1e-30)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(logs["cosines"]), expected, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"insertion": "random"}])
def test_stopped_in_the_midst_of_growth_and_begun_again_it_ends_with_the_same_bytes(
    settings, whole, tmp_path
):
    expected, at = whole
    if settings:
        (tmp_path / "whole").mkdir()
        expected, at = run(tmp_path / "whole", **settings), tmp_path / "whole"
    counts = stored(at)
    stop = next(i + 1 for i, count in enumerate(counts) if count > counts[0]) + 1

    def interrupt():
        raise KeyboardInterrupt

    part = tmp_path / "part"
    part.mkdir()
    with pytest.raises(KeyboardInterrupt):
        run(part, Watched(stop, interrupt), **settings)
    kept, facts = load_arrays(part / "dynamic" / "checkpoint.safetensors")
    assert 2 <= facts["iteration"] <= stop < ITERATIONS and "memory/keys" in kept
    check_same(run(part, **settings), expected, part, at)
    names = "dynamic/checkpoint.safetensors"
    assert (part / names).read_bytes() == (at / names).read_bytes()

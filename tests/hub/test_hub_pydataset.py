"""A loaded set against Keras itself: the integrator's numbers, and batches for `model.fit`."""

import numpy as np
import pytest

import keras_vdd
from keras_vdd.errors import UsageError
from keras_vdd.hub.pydataset import PAIRINGS

keras = pytest.importorskip("keras")


@pytest.fixture
def loaded(make_set, tmp_path):
    return keras_vdd.load(keras_vdd.export(make_set(), tmp_path / "set"))


def test_videos_are_those_of_the_backend_s_convolution(loaded):
    pairs = loaded.pairs()[::7]
    still = np.repeat(loaded.static[pairs[:, 0], pairs[:, 1]][:, None], loaded.frames, axis=1)
    clips = np.concatenate([still, loaded.dynamic[pairs[:, 0], pairs[:, 2]]], axis=-1)
    got = loaded.reconstruct(pairs)
    for clip, video, label in zip(clips, got, pairs[:, 0], strict=True):
        kernel, bias = loaded.kernels[label * 3 // 12], loaded.biases[label * 3 // 12]
        expected = keras.ops.convert_to_numpy(keras.ops.conv(clip[None], kernel, padding="same"))[0] + bias
        # Backends themselves are up to 1e-6 of the largest value off the exact sum.
        np.testing.assert_allclose(video, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_batches_are_the_set_in_order(loaded):
    videos, labels = loaded.videos()
    batches = loaded.as_pydataset(batch_size=10)
    assert isinstance(batches, keras.utils.PyDataset) and len(batches) == 10
    got = [batches[index] for index in range(len(batches))]
    np.testing.assert_array_equal(np.concatenate([video for video, _ in got]), videos)
    np.testing.assert_array_equal(np.concatenate([label for _, label in got]), labels)
    assert got[0][0].dtype == np.float32 and got[0][1].dtype == np.int32


def test_large_sets_give_the_same_batches(loaded, monkeypatch):
    from keras_vdd.hub import pydataset

    kept = loaded.as_pydataset(batch_size=10)[3][0]
    monkeypatch.setattr(pydataset, "KEPT_BYTES", 0)
    np.testing.assert_array_equal(loaded.as_pydataset(batch_size=10)[3][0], kept)


def epoch_of(batches):
    return np.concatenate([batches[index][0] for index in range(len(batches))]).sum(axis=(1, 2, 3, 4))


def test_shuffling_is_seeded_and_new_in_every_epoch(loaded):
    one, same, other = (loaded.as_pydataset(16, shuffle=True, seed=seed) for seed in (1, 1, 2))
    first = epoch_of(one)
    np.testing.assert_array_equal(first, epoch_of(same))
    assert not np.array_equal(first, epoch_of(other))
    one.on_epoch_end()
    assert not np.array_equal(first, epoch_of(one))
    np.testing.assert_array_equal(np.sort(first), np.sort(epoch_of(one)))


def test_a_drawn_pair_of_each_slot_is_another_in_the_next_epoch(loaded):
    batches = loaded.as_pydataset(100, pairing="sample", seed=1)
    videos, labels = batches[0]
    assert len(videos) == 24 and labels.tolist() == [label for label in range(12) for _ in range(2)]
    batches.on_epoch_end()
    again = batches[0][0]
    assert again.shape == videos.shape and not np.array_equal(videos, again)


def test_the_first_pair_of_each_slot_stays(loaded):
    batches = loaded.as_pydataset(100, pairing="first", seed=1)
    pairs = loaded.pairs()
    slots = [(pair[0], slot) for pair, slot in zip(pairs.tolist(), loaded.slots_of(pairs))]
    first = [at for at, slot in enumerate(slots) if slot not in slots[:at]]
    assert len(first) == 24
    for _ in range(2):
        videos, labels = batches[0]
        np.testing.assert_array_equal(videos, loaded.reconstruct(pairs[first]))
        np.testing.assert_array_equal(labels, pairs[first, 0])
        batches.on_epoch_end()


@pytest.mark.parametrize("kind", ["full-video", "still"])
def test_where_a_slot_has_one_pair_or_no_motion_pairings_hold_too(make_set, tmp_path, kind):
    loaded = keras_vdd.load(keras_vdd.export(make_set(kind), tmp_path / "set"))
    every, first, drawn = (epoch_of(loaded.as_pydataset(100, pairing=name)) for name in PAIRINGS)
    slots = len(loaded.class_names) * loaded.videos_per_class
    assert len(first) == len(drawn) == slots and set(first) <= set(every) and set(drawn) <= set(every)
    assert len(every) == len(loaded.pairs())


def test_an_unknown_pairing_is_one_sentence(loaded):
    with pytest.raises(UsageError, match="pairing='al' must be one of all, first, sample; did you mean all?"):
        loaded.as_pydataset(pairing="al")


def test_soft_labels_and_bad_sizes(loaded):
    assert loaded.as_pydataset(4, soft=True)[0][1].shape == (4, 12)
    with pytest.raises(UsageError, match="batch_size=0"):
        loaded.as_pydataset(0)
    with pytest.raises(IndexError):
        loaded.as_pydataset(50)[2]


def test_a_model_learns_from_it(loaded):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(12)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(loaded.as_pydataset(16, shuffle=True), epochs=8, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]

"""A loaded set against Keras itself: the integrator's numbers, and batches for `model.fit`."""

import numpy as np
import pytest

import keras_vdd
from keras_vdd.errors import UsageError

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


def test_sampling_gives_one_video_a_slot(loaded):
    batches = loaded.as_pydataset(100, sample=True, seed=1)
    videos, labels = batches[0]
    assert len(videos) == 24 and labels.tolist() == [label for label in range(12) for _ in range(2)]
    batches.on_epoch_end()
    assert not np.array_equal(videos, batches[0][0])


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

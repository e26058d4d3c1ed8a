import numpy as np

from keras_vdd.data.normalise import denormalise, normalise

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def test_normalise_is_the_formula():
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4, 3), dtype=np.uint8)
    expected = (frames / 255.0 - MEAN) / STD
    got = normalise(frames, MEAN, STD)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_every_pixel_comes_back():
    pixels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    assert np.array_equal(denormalise(normalise(pixels, MEAN, STD), MEAN, STD), pixels)


def test_what_leaves_the_range_is_clipped():
    assert denormalise(np.array([[-99.0, 0.0, 99.0]]), MEAN, STD).tolist() == [[0, 116, 255]]


def test_the_input_is_left_as_it_was():
    frames = np.full((2, 3), 128, np.uint8)
    normalise(frames, MEAN, STD)
    floats = np.ones((2, 3), np.float32)
    denormalise(floats, MEAN, STD)
    assert (frames == 128).all() and (floats == 1).all()

"""Siamese augmentation: closed forms of each strategy, one transformation a group, derivatives."""

import numpy as np
import pytest
from derivatives import assert_gradient, numpy, tensor, wide
from keras import ops

from keras_vdd.backend import jit, value_and_grad
from keras_vdd.matching.augmentation import augment
from keras_vdd.matching.augmentation_draws import COLUMNS, identity

HEIGHT, WIDTH = 6, 8
# Compiled, as training has it: JAX would compile each operation apart otherwise.
compiled = jit(augment)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def rows(*changes):
    """One row of parameters for each dict of changed columns."""
    parameters = identity(len(changes))
    for row, change in zip(parameters, changes):
        for column, value in change.items():
            row[COLUMNS.index(column)] = value
    return parameters


def augmented(x, *changes):
    return numpy(compiled(tensor(x, "float32"), tensor(rows(*changes), "float32")))


def one_image(image, **change):
    """Augment one image (height, width, channels)."""
    return augmented(image[None, None], change)[0, 0]


EVERYTHING = [
    {"mirror": -1},
    {"brightness": 0.3, "saturation": 1.7, "contrast": 0.6},
    {"shift_y": 0.2, "shift_x": -0.1},
    {"cutout_side": 0.5, "cutout_y": 0.9, "cutout_x": 0.3},
    {"scale_y": 1.2, "scale_x": 0.9},
    {"angle": 0.2},
]
EVERYTHING.append({name: value for change in EVERYTHING for name, value in change.items()})


@pytest.mark.parametrize("time", [(), (3,)])
def test_identity_gives_the_same_bits(time):
    x = noise(2, 3, *time, HEIGHT, WIDTH, 3)
    found = augmented(x, {}, {})
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, x)


def test_flip_mirrors_left_and_right_and_twice_is_the_same():
    x = noise(1, 2, 3, HEIGHT, WIDTH, 3)
    once = augmented(x, {"mirror": -1})
    np.testing.assert_array_equal(once, x[..., ::-1, :])
    np.testing.assert_array_equal(augmented(once, {"mirror": -1}), x)


def test_colour_is_saturation_then_contrast_then_brightness_of_the_clip_as_a_whole():
    x = noise(1, 2, 3, HEIGHT, WIDTH, 3)
    grey = x.mean(-1, keepdims=True)
    mean = x.mean((2, 3, 4, 5), keepdims=True)
    close = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(augmented(x, {"brightness": 0.4}), x + 0.4, **close)
    np.testing.assert_allclose(augmented(x, {"saturation": 0}), np.broadcast_to(grey, x.shape), **close)
    np.testing.assert_allclose(augmented(x, {"contrast": 0}), np.broadcast_to(mean, x.shape), **close)
    saturated = grey + 1.8 * (x - grey)
    expected = mean + 0.7 * (saturated - mean) - 0.2
    found = augmented(x, {"saturation": 1.8, "contrast": 0.7, "brightness": -0.2})
    np.testing.assert_allclose(found, expected, **close)


@pytest.mark.parametrize("down, right", [(1, 0), (0, -2), (-2, 1), (0.4, -0.4)])
def test_crop_shifts_by_whole_pixels_and_fills_with_zeros(down, right):
    image = noise(HEIGHT, WIDTH, 3)
    found = one_image(image, shift_y=down / HEIGHT, shift_x=right / WIDTH)
    down, right = round(down), round(right)
    expected = np.zeros_like(image)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            if 0 <= y - down < HEIGHT and 0 <= x - right < WIDTH:
                expected[y, x] = image[y - down, x - right]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "middle, rows_cut, columns_cut",
    [
        ((0.5, 0.5), range(2, 5), range(2, 6)),
        ((0.0, 0.99), range(2), range(6, 8)),
        ((0.34, 0.14), range(1, 4), range(3)),
    ],
)
def test_cutout_is_half_of_each_side_and_may_reach_over_the_edge(middle, rows_cut, columns_cut):
    image = noise(HEIGHT, WIDTH, 3)
    expected = image.copy()
    expected[np.ix_(rows_cut, columns_cut)] = 0
    found = one_image(image, cutout_side=0.5, cutout_y=middle[0], cutout_x=middle[1])
    np.testing.assert_array_equal(found, expected)


def plane(height, width):
    """An image linear in its coordinates from the middle, which bilinear sampling reproduces, and those."""
    y, x = np.indices((height, width)) - np.reshape([(height - 1) / 2, (width - 1) / 2], (2, 1, 1))
    return lambda y, x: (2 + 0.5 * y - 0.3 * x)[..., None].astype("float32"), y, x


def test_scale_up_magnifies_about_the_middle():
    value, y, x = plane(HEIGHT, WIDTH)
    found = one_image(value(y, x), scale_y=1.2, scale_x=1.5)
    np.testing.assert_allclose(found, value(y / 1.2, x / 1.5), rtol=1e-5)


def test_scale_down_leaves_a_border_of_zeros():
    value, y, x = plane(HEIGHT, WIDTH)
    found = one_image(value(y, x), scale_y=0.5)
    source = y / 0.5
    within = np.abs(source) <= (HEIGHT - 1) / 2
    np.testing.assert_allclose(found[within], value(source, x)[within], rtol=1e-5)
    far = np.abs(source) >= (HEIGHT + 1) / 2
    assert within.sum() == 2 * WIDTH and far.sum() == 2 * WIDTH
    assert not found[far].any()


def test_rotation_turns_counter_clockwise():
    image = noise(5, 5, 3)
    found = one_image(image, angle=np.pi / 2)
    np.testing.assert_allclose(found, np.rot90(image), atol=1e-5)


def test_rotation_by_a_small_angle_samples_bilinearly_with_zeros_outside():
    height, width = 12, 16
    value, y, x = plane(height, width)
    angle = np.deg2rad(15)
    found = one_image(value(y, x), angle=angle)
    source_x = x * np.cos(angle) - y * np.sin(angle)
    source_y = x * np.sin(angle) + y * np.cos(angle)
    within = (np.abs(source_y) <= (height - 1) / 2) & (np.abs(source_x) <= (width - 1) / 2)
    np.testing.assert_allclose(found[within], value(source_y, source_x)[within], rtol=1e-5)
    far = (np.abs(source_y) >= (height + 1) / 2) | (np.abs(source_x) >= (width + 1) / 2)
    assert 100 < within.sum() < height * width and far.sum() >= 2
    assert not found[far].any()


def test_moves_follow_one_another_mirror_scale_rotate_shift():
    image = noise(7, 7, 3)
    together = one_image(image, mirror=-1, angle=np.pi / 2, shift_y=1 / 7, cutout_side=0.5)
    turned = one_image(one_image(image, mirror=-1), angle=np.pi / 2)
    apart = one_image(one_image(turned, shift_y=1 / 7), cutout_side=0.5)
    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_all_samples_and_frames_of_a_group_are_transformed_alike_and_groups_apart():
    image = noise(HEIGHT, WIDTH, 3)
    groups = len(EVERYTHING)
    clips = np.broadcast_to(image, (groups, 2, 3, HEIGHT, WIDTH, 3))
    found = augmented(clips, *EVERYTHING)
    np.testing.assert_array_equal(found, np.broadcast_to(found[:, :1, :1], found.shape))
    single = augmented(np.broadcast_to(image, (groups, 1, HEIGHT, WIDTH, 3)), *EVERYTHING)
    np.testing.assert_allclose(found[:, 0, 0], single[:, 0], rtol=1e-5, atol=1e-6)
    for a in range(groups):
        assert np.abs(single[a, 0] - image).max() > 0.1
        assert all(np.abs(single[a] - single[b]).max() > 0.1 for b in range(a))


def test_a_sample_does_not_depend_on_its_neighbours_or_its_place():
    clips = noise(len(EVERYTHING), 3, 2, HEIGHT, WIDTH, 3)
    found = augmented(clips, *EVERYTHING)
    for group, change in enumerate(EVERYTHING):
        alone = augmented(clips[group : group + 1, 1:2], change)
        np.testing.assert_allclose(found[group, 1], alone[0, 0], rtol=1e-5, atol=1e-6)


def test_compiled_with_traced_parameters_equals_eager():
    x = noise(len(EVERYTHING), 2, 2, HEIGHT, WIDTH, 3)
    for changes in (EVERYTHING, EVERYTHING[::-1]):
        expected = numpy(augment(x, rows(*changes)))
        np.testing.assert_allclose(augmented(x, *changes), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("time", [(), (2,)])
def test_gradient_and_gradient_of_the_gradient(time):
    """All strategies, one a group, and all of them at once."""
    shape = (len(EVERYTHING), 2, *time, HEIGHT, WIDTH, 3)
    with wide():
        parameters, weights = tensor(rows(*EVERYTHING)), tensor(noise(*shape, seed=1))

        def cubes(x):
            return ops.sum(weights * augment(x, parameters) ** 3)

        def steepness(x):
            return ops.sum(ops.square(value_and_grad(cubes)(x)[1]))

        first = assert_gradient(value_and_grad(cubes), noise(*shape, seed=2))
        second = assert_gradient(value_and_grad(steepness), noise(*shape, seed=2))
    for gradient in (first[0], second[0]):
        assert all(np.linalg.norm(group) > 1 for group in gradient)


def test_the_gradient_is_the_transpose_of_the_transformation():
    """Entry by entry, for what a change of x does: exact, as the transformation is linear."""
    shape = (1, 1, 4, 5, 1)
    change = {"mirror": -1, "angle": 0.25, "scale_x": 1.2, "shift_y": 0.25}
    units = np.eye(20, dtype="float32").reshape(1, 20, 4, 5, 1)
    matrix = augmented(units, change).reshape(20, 20)
    cotangent = tensor(noise(*shape), "float32")
    parameters = tensor(rows(change), "float32")
    differentiate = jit(value_and_grad(lambda x: ops.sum(cotangent * augment(x, parameters))))
    _, gradient = differentiate(tensor(noise(*shape, seed=1), "float32"))
    expected = matrix @ numpy(cotangent).ravel()
    np.testing.assert_allclose(numpy(gradient).ravel(), expected, rtol=1e-4, atol=1e-5)


def test_wrong_arrays_are_refused_with_their_shape():
    with pytest.raises(ValueError, match=r"got shape \(2, 4, 4, 3\)"):
        augment(noise(2, 4, 4, 3), identity(2))
    with pytest.raises(ValueError, match=r"each of 2 groups, got parameters of shape \(3, 12\)"):
        augment(noise(2, 1, 4, 4, 3), identity(3))
    with pytest.raises(ValueError, match="normalise the frames first"):
        augment(np.zeros((2, 1, 4, 4, 3), "uint8"), identity(2))

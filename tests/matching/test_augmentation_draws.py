"""Draws of siamese augmentation: one strategy a row, its range, and equal rows for an equal seed."""

import numpy as np
import pytest

from keras_vdd.errors import UsageError
from keras_vdd.matching.augmentation_draws import COLUMNS, STRATEGIES, draw, identity
from keras_vdd.seeds import stream

pytestmark = pytest.mark.once

# Of each strategy, its columns with the range that a draw fills.
RANGES = {
    "flip": {"mirror": (-1, 1)},
    "colour": {"brightness": (-0.5, 0.5), "saturation": (0, 2), "contrast": (0.5, 1.5)},
    "crop": {"shift_y": (-1 / 8, 1 / 8), "shift_x": (-1 / 8, 1 / 8)},
    "cutout": {"cutout_side": (0.5, 0.5), "cutout_y": (0, 1), "cutout_x": (0, 1)},
    "scale": {"scale_y": (1 / 1.2, 1.2), "scale_x": (1 / 1.2, 1.2)},
    "rotate": {"angle": (-np.deg2rad(15), np.deg2rad(15))},
}


def test_equal_for_a_seed_and_the_first_rows_of_a_longer_draw():
    few, many = (draw(stream(7, "static", 3), count, STRATEGIES) for count in (4, 50))
    assert few.dtype == np.float32 and few.shape == (4, len(COLUMNS))
    np.testing.assert_array_equal(few, many[:4])
    assert (draw(stream(8, "static", 3), 50, STRATEGIES) != many).any()


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_fills_its_range_and_touches_nothing_else(name):
    rows = draw(stream(0, name), 500, [name])
    for index, column in enumerate(COLUMNS):
        values = rows[:, index]
        if column not in RANGES[name]:
            np.testing.assert_array_equal(values, identity(500)[:, index])
            continue
        low, high = RANGES[name][column]
        width = high - low
        assert low - 1e-6 <= values.min() <= low + 0.05 * width
        assert high - 0.05 * width <= values.max() <= high + 1e-6
        assert abs(values.mean() - (low + high) / 2) <= 0.1 * width


def test_flip_mirrors_or_leaves():
    mirror = draw(stream(1), 500, ["flip"])[:, COLUMNS.index("mirror")]
    assert set(mirror) == {-1.0, 1.0}


def test_each_row_takes_one_strategy_and_all_are_taken_equally():
    rows = draw(stream(2), 3000, STRATEGIES)
    changed = rows != identity(len(rows))
    counts = []
    for columns in RANGES.values():
        mine = [COLUMNS.index(column) for column in columns]
        others = [i for i in range(len(COLUMNS)) if i not in mine]
        taken = changed[:, mine].any(axis=1)
        assert not changed[taken][:, others].any()
        counts.append(taken.sum())
    counts[STRATEGIES.index("flip")] *= 2  # half of the flips leave the picture as it is
    assert min(counts) > 400 and max(counts) < 600


def test_the_order_of_the_list_does_not_matter():
    a, b = (draw(stream(3), 20, names) for names in (["rotate", "flip"], ("flip", "rotate")))
    np.testing.assert_array_equal(a, b)
    only = {"mirror", "angle"}
    others = [i for i, column in enumerate(COLUMNS) if column not in only]
    np.testing.assert_array_equal(a[:, others], identity(20)[:, others])


@pytest.mark.parametrize("strategies", [["flip", "color"], "shear"])
def test_an_unknown_strategy_is_named_with_those_there_are(strategies):
    with pytest.raises(UsageError, match=r"'(color|shear)' does not exist; .*flip, colour"):
        draw(stream(0), 1, strategies)


def test_an_empty_list_is_refused():
    with pytest.raises(UsageError, match="empty"):
        draw(stream(0), 1, [])

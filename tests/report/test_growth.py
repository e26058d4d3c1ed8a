"""What a run's page says of frames that became key frames."""

import pytest

from keras_vdd.report.run_pictures import _growth

pytestmark = pytest.mark.once


def test_growth_is_told_by_the_iterations_after_which_it_was():
    assert _growth([(1, 4), (2, 4)]) == "4 at the start; none came to them"
    assert _growth([(1, 4), (2, 5), (3, 5), (4, 7)]) == "4 at the start; 5 after iteration 2, 7 after 4"

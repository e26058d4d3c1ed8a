"""Half a minute of `python -m tests.fuzz sets`, the same tries each time."""

import pytest
from fuzz.sets import attempt


@pytest.mark.slow
@pytest.mark.once
def test_every_way_of_reading_a_set_gives_what_pytorch_makes_of_it():
    tries = {number: attempt(number) for number in range(200)}
    assert not {number: complaint for number, (_, complaint, _) in tries.items() if complaint}
    assert len({outcome for outcome, *_ in tries.values()}) >= 10

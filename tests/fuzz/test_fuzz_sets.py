"""Half a minute of `python -m tests.fuzz sets`, the same tries each time."""

import pytest
from fuzz.tries import run


@pytest.mark.slow
@pytest.mark.once
def test_every_way_of_reading_a_set_gives_what_pytorch_makes_of_it():
    found, wrong, _ = run("sets", count=200)
    assert not wrong, wrong[0]
    assert len(found) >= 10

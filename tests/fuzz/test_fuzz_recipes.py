"""Half a minute of `python -m tests.fuzz recipes`, the same tries each time."""

import pytest
from fuzz.tries import run


@pytest.mark.slow
@pytest.mark.once
def test_mutated_recipes_end_soon_in_one_sentence():
    found, wrong, _ = run("recipes", count=1000)
    assert not wrong, wrong[0]
    assert {"refused", "valid"} <= set(found)

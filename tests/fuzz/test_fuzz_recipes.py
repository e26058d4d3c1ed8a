"""Half a minute of `python -m tests.fuzz recipes`, the same tries each time."""

import pytest
from fuzz.recipes import attempt


@pytest.mark.slow
@pytest.mark.once
def test_mutated_recipes_end_soon_in_one_sentence():
    tries = {number: attempt(number) for number in range(1500)}
    assert not {number: complaint for number, (_, complaint, _) in tries.items() if complaint}
    assert len({outcome for outcome, *_ in tries.values()}) >= 2

"""What the cache of `datasets` keeps of an exported folder, read by fresh processes one after another."""

import numpy as np
import pytest
from datasets_hook.published_rows import ALONE, EVERY_ROW, TOGETHER

# A fresh interpreter each, with Arrow and datasets to import.
pytestmark = pytest.mark.slow


def test_one_cache_serves_processes_with_and_without(published, fresh):
    """The prepared rows of one reader must never come back from the cache as the other's."""
    folder, truth = published("still")
    plain = (
        ALONE
        + 'assert "statics" in datasets.load_dataset(folder, split="train").column_names\nprint("well")\n'
    )
    assert fresh(plain, folder, truth, known=False) == "well\n"
    assert fresh(TOGETHER + EVERY_ROW, folder, truth) == "well\n"
    assert fresh(plain, folder, truth, known=False) == "well\n"


def test_a_set_exported_anew_does_not_come_back_old(published, fresh, make_set):
    for seed in (1, 2):
        changed = np.random.default_rng(seed).normal(size=(12, 4, 8, 9, 3))
        assert fresh(TOGETHER + EVERY_ROW, *published("still", static=changed)) == "well\n"


def test_what_the_cache_kept_is_shown_as_videos_when_the_hub_is_away(published, fresh):
    folder, truth = published()
    code = (
        TOGETHER
        + """
from datasets.packaged_modules.cache.cache import Cache
datasets.load_dataset(folder, split="train")
cached = Cache(dataset_name="set", version="auto", hash="auto")
assert np.array_equal(cached.as_dataset("train")[7]["video"], videos[7])
print("well")
"""
    )
    assert fresh(code, folder, truth) == "well\n"
    again = (
        ALONE
        + """
from datasets.packaged_modules.cache.cache import Cache
row = Cache(dataset_name="set", version="auto", hash="auto").as_dataset("train")[7]
assert set(row["video"]) >= {"static", "dynamic", "config"}
print("well")
"""
    )
    assert fresh(again, folder, truth, known=False) == "well\n"

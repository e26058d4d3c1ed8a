"""Sets by name: their facts, those of one's own, and what a recipe asks of them."""

import pytest

from keras_vdd.data.sources import SOURCES, Listing, SetSize, Source, Video, find_videos, register_source
from keras_vdd.errors import UsageError, VddError
from keras_vdd.recipe.load import load_recipe

PUBLIC = ["hmdb51", "kinetics400", "kinetics600", "kinetics700", "miniucf", "ssv2", "ucf101"]


def listing(data, progress=None):
    videos = [Video(f"{name}.mp4", label, f"{name}/{name}.mp4") for label, name in enumerate("ab")]
    return Listing(["a", "b"], videos, videos if data.split == 1 else [])


def test_every_public_set_says_its_size_and_who_published_it():
    assert SOURCES.names() == sorted(["folder", "shapes", *PUBLIC])
    for source in SOURCES:
        public = source.name in PUBLIC
        made = source.name == "shapes"
        assert (source.size is not None) == source.lists == public
        assert bool(source.citation) == (public or made)
        assert (source.made is not None) == bool(source.pairs) == made
        if public:
            assert source.citation.rstrip(")")[-4:].isdigit() and source.size.train > source.size.classes


def test_a_set_of_ones_own_is_taken_with_its_facts(forgetting):
    with pytest.raises(UsageError, match="data.set=mine must be one of folder, "):
        load_recipe("quickstart", ["data.set=mine"])
    register_source("mine", listing, splits=2, size=SetSize(2, 2, 2, 5))
    data = load_recipe("quickstart", ["data.set=mine"]).data
    assert find_videos(data).class_names == ["a", "b"]
    with pytest.raises(VddError, match="'mine' has none"):
        find_videos(load_recipe("quickstart", ["data.set=mine", "data.split=2"]).data)
    with pytest.raises(UsageError, match="data.split=3 is for hmdb51, mine, miniucf, ucf101; mine has 2"):
        load_recipe("quickstart", ["data.set=mine", "data.split=3"])
    with pytest.raises(UsageError, match="data.annotations is for the lists of a public set; mine has none"):
        load_recipe("quickstart", ["data.set=mine", "data.annotations=lists"])


def test_a_share_of_a_set_is_as_large_as_its_classes():
    assert SetSize(10, 500, 125, 150).of_classes(2) == SetSize(2, 100, 25, 150)
    assert SetSize(10, 20, 10, 5).of_classes(3) == SetSize(3, 6, 3, 5)
    assert Source("plain", listing).size is None

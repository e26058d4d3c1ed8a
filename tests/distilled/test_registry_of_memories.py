"""What a kind of memory may not say of itself."""

import dataclasses
import re

import pytest

from keras_vdd import register_memory
from keras_vdd.errors import UsageError
from keras_vdd.memory import MEMORIES, Items

pytestmark = pytest.mark.once


STILL = MEMORIES.get("still")


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"kind": "My Memory"}, "small letters, digits and dashes"),
        ({"kind": "other"}, "StillSettings needs the field `kind: Literal['other'] = 'other'`"),
        ({"settings": dict}, "must be a subclass of keras_vdd.memory.MemorySettings"),
        ({"items": ()}, "no items with the height and width"),
        ({"items": (*STILL.items, *STILL.items)}, "names must differ"),
        (
            {"items": (Items("labels", "statics", "still", ("height", "width", 3)),)},
            "labels are there already",
        ),
        ({"items": (Items("a", "slot", "still", ("height", "width", 3)),)}, "differ, also from label"),
        (
            {"items": (Items("a", "a", "still", ("height", "width", 3), index="third"),)},
            "'static' or 'dynamic'",
        ),
        ({"items": (Items("a", "a", "still", (2, 2, "height", "width", 3)),)}, "files have no column"),
        ({"items": (*STILL.items, Items("a", "a", "still", ("time", 3)))}, "the axis 'time'"),
        ({"shared_noun": "integrator"}, "one needs the other"),
        ({"stills": "some"}, "'start', 'whole' or None"),
        ({"clips": "video"}, "none of its arrays"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, words):
    with pytest.raises(UsageError, match=re.escape(words)):
        dataclasses.replace(STILL, **changes)


def test_an_array_has_a_name_that_a_set_can_have(forgetting):
    sized = (Items("size", "statics", "still", ("height", "width", 3)),)
    with pytest.raises(UsageError, match="cannot have an array 'size'"):
        register_memory(dataclasses.replace(STILL, items=sized))

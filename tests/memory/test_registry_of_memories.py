"""Which kinds of memory there are, and what a kind may not say of itself."""

import dataclasses
import re
import subprocess
import sys

import pytest

from keras_vdd.errors import UsageError
from keras_vdd.memory import MEMORIES, Items, register_memory

pytestmark = pytest.mark.once


@pytest.fixture
def register(monkeypatch):
    """`register_memory`, undone after the test."""
    MEMORIES.names()
    monkeypatch.setattr(MEMORIES, "_records", dict(MEMORIES._records))
    return register_memory


def test_memories_are_told_without_keras():
    code = (
        "import sys; from keras_vdd.memory import MEMORIES; print(MEMORIES.names(), 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['full-video', 'static-dynamic', 'still'] False"


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


def test_names_that_are_taken_are_refused(register):
    assert register(STILL) is STILL
    with pytest.raises(UsageError, match="There is a memory 'still' already"):
        register(dataclasses.replace(STILL, title=" pictures"))
    with pytest.raises(UsageError, match="must be a keras_vdd.memory.Memory"):
        register("still")
    sized = (Items("size", "statics", "still", ("height", "width", 3)),)
    with pytest.raises(UsageError, match="cannot have an array 'size'"):
        register(dataclasses.replace(STILL, items=sized))

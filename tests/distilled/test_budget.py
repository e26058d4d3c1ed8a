"""Exact bytes of memories, against the sums written out."""

import math

import numpy as np
import pytest

from keras_vdd.distilled import DistilledSet, budget
from keras_vdd.errors import UsageError
from keras_vdd.memory import MEMORIES

pytestmark = pytest.mark.once

MINIUCF = (50, 16, 112)
STILL, FRAME = 112 * 112 * 3, 112 * 112


def nbytes(kind, dtype="float32", **settings):
    return budget.memory_bytes(MEMORIES.get(kind).settings(**settings), *MINIUCF, dtype)


@pytest.mark.parametrize(
    ("statics", "dynamics", "expected"),
    [(1, 1, 47_668_508), (1, 2, 87_809_308), (2, 2, 95_335_708), (10, 10, 476_673_308)],
)
def test_static_dynamic_bytes_of_miniucf(statics, dynamics, expected):
    found = nbytes("static-dynamic", statics_per_class=statics, dynamics_per_class=dynamics)
    assert found == expected
    assert isinstance(found, int)


def test_an_integrator_has_327_numbers():
    one, five = (nbytes("static-dynamic", "float16", integrators=n) for n in (1, 5))
    assert five - one == 4 * 327 * 4


def test_memory_bytes_of_each_kind():
    counts = {"statics_per_class": 2, "dynamics_per_class": 2}
    assert nbytes("full-video", **counts) == 120_422_400
    assert nbytes("static-dynamic", **counts) == 95_335_708
    assert nbytes("still", **counts) == 50 * 2 * STILL * 4
    assert nbytes("still", "float16", **counts) == 50 * 2 * STILL * 2


def test_real_frames_are_one_byte_a_value():
    assert budget.real_clip_bytes(8, 64, 64) == 98_304
    assert budget.real_still_bytes(64, 64) == 12_288


def test_stored_bytes_count_what_is_there():
    distilled = DistilledSet(
        "static-dynamic", "abcde", 4, (0, 0, 0), (1, 1, 1), 1,
        static=np.zeros((5, 2, 8, 8, 3)), dynamic=np.zeros((5, 2, 4, 8, 8, 1)),
        kernels=np.zeros((1, 3, 3, 3, 4, 3)), biases=np.zeros((1, 3)),
        labels=np.full((5, 1, 5), 0.2), label_kind="probabilities",
    )  # fmt: skip
    memories, labels = 5 * 2 * 8 * 8 * 3 + 5 * 2 * 4 * 8 * 8, 4 * 5 * 5
    assert budget.stored_bytes(distilled) == 4 * memories + 4 * 327 + labels
    assert budget.stored_bytes(distilled, "float16") == 2 * memories + 4 * 327 + labels
    assert budget.stored_bytes(distilled, "int8") == memories + 4 * (5 * 2 + 5 * 2) + 4 * 327 + labels
    assert budget.label_bytes(50, 5) == 50_000


def test_bytes_of_eight_bits():
    counts = {"statics_per_class": 2, "dynamics_per_class": 3}
    expected = 50 * (2 * (STILL + 4) + 3 * (16 * FRAME + 4)) + 4 * 327
    assert nbytes("static-dynamic", "int8", **counts) == expected
    assert nbytes("still", "int8", **counts) == 50 * 2 * (STILL + 4)
    assert nbytes("full-video", "int8", videos_per_class=3) == 50 * 3 * (16 * STILL + 4)
    # Half a byte a value, and a float16 scale for each 64.
    item = STILL // 2 + 2 * math.ceil(STILL / 64)
    assert nbytes("still", "int4", **counts) == 50 * 2 * item
    assert nbytes("still", "uint8", **counts) == 50 * 2 * STILL
    assert nbytes("full-video", "uint8", videos_per_class=3) == 50 * 3 * 16 * STILL


def test_small_motion_counts_as_it_is_stored():
    counts = {"statics_per_class": 2, "dynamics_per_class": 3}
    for dtype, size, scale in (("float32", 4, 0), ("float16", 2, 0), ("int8", 1, 4)):
        found = nbytes("static-dynamic", dtype, stored_frames=8, dynamic_size=28, **counts)
        expected = 50 * (2 * (STILL * size + scale) + 3 * (8 * 28 * 28 * size + scale)) + 4 * 327
        assert found == expected
    slow = nbytes("static-dynamic", stored_frames=4, **counts)
    assert nbytes("static-dynamic", **counts) - slow == 50 * 3 * 12 * FRAME * 4


def test_storage_that_a_kind_cannot_have_is_refused():
    with pytest.raises(UsageError, match="static-dynamic memory is no pixels"):
        nbytes("static-dynamic", "uint8")
    with pytest.raises(
        UsageError, match="'int3' is unknown: choose one of float32, float16, int8, int4, uint8"
    ):
        nbytes("still", "int3")

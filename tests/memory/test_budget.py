from types import SimpleNamespace

import numpy as np
import pytest

from keras_vdd.errors import UsageError
from keras_vdd.memory import budget

pytestmark = pytest.mark.once

MINIUCF = {"classes": 50, "frames": 16, "height": 112, "width": 112}


@pytest.mark.parametrize(
    ("statics", "dynamics", "expected"),
    [
        (1, 0, 7_527_708),
        (2, 0, 15_054_108),
        (1, 1, 47_668_508),
        (1, 2, 87_809_308),
        (2, 2, 95_335_708),
        (10, 10, 476_673_308),
    ],
)
def test_static_dynamic_bytes_of_miniucf(statics, dynamics, expected):
    found = budget.static_dynamic_bytes(statics_per_class=statics, dynamics_per_class=dynamics, **MINIUCF)
    assert found == expected
    assert isinstance(found, int)


def test_integrator_has_327_parameters_each():
    assert budget.integrator_parameters() == 327
    one, five = (
        budget.static_dynamic_bytes(
            statics_per_class=1, dynamics_per_class=1, integrators=n, dtype="float16", **MINIUCF
        )
        for n in (1, 5)
    )
    assert five - one == 4 * 327 * 4


def test_memory_bytes_of_each_kind():
    counts = {"videos_per_class": 1, "statics_per_class": 2, "dynamics_per_class": 2, **MINIUCF}
    assert budget.memory_bytes("full-video", **counts) == 120_422_400
    assert budget.memory_bytes("static-dynamic", **counts) == 95_335_708
    assert budget.memory_bytes("still", **counts) == 15_054_108 - 4 * 327
    assert budget.memory_bytes("still", dtype="float16", **counts) == (15_054_108 - 4 * 327) // 2
    with pytest.raises(UsageError, match="choose one of"):
        budget.memory_bytes("moving", **counts)


def test_real_frames_are_one_byte_a_value():
    assert budget.real_clip_bytes(8, 64, 64) == 98_304
    assert budget.real_still_bytes(64, 64) == 12_288


def test_stored_bytes_count_what_is_there():
    distilled = SimpleNamespace(
        kind="static-dynamic",
        static=np.zeros((5, 2, 8, 8, 3), "float32"),
        dynamic=np.zeros((5, 2, 4, 8, 8, 1), "float32"),
        video=None,
        kernels=np.zeros((1, 3, 3, 3, 4, 3), "float32"),
        biases=np.zeros((1, 3), "float32"),
        labels=None,
    )
    assert budget.stored_bytes(distilled) == budget.static_dynamic_bytes(5, 2, 2, 4, 8, 8)
    memories = 5 * 2 * 8 * 8 * 3 + 5 * 2 * 4 * 8 * 8
    assert budget.stored_bytes(distilled, "float16") == 2 * memories + 4 * 327
    assert budget.stored_bytes(distilled, "int8") == memories + 4 * (5 * 2 + 5 * 2) + 4 * 327
    assert budget.label_bytes(50, 5) == 50_000


def test_int8_counts_a_scale_an_item_and_pixels_one_byte_a_value():
    counts = {"videos_per_class": 1, "statics_per_class": 2, "dynamics_per_class": 3, **MINIUCF}
    still, clip = 112 * 112 * 3, 16 * 112 * 112
    assert budget.memory_bytes("static-dynamic", dtype="int8", **counts) == (
        50 * (2 * (still + 4) + 3 * (clip + 4)) + 4 * 327
    )
    assert budget.memory_bytes("still", dtype="int8", **counts) == 50 * 2 * (still + 4)
    assert budget.memory_bytes("full-video", dtype="int8", **counts) == 50 * (3 * clip + 4)
    assert budget.memory_bytes("still", dtype="uint8", **counts) == 50 * 2 * budget.real_still_bytes(112, 112)
    assert budget.memory_bytes("full-video", dtype="uint8", **counts) == (
        50 * budget.real_clip_bytes(16, 112, 112)
    )


def test_small_motion_counts_as_it_is_stored():
    counts = {"statics_per_class": 2, "dynamics_per_class": 3, **MINIUCF}
    for dtype, size, scale in (("float32", 4, 0), ("float16", 2, 0), ("int8", 1, 4)):
        found = budget.static_dynamic_bytes(dtype=dtype, dynamic_frames=8, dynamic_size=28, **counts)
        expected = 50 * (2 * (112 * 112 * 3 * size + scale) + 3 * (8 * 28 * 28 * size + scale)) + 4 * 327
        assert found == expected
        assert found == budget.memory_bytes(
            "static-dynamic", videos_per_class=1, dtype=dtype, dynamic_frames=8, dynamic_size=28, **counts
        )
    slow = budget.static_dynamic_bytes(dynamic_frames=4, **counts)
    assert budget.static_dynamic_bytes(**counts) - slow == 50 * 3 * 12 * 112 * 112 * 4


def test_storage_that_a_kind_cannot_have_is_refused():
    counts = {"videos_per_class": 1, "statics_per_class": 2, "dynamics_per_class": 2, **MINIUCF}
    with pytest.raises(UsageError, match="static-dynamic memory is no pixels"):
        budget.memory_bytes("static-dynamic", dtype="uint8", **counts)
    with pytest.raises(UsageError, match="'int4' is unknown: choose one of float32, float16, int8, uint8"):
        budget.memory_bytes("still", dtype="int4", **counts)

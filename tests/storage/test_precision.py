"""Storage types: their bytes, what int4 packs where, and what is refused."""

import numpy as np
import pytest

from keras_vdd.errors import UsageError
from keras_vdd.memory import MEMORIES, StillMemory
from keras_vdd.storage.storage_types import DTYPES, LEARNED_AS, STORAGE_TYPES, check_dtype

pytestmark = pytest.mark.once


def test_storage_types_and_their_bytes():
    assert DTYPES == ("float32", "float16", "int8", "int4", "uint8") and LEARNED_AS == ("int8", "int4")
    for shape, expected in (
        ((100,), (400, 200, 104, 50 + 2 * 2, 100)),
        ((5, 13), (260, 130, 69, 33 + 2 * 2, 65)),
        ((2, 4, 8), (256, 128, 68, 32 + 2, 64)),
        ((1,), (4, 2, 5, 1 + 2, 1)),
    ):
        assert tuple(STORAGE_TYPES[dtype].nbytes(shape) for dtype in DTYPES) == expected


def test_four_bits_two_to_a_byte():
    """65 values: 64 of scale 0.5 and one of scale 2, with the level 0 past the end."""
    item = np.zeros(65, np.float32)
    item[:4], item[63], item[64] = (3.5, -3.5, 0.5, -1), 1.5, -14
    values, scales = STORAGE_TYPES["int4"].encode(item[None], None, None)
    assert scales.dtype == np.float16 and scales.tolist() == [[0.5, 2]]
    expected = [15 | 1 << 4, 9 | 6 << 4] + [0x88] * 29 + [8 | 11 << 4, 1 | 8 << 4]
    assert values.dtype == np.uint8 and values.tolist() == [expected]
    np.testing.assert_array_equal(STORAGE_TYPES["int4"].decode(values, scales, (65,), None, None), item[None])


def test_what_cannot_be_stored_is_refused():
    for kind in ("still", "full-video"):
        assert check_dtype("uint8", MEMORIES.get(kind)) == "uint8"
    assert check_dtype("int4", MEMORIES.get("static-dynamic")) == "int4"
    with pytest.raises(UsageError, match="choose float32, float16, int8 or int4"):
        check_dtype("uint8", MEMORIES.get("static-dynamic"))
    with pytest.raises(UsageError, match="'bfloat16' is unknown"):
        check_dtype("bfloat16")


def test_a_memory_is_learned_as_a_type_of_levels_or_as_it_is():
    assert [StillMemory(1, 1, 1, 1, quantise=q).quantise for q in ("int4", True, False, None)] == [
        "int4", "int8", None, None,
    ]  # fmt: skip
    with pytest.raises(UsageError, match="learned as 'float16': choose int8 or int4"):
        StillMemory(1, 1, 1, 1, quantise="float16")

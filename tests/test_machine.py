"""The memory that a process may use: what its control groups allow counts."""

import pytest

from keras_vdd.machine import _group_limits, main_memory_bytes

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "mine, files, limits",
    [
        ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": "4096\n"}, [4096]),
        ("0::/\n", {"memory.max": "8192\n"}, [8192]),
        ("9:cpu:/x\n4:memory,hugetlb:/x\n", {"memory/x/memory.limit_in_bytes": "1024\n"}, [1024]),
        ("0::/gone\n", {}, []),
        ("", {}, []),
    ],
)
def test_limits_of_control_groups(mine, files, limits, tmp_path):
    for name, text in files.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(text)
    (tmp_path / "mine").write_text(mine)
    assert [*_group_limits(tmp_path / "groups", tmp_path / "mine")] == limits


def test_the_limit_of_the_process_counts(monkeypatch):
    resource = pytest.importorskip("resource")
    there = main_memory_bytes()
    monkeypatch.setattr(resource, "getrlimit", lambda which: (there // 2, -1))
    assert main_memory_bytes() == there // 2

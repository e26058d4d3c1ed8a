"""The memory and the threads that a process may use: what its control groups allow counts."""

import threading

import pytest

from keras_vdd import machine
from keras_vdd.machine import _group_limits, main_memory_bytes, threads_start

pytestmark = pytest.mark.once

V2 = "30 23 0:28 {} {} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "35 31 0:32 {} {} rw,relatime - cgroup cgroup rw,memory\n"


@pytest.mark.parametrize(
    "mine, mounts, files, limits",
    [
        ("0::/a/b\n", V2.format("/", "G"), {"a/b/memory.max": "max\n", "a/memory.max": "4096\n"}, [4096]),
        ("0::/a\n", V2.format("/", "G"), {"a/memory.max": "9\n", "a/memory.high": "4\n"}, [9, 4]),
        ("0::/\n", V2.format("/", "G"), {"memory.max": "8192\n"}, [8192]),
        # A container that is told its name outside, of which it sees its own group alone; another that moved.
        ("0::/d/1\n", V2.format("/d/1", "G"), {"memory.max": "512\n"}, [512]),
        ("0::/../x\n", V2.format("/d", "G"), {"memory.max": "512\n"}, [512]),
        ("0::/a:b/c\n", V2.format("/", "G"), {"a:b/c/memory.max": "64\n"}, [64]),
        ("0::/a\n", V2.format("/", r"G\040x"), {" x/a/memory.max": "64\n"}, [64]),
        ("9:cpu:/x\n4:memory,hugetlb:/x\n", V1.format("/", "G"), {"x/memory.limit_in_bytes": "7\n"}, [7]),
        # Both versions at once: the tree of version 2 has no memory.
        ("4:memory:/x\n0::/\n", V1.format("/", "G") + V2.format("/", "G/2"), {"x/memory.limit_in_bytes": "7\n"}, [7]),
        ("0::/a\n", V2.format("/", "G"), {"a/memory.max": "\xff", "memory.max": "-\n"}, []),
        ("0::/a\n", V2.format("/", "G"), {"a/memory.max": "0\n", "memory.max": "-1\n", "memory.high": "9\n"}, [9]),
        ("0::/gone\n", V2.format("/", "G"), {}, []),
        ("nonsense\n\n7\n", "nonsense\n1 - cgroup2 x\n", {}, []),
        ("", "", {}, []),
    ],
)  # fmt: skip
def test_limits_of_control_groups(mine, mounts, files, limits, tmp_path):
    groups = tmp_path / "groups"
    for name, text in files.items():
        file = tmp_path / f"groups{name}" if name.startswith(" ") else groups / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "mountinfo").write_text(mounts.replace("G", str(groups)))
    (tmp_path / "cgroup").write_text(mine)
    assert [*_group_limits(tmp_path)] == limits


def test_where_mounts_cannot_be_read_they_are_where_systems_put_them(tmp_path, monkeypatch):
    (tmp_path / "cgroup").write_text("0::/a\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "memory.max").write_text("5")
    monkeypatch.setattr(machine, "_USUAL", [("cgroup2", "/", tmp_path)])
    assert [*_group_limits(tmp_path)] == [5]
    assert [*_group_limits(tmp_path / "none")] == []


@pytest.mark.parametrize("name", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_the_limits_of_the_process_count(monkeypatch, name):
    resource = pytest.importorskip("resource")
    there = main_memory_bytes()
    asked, unlimited = getattr(resource, name), resource.RLIM_INFINITY
    monkeypatch.setattr(
        resource, "getrlimit", lambda which: (there // 2 if which == asked else unlimited, -1)
    )
    assert main_memory_bytes() == there // 2


def test_threads_are_tried_and_ended(monkeypatch):
    before, start = threading.active_count(), threading.Thread.start
    assert threads_start(5)
    assert threading.active_count() == before

    def third_is_refused(thread):
        if threading.active_count() == before + 2:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", third_is_refused)
    assert threads_start(2) and not threads_start(3)
    assert threading.active_count() == before

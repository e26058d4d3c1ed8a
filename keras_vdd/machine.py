"""What the machine has: processors, main memory and threads that this process may use."""

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

# Where systems put control groups, for where the table of mounts cannot be read.
_USUAL = [("cgroup2", "/", Path("/sys/fs/cgroup")), ("cgroup", "/", Path("/sys/fs/cgroup/memory"))]
# `memory.high` is no end, but a process above it is slowed down until nothing moves.
_LIMITS = {"cgroup2": ("memory.max", "memory.high"), "cgroup": ("memory.limit_in_bytes",)}


def processor_count() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def main_memory_bytes() -> int | None:
    """Return the bytes of main memory that this process may use, or None where the system does not say.

    The limits of a container (control groups of Linux) and of the process (`ulimit -v`, `ulimit -d`) count.
    """
    found = [*_group_limits(), *filter(None, (address_space_bytes(), data_bytes()))]
    with contextlib.suppress(ValueError, OSError, AttributeError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(found, default=None)


def address_space_bytes() -> int | None:
    """Return how large this process may become (`ulimit -v`) in bytes, or None where nothing limits it."""
    return _process_limit("RLIMIT_AS")


def data_bytes() -> int | None:
    """Return how much this process may write to in memory (`ulimit -d`) in bytes, or None where nothing limits it."""
    return _process_limit("RLIMIT_DATA")


def _process_limit(name: str) -> int | None:
    with contextlib.suppress(ImportError, OSError, ValueError, AttributeError):
        import resource  # Windows has none

        limit = resource.getrlimit(getattr(resource, name))[0]
        return None if limit == resource.RLIM_INFINITY else limit
    return None


def threads_start(count: int) -> bool:
    """Return whether this process may have so many threads more at once; those that it tries have ended then."""
    gate, started = threading.Event(), []
    try:
        for _ in range(count):
            thread = threading.Thread(target=gate.wait)
            thread.start()
            started.append(thread)
    except RuntimeError:
        return False
    finally:
        gate.set()
        for thread in started:
            thread.join()
    return True


def _group_limits(process: Path = Path("/proc/self")) -> Iterator[int]:
    """Yield the limits of memory of the control groups that this process is in, those around them too."""
    mounts = [*_group_mounts(process / "mountinfo")] or _USUAL
    for line in _lines(process / "cgroup"):
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        # Version 2 names no controllers; version 1 has a tree for those of memory.
        if controllers and "memory" not in controllers.split(","):
            continue
        kind = "cgroup" if controllers else "cgroup2"
        for root, top in (each[1:] for each in mounts if each[0] == kind):
            inside = Path()
            # A container may see its own group alone, and still be told the name that it has outside.
            with contextlib.suppress(ValueError):
                inside = Path(path).relative_to(root)
            for group in dict.fromkeys((inside, *inside.parents)):
                for name in _LIMITS[kind]:
                    with contextlib.suppress(OSError, ValueError):  # "max" where there is none
                        # With 0 bytes nothing would run: it is how some tools write that there is no limit.
                        if (limit := int((top / group / name).read_bytes())) > 0:
                            yield limit


def _group_mounts(table: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield of each tree of groups its kind, which group its top is, and the folder where it is mounted."""
    for line in _lines(table):
        mount, _, system = line.partition(" - ")
        fields, kind = mount.split(" "), system.partition(" ")[0]
        if kind in _LIMITS and len(fields) > 4:
            root, top = (
                re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), each) for each in fields[3:5]
            )
            yield kind, root, Path(top)


def _lines(path: Path) -> list[str]:
    try:
        return os.fsdecode(path.read_bytes()).splitlines()
    except OSError:
        return []

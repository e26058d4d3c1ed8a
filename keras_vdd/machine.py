"""What the machine has: processors and main memory that this process may use."""

import contextlib
import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")


def processor_count() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def main_memory_bytes() -> int | None:
    """Return the bytes of main memory that this process may use, or None where the system does not say.

    The limits of a container (control groups of Linux) and of the process (`ulimit -v`) count.
    """
    found = [*_group_limits()]
    with contextlib.suppress(ValueError, OSError, AttributeError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    limit = address_space_bytes()
    return min([*found, *([] if limit is None else [limit])], default=None)


def address_space_bytes() -> int | None:
    """Return how large this process may become (`ulimit -v`) in bytes, or None where nothing limits it."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # Windows has none

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        return None if limit == resource.RLIM_INFINITY else limit
    return None


def _group_limits(groups=_GROUPS, mine=Path("/proc/self/cgroup")):
    """Yield the limits of memory of the control groups that this process is in, those around them too."""
    try:
        lines = mine.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        _, controllers, path = (line + "::").split(":")[:3]
        # Version 2 names no controllers; version 1 has a folder for those of memory.
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = (groups / "memory", "memory.limit_in_bytes") if controllers else (groups, "memory.max")
        inside = Path(path.lstrip("/"))
        for group in dict.fromkeys((inside, *inside.parents)):
            with contextlib.suppress(OSError, ValueError):  # "max" where there is none
                yield int((top / group / name).read_text())

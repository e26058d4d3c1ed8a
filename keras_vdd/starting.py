"""What a backend takes to start, asked before it does, since in less its compiled code ends the process.

Where address space is limited, libraries are kept from reserving more of it than they use.
"""

import contextlib
import os
import sys

from keras_vdd.errors import VddError
from keras_vdd.installed import choice
from keras_vdd.machine import address_space_bytes, data_bytes, processor_count, threads_start
from keras_vdd.text import counted

# Bytes in which a small run ends well or in a sentence, as measured on Linux with two processors, and some for the
# stacks of more threads. In less XLA and LLVM end the process as they compile.
ADDRESS_SPACE = {"torch": 1.3e9, "tensorflow": 2.8e9, "jax": 2.0e9}
# The same of data (`ulimit -d`): in less the system's loader ends the process as libraries load, or a thread gets no
# stack.
DATA = {"torch": 0.5e9, "tensorflow": 0.8e9, "jax": 1.1e9}
# Threads that start besides the first one: so many, and so many for each processor, as measured with 1, 2 and 8. Those
# of a backend include NumPy's. Where one is refused, compiled code ends the process.
THREADS = {"NumPy": (-1, 1), "torch": (0, 2), "tensorflow": (10, 6), "jax": (9, 7)}

# `mallopt` of glibc: how many arenas there may be.
_M_ARENA_MAX = -8


def check_start(name: str | None = None) -> None:
    """See to it that a backend starts here, before Keras imports it; do nothing where Keras is imported.

    Args:
        name: the backend; None for the one that Keras would take.

    Raises:
        VddError: memory or threads are limited to less than it takes.
    """
    if "keras" in sys.modules:
        return
    spare_address_space()
    name = name or choice()[0]
    if name in ADDRESS_SPACE:
        refuse_little_memory(name)
        refuse_few_threads(name)


def spare_address_space() -> None:
    """Have libraries reserve little more address space than they use, where it is limited (`ulimit -v`, `ulimit -d`).

    glibc would reserve 64 MiB for each thread, and Arrow 1 GiB at once. What the user chose for them stays.
    """
    if (address_space_bytes() is None and data_bytes() is None) or "MALLOC_ARENA_MAX" in os.environ:
        return
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ["MALLOC_ARENA_MAX"] = "1"  # of the processes that this one starts
    with contextlib.suppress(ImportError, OSError, AttributeError):  # other systems have no such thing
        import ctypes

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def refuse_little_memory(name: str) -> None:
    """Refuse memory in which the backend does not work: its libraries end the process without a sentence."""
    for limit, least, what, option in (
        (address_space_bytes(), ADDRESS_SPACE[name], "of address space", "-v"),
        (data_bytes(), DATA[name], "or more of data", "-d"),
    ):
        if limit is not None and limit < least:
            raise VddError(
                f"{name} takes {least / 1e9:.1f} GB {what}, and {limit / 1e9:.1f} GB are allowed: raise the limit "
                f"(`ulimit {option}`)"
            )


def refuse_few_threads(name: str = "NumPy") -> None:
    """Refuse a limit of processes at which a library does not start; a backend's are those that NumPy has not yet."""
    processors = processor_count()
    if name in ("NumPy", "torch"):
        with contextlib.suppress(ValueError):
            processors = min(processors, int(os.environ.get("OMP_NUM_THREADS", "")))
    begun = THREADS["NumPy"] if "numpy" in sys.modules else (0, 0)
    count, there = (alone + each * processors for alone, each in (THREADS[name], begun))
    if not threads_start(count - there):
        raise VddError(
            f"threads are refused, and {name} starts some {count} on {counted(processors, 'processor')}: raise the "
            "limit of processes (`ulimit -u`, a container's pids) or of memory (`ulimit -v`, `ulimit -d`), or give it "
            "fewer processors (`taskset -c 0 vdd ...`)"
        )

"""What this machine has to run on: backends and their devices, memory, disk, versions, codecs."""

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from typing import Any

from keras_vdd import __version__
from keras_vdd.installed import BACKENDS, choice, how_to_install, installed
from keras_vdd.machine import main_memory_bytes, processor_count

PROBE = """
import json, sys
from keras_vdd import errors, starting
try:
    starting.check_start()
except errors.VddError as error:
    sys.exit(str(error))
from keras_vdd import placement
print(json.dumps(placement.report()))
"""
PACKAGES = {"torch": ("torch",), "tensorflow": ("tensorflow", "tensorflow_cpu"), "jax": ("jax",)}
OTHERS = ("numpy", "datasets", "pyarrow", "huggingface_hub")
PROBE_SECONDS = 120
DECODERS = ("h264", "hevc", "vp9", "av1", "mpeg4", "mjpeg")


def doctor() -> dict[str, Any]:
    """Say what this machine has to run on: what `vdd doctor --json` prints.

    Each backend is asked in a process of its own, so that one that is broken costs a line and none is imported here.

    Returns:
        dict: `keras_vdd`, `python` and `system`; `backends`, by name whether it is `installed` and `works`, its
        `version`, `devices`, the one that is taken where nobody chooses (`auto`) and whether runs on that repeat bit
        for bit (`deterministic`); `keras`, its `version`, the `backend` that is used where nobody says, `since` what;
        `processors`; `memory_bytes`, `memory_available_bytes` and `disk_free_bytes`; `video`, the decoders; `packages`.

    Example:
        >>> [name for name, about in keras_vdd.doctor()["backends"].items() if about.get("works")]
    """
    total, available = _memory()
    name, why = choice()
    return {
        "keras_vdd": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "backends": {name: _probe(name) for name in BACKENDS},
        "keras": {
            "version": _version("keras"),
            "backend": name,
            "since": why,
        },
        "processors": processor_count(),
        "memory_bytes": total,
        "memory_available_bytes": available,
        "disk_free_bytes": shutil.disk_usage(".").free,
        "video": _codecs(),
        "packages": {name: _version(name) for name in OTHERS},
    }


def _version(*names: str) -> str | None:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def _probe(name: str) -> dict[str, Any]:
    """Return what one backend says of itself, asked in its own process: a broken one costs a line."""
    if not installed(name):
        return {"installed": False, "install": how_to_install(name)}
    # JAX would take most of a GPU for itself, and with that what others have there.
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    env = {**os.environ, "KERAS_BACKEND": name, **quiet}
    facts = {"installed": True, "version": _version(*PACKAGES[name])}
    try:
        answer = subprocess.run(
            [sys.executable, "-P", "-c", PROBE],
            env=env,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return {**facts, "works": False, "error": f"did not start within {PROBE_SECONDS} s"}
    if answer.returncode:
        said = answer.stderr.strip().splitlines() or [f"exit code {answer.returncode}"]
        return {**facts, "works": False, "error": said[-1]}
    return {**facts, "works": True, **json.loads(answer.stdout.splitlines()[-1])}


def _memory() -> tuple[int | None, int | None]:
    """Return (all, available) bytes of main memory for a process, None where the system does not say."""
    total = main_memory_bytes()
    try:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return total, None
    return total, available if total is None else min(total, available)


def _codecs() -> dict[str, Any]:
    try:
        import av
    except ImportError as error:
        return {"error": str(error)}
    present = [name for name in DECODERS if name in av.codecs_available]
    versions = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return {"av": av.__version__, "libavcodec": versions, "decoders": present}

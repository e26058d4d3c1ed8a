"""`vdd doctor`: what this machine has to run on."""

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata

import click

from keras_vdd import __version__
from keras_vdd.cli import backend, output, session
from keras_vdd.cli.examples import example

PROBE = "import json; from keras_vdd import placement; print(json.dumps(placement.report()))"
PACKAGES = {"torch": ("torch",), "tensorflow": ("tensorflow", "tensorflow_cpu"), "jax": ("jax",)}
OTHERS = ("numpy", "datasets", "pyarrow", "huggingface_hub")
PROBE_SECONDS = 120
DECODERS = ("h264", "hevc", "vp9", "av1", "mpeg4", "mjpeg")


def _version(*names):
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def _probe(name):
    """Return what one backend says of itself, asked in its own process: a broken one costs a line."""
    if not backend.installed(name):
        return {"installed": False, "install": f'pip install "keras-vdd[{name}]"'}
    # JAX would take most of a GPU for itself, and with that what others have there.
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    env = {**os.environ, "KERAS_BACKEND": name, **quiet}
    facts = {"installed": True, "version": _version(*PACKAGES[name])}
    try:
        answer = subprocess.run(
            [sys.executable, "-c", PROBE], env=env, capture_output=True, text=True, timeout=PROBE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return {**facts, "works": False, "error": f"did not start within {PROBE_SECONDS} s"}
    if answer.returncode:
        said = answer.stderr.strip().splitlines() or [f"exit code {answer.returncode}"]
        return {**facts, "works": False, "error": said[-1]}
    return {**facts, "works": True, **json.loads(answer.stdout.splitlines()[-1])}


def _memory():
    """Return (all, available) bytes of main memory, None where the system does not say."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        return page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None, None


def _codecs():
    try:
        import av
    except ImportError as error:
        return {"error": str(error)}
    present = [name for name in DECODERS if name in av.codecs_available]
    versions = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return {"av": av.__version__, "libavcodec": versions, "decoders": present}


@click.command("doctor", epilog=example("vdd doctor --json"))
@session.options
@session.json_option
def command(as_json):
    """Say what this machine has: backends and their devices, memory, disk, versions, codecs.

    `auto` is the device that a run takes where nobody chooses; `deterministic`, whether runs on it repeat bit
    for bit without run.deterministic=true.

    Exits with 1 where no backend works.
    """
    backends = {name: _probe(name) for name in backend.NAMES}
    total, available = _memory()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts = {
        "keras_vdd": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "backends": backends,
        "keras": {
            "version": _version("keras"),
            "backend_asked": os.environ.get("KERAS_BACKEND"),
            "backend_configured": backend.configured(),
        },
        "processors": cores,
        "memory_bytes": total,
        "memory_available_bytes": available,
        "disk_free_bytes": shutil.disk_usage(".").free,
        "video": _codecs(),
        "packages": {name: _version(name) for name in OTHERS},
    }
    if as_json:
        output.emit_json(facts)
    else:
        output.emit_lines(facts)
    return 0 if any(facts.get("works") for facts in backends.values()) else 1

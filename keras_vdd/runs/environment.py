"""What a run was begun with besides its recipe: `environment.json`."""

import contextlib
import json
import os
import pathlib
import platform
from typing import Any

from keras_vdd.errors import VddError

PACKAGES = ("keras", "torch", "tensorflow", "tensorflow_cpu", "jax", "numpy", "av", "datasets")


def environment() -> dict[str, Any]:
    """What a result depends on besides the recipe: versions, backend, device and machine, as plain values."""
    from importlib.metadata import PackageNotFoundError, version

    import keras

    import keras_vdd
    from keras_vdd.backend import thread_count
    from keras_vdd.placement import facts
    from keras_vdd.plugins import loaded_plugins

    versions = {}
    plugins = [{"file": os.path.basename(p["path"]), "sha256": p["sha256"]} for p in loaded_plugins()]
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "keras_vdd": keras_vdd.__version__,
        "backend": keras.config.backend(),
        **facts(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "threads": thread_count(),
        "versions": versions,
        **({"plugins": plugins} if plugins else {}),
    }


def begun_with(folder: pathlib.Path) -> dict[str, Any]:
    """Return the `environment` that the run in `folder` was begun with.

    Raises:
        VddError: the folder does not say.
    """
    try:
        told = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
        if not isinstance(told["backend"], str):
            raise ValueError("its backend is no text")
        return told
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VddError(
            f"'{folder}' no longer says what it was begun with (environment.json): delete it and start anew."
        ) from error

"""The folder of a run: its recipe, its log, and what is already done."""

import contextlib
import json
import os
import pathlib
import platform
import shlex

from keras_vdd.errors import VddError
from keras_vdd.files import lock, write_atomically

# What may differ between two calls that mean the same run: where it is, and what bounds its memory alone. How
# many clips go into one pass shows in the rounding, no more.
_PLACES = {
    "run": ("dir", "name", "checkpoint_every", "device"),
    "data": ("store",),
    "static": ("chunk",),
    "dynamic": ("chunk",),
    "experts": ("folder", "processes"),
}
# Forms of MTT's gradient that differ in memory and time, and in the rounding.
EXACT_FORMS = ("auto", "unrolled", "adjoint")


class RunFolder:
    """`<run.dir>/<name>/` with `recipe.yaml`, `environment.json`, `log.jsonl` and one folder a stage.

    Opening it a second time with the same recipe goes on; another recipe, or a run half done on another
    backend or kind of device, is refused, since it could not end with the same numbers.

    Raises:
        VddError: the folder holds another run, or something that is no run.
    """

    def __init__(self, recipe):
        from keras_vdd.recipe.load import resolved_yaml

        self.path = pathlib.Path(recipe.run.dir) / recipe.run_name
        self._refuse_another(recipe)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VddError(
                f"The run folder '{self.path}' cannot be made ({error.strerror}): set run.dir to a folder you may write."
            ) from error
        if not (self.path / "recipe.yaml").exists():
            write_atomically(self.path / "environment.json", _environment_of(recipe))
            write_atomically(self.path / "recipe.yaml", resolved_yaml(recipe))
        self.log = Log(self.path / "log.jsonl")

    def stage(self, name):
        """The folder of a stage, made if it is not there."""
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder

    @contextlib.contextmanager
    def alone(self):
        """Hold the folder against other processes; the lock falls with the process, however it ends.

        Raises:
            VddError: another process holds it.
        """
        with lock(self.path / "lock", wait=False) as alone:
            if not alone:
                raise VddError(
                    f"Another process is at work in '{self.path}': wait for it, or give another run.name."
                )
            yield

    def _refuse_another(self, recipe):
        if not self.path.exists() or all(_of_the_first_moments(child.name) for child in self.path.iterdir()):
            return
        if not (self.path / "recipe.yaml").exists():
            raise VddError(f"'{self.path}' is not empty and holds no run: give another run.name or run.dir.")
        from keras_vdd.recipe.load import load_recipe

        before = identity(load_recipe(self.path / "recipe.yaml"))
        changed = sorted(differences(before, identity(recipe)))
        if changed:
            learned = (self.path / "static" / "memory.safetensors").exists()
            keep = (
                f", with --stills-from {shlex.quote(str(self.path))} if its stills will do" if learned else ""
            )
            raise VddError(
                f"'{self.path}' holds a run of another recipe ({', '.join(changed[:3])} differ"
                f"{'s' if len(changed) == 1 else ''}): give another run.name{keep}, or delete that folder."
            )
        if (self.path / "results.json").exists():
            return
        (backend, kind), (own_backend, own_kind) = begun_on(self.path), computes_on()
        if backend != own_backend:
            raise VddError(
                f"'{self.path}' was begun on the backend {backend}: go on with --backend {backend}, "
                "or give another run.name."
            )
        if kind not in (None, own_kind):
            raise VddError(
                f"'{self.path}' was begun on the device {kind}, and this is {own_kind}: go on with --device {kind}, "
                "or give another run.name."
            )


def _of_the_first_moments(name):
    """Whether a run killed in its first moments leaves such a file."""
    return name in ("lock", "environment.json") or (name.startswith(".") and name.endswith(".tmp"))


class Log:
    """One JSON line for each iteration, without times, so that equal runs have equal logs."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def append(self, **record):
        """Add a line."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def records(self):
        """All whole lines; one cut off by a kill is left out."""
        if not self.path.exists():
            return []
        records = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                records.append(json.loads(line))
        return records

    def cut(self, stage, iteration):
        """Drop the lines of `stage` after `iteration`: a resumed stage writes them again."""
        kept = [r for r in self.records() if r["stage"] != stage or r["iteration"] <= iteration]
        write_atomically(self.path, "".join(json.dumps(r) + "\n" for r in kept))


def environment():
    """What a result depends on besides the recipe: versions, backend, device and machine, as plain values."""
    from importlib.metadata import PackageNotFoundError, version

    import keras

    import keras_vdd
    from keras_vdd.placement import facts
    from keras_vdd.plugins import loaded_plugins

    versions = {}
    plugins = [{"file": os.path.basename(p["path"]), "sha256": p["sha256"]} for p in loaded_plugins()]
    packages = ("keras", "torch", "tensorflow", "tensorflow_cpu", "jax", "numpy", "av", "datasets")
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "keras_vdd": keras_vdd.__version__,
        "backend": keras.config.backend(),
        **facts(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "versions": versions,
        **({"plugins": plugins} if plugins else {}),
    }


def _environment_of(recipe):
    return json.dumps({**environment(), "deterministic": recipe.run.deterministic}, indent=2) + "\n"


def computes_on():
    """Return the backend and the kind of device, such as "cuda", that this process computes on."""
    import keras

    from keras_vdd.backend import device_in_use

    return keras.config.backend(), device_in_use().kind


def begun_on(folder):
    """Return the backend and the kind of device of the run in `folder`; None where its kind is not said.

    Raises:
        VddError: the folder does not say.
    """
    try:
        told = json.loads((folder / "environment.json").read_text())
        return told["backend"], told.get("device_kind")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise VddError(
            f"'{folder}' no longer says what it was begun with (environment.json): delete it and start anew."
        ) from error


def identity(recipe):
    """All settings of a recipe that its results depend on, as nested plain values."""
    values = recipe.model_dump(mode="json")
    for section, keys in _PLACES.items():
        for key in keys:
            (values[section] or {}).pop(key, None)
    for key in ("name", "summary"):
        values.pop(key, None)
    if (values["dynamic"] or {}).get("gradient") in EXACT_FORMS:
        values["dynamic"]["gradient"] = "exact"
    return values


def differences(a, b, prefix=""):
    """Yield the dotted names under which two nested dicts differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in a.keys() | b.keys():
            yield from differences(a.get(key), b.get(key), f"{prefix}{key}.")
    elif a != b:
        yield prefix.rstrip(".")

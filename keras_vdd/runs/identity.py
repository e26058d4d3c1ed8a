"""What a run's numbers depend on: its recipe, its videos, and the software and device that compute."""

import json
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_vdd.files import checksum
from keras_vdd.installed import BACKENDS
from keras_vdd.runs.environment import begun_with, environment, mark_of, recipe_of
from keras_vdd.runs.videos import Videos

# Settings that two calls of the same run may differ in: where things are, and what changes only speed, memory
# and rounding (a chunk is how many clips go into one pass). Videos are told apart by their content, see `Videos`.
_NOT_COMPARED = {
    "run": ("dir", "name", "checkpoint_every", "device"),
    "data": ("root", "annotations", "store", "failed_share"),
    "static": ("chunk",),
    "dynamic": ("chunk",),
    "experts": ("folder", "processes"),
    "interpolator": ("folder",),
}
# Forms of MTT's gradient that are equal up to rounding: they differ in memory and time.
EXACT_FORMS = ("auto", "unrolled", "adjoint")


@dataclass(frozen=True)
class RunIdentity:
    """What makes a run another run, and what only shows in its last digits.

    Another recipe, backend or kind of device, or other videos, make another run. Other versions or another
    number of threads do not: the user is told of them (`told`).

    Attributes:
        recipe: all settings that results depend on, as nested plain values.
        backend: the Keras backend.
        device: kind of the device that computes, such as "cuda"; None where it is not known.
        versions: of Python and of the packages that take part.
        threads: int, processor threads of the backend; None where it is not known.
        videos: `Videos`; None where they are not known, or not prepared yet.
        mark: str, checksum of what the run was begun with; None where it is not known, as of earlier versions.
    """

    recipe: Mapping[str, Any]
    backend: str
    device: str | None
    versions: Mapping[str, str]
    threads: int | None
    videos: Videos | None = None
    mark: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, recipe: Any, videos: Videos | None = None) -> "RunIdentity":
        """Return the identity that a run of a `Recipe` has in this process."""
        return cls(settings_of(recipe), **_computing(environment()), videos=videos)

    @classmethod
    def read(cls, folder: pathlib.Path, videos: bool = True) -> "RunIdentity":
        """Return the identity of the run in `folder`; without `videos` their list is not looked at.

        Raises:
            DamagedVideos: the list of its videos is damaged.
            VddError: another of its files is.
        """
        begun, recipe = begun_with(folder), recipe_of(folder)
        mark = mark_of(begun)
        listed = Videos.read(folder, mark) if videos else None
        return cls(settings_of(recipe), **_computing(begun), videos=listed, mark=mark)

    @property
    def run_id(self) -> str | None:
        """The mark that files of the run carry, of what it was begun with and its videos; None where there is none."""
        if self.mark is None or self.videos is None:
            return self.mark
        return checksum(json.dumps([self.mark, dict(self.videos.whole)], sort_keys=True))

    def another_recipe(self, now: "RunIdentity") -> list[str]:
        """The dotted names of settings that differ in `now`, sorted, such as ["run.seed"]."""
        return sorted(differences(self.recipe, now.recipe))

    def computed_otherwise(self, now: "RunIdentity") -> list[tuple[str, str]]:
        """Pairs ("backend" or "device", its value in this identity) of what differs in `now`."""
        # What this identity does not know counts as the same.
        pairs = {"backend": (self.backend, now.backend), "device": (self.device, now.device)}
        return [(what, before) for what, (before, after) in pairs.items() if None is not before != after]

    def told(self, now: "RunIdentity") -> str:
        """Say which versions and threads differ: "numpy 2 instead of 1, 4 threads instead of 2", or ""."""
        changed = [
            f"{name} {now.versions[name]} instead of {version}"
            for name, version in self.versions.items()
            if now.versions.get(name, version) != version
        ]
        if None not in (self.threads, now.threads) and self.threads != now.threads:
            changed.append(f"{now.threads} thread{'s' * (now.threads != 1)} instead of {self.threads}")
        return ", ".join(changed)


def settings_of(recipe: Any) -> dict[str, Any]:
    """All settings of a recipe that its results depend on, as nested plain values."""
    values = recipe.model_dump(mode="json")
    for section, keys in _NOT_COMPARED.items():
        for key in keys:
            (values[section] or {}).pop(key, None)
    for key in ("name", "summary"):
        values.pop(key, None)
    if (values["experts"] or {}).get("source", "") is None:
        del values["experts"]["source"]  # as it was before there was that setting
    if values["interpolator"] is None:
        del values["interpolator"]  # as it was before there was that section
    if (values["dynamic"] or {}).get("gradient") in EXACT_FORMS:
        values["dynamic"]["gradient"] = "exact"
    return values


def recipe_hash(recipe: Any) -> str:
    """Return a checksum of `settings_of` a recipe: equal where the results mean the same."""
    return checksum(json.dumps(settings_of(recipe), sort_keys=True), 8)


def differences(a: Any, b: Any, prefix: str = "") -> Iterator[str]:
    """Yield the dotted names under which two nested dicts differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in a.keys() | b.keys():
            yield from differences(a.get(key), b.get(key), f"{prefix}{key}.")
    elif a != b:
        yield prefix.rstrip(".")


def _computing(told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an identity that come from an `environment`; packages of the other backends are left out."""
    others = [name for name in BACKENDS if name != told["backend"]]
    versions = {
        name: version
        for name, version in {**told.get("versions", {}), "python": told.get("python")}.items()
        if version is not None and not name.startswith(tuple(others))
    }
    if "keras_vdd" in told:
        versions["keras-vdd"] = told["keras_vdd"]
    for plugin in told.get("plugins", ()):
        versions[f"plug-in {plugin['file']}"] = plugin["sha256"][:12]
    return {
        "backend": told["backend"],
        "device": told.get("device_kind"),
        "versions": versions,
        "threads": told.get("threads"),
    }

"""What a run found: the rows of its table, and the table, as typed records with one reader and writer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_vdd.errors import VddError
from keras_vdd.evaluation.scores import Score
from keras_vdd.sealed import read_json, write_json


@dataclass(frozen=True)
class ResultRow:
    """How well networks do that were trained on one set of videos, a distilled one or a baseline.

    Tables, cards and studies only read it. It has no times, so that equal runs have equal rows.

    Attributes:
        method: what made the videos, as a table calls it.
        set: the source set that it was tested on.
        architecture: of the classifiers.
        protocol: how they were trained and tested, in words.
        recipe: checksum of the recipe's settings that results depend on; None where it is not known.
        backend: the Keras backend that it was scored on; None where it is not known.
        device: what the maker calls the device that it was scored on, "cpu" for a processor; None where it is not
            known. Networks that an interrupted run had finished may be of another device of that kind.
        clips: int, training videos.
        videos_per_class: int; text such as "2-3" where classes differ; None where each has its own number.
        bytes: int, of the videos as stored.
        score: `Score` of the networks.
        note: what a reader of the row should know, "" if nothing.
        dtype: storage type that the distilled set had, where the row depends on it: the set's own row and those of
            equal bytes; None for other rows, and where it is not known.
    """

    method: str
    set: str
    architecture: str
    protocol: str
    recipe: str | None
    backend: str | None
    device: str | None
    clips: int
    videos_per_class: int | str | None
    bytes: int
    score: Score
    note: str = ""
    dtype: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a dict of all fields, in place of `score` what its `to_json` gives; plain JSON values."""
        values = {name: getattr(self, name) for name in _TYPES}
        last = {name: values.pop(name) for name in ("note", "dtype")}
        return {**values, **self.score.to_json(), **last}

    @classmethod
    def from_json(cls, values: Any) -> "ResultRow":
        """Read what `to_json` gave.

        Raises:
            ValueError: a value is missing or of another type, or figures are not those of the networks.
        """
        if not isinstance(values, dict):
            raise ValueError(f"a row is {values!r}")
        values = {**dict.fromkeys(_UNKNOWN_TO_0_1), **values}
        expected = {*_TYPES, *Score(()).to_json()}
        if wrong := values.keys() ^ expected:
            raise ValueError(f"{min(wrong)} is {'unknown' if min(wrong) in values else 'missing'} in a row")
        _check(values, _TYPES)
        return cls(**{name: values[name] for name in _TYPES}, score=Score.from_json(values))


@dataclass(frozen=True)
class Results:
    """The table of a run: `results.json`.

    Attributes:
        run: name of the run.
        set: the source set.
        classes: int.
        backend: the Keras backend.
        architecture: of the classifiers.
        protocol: that all rows share, in words.
        rows: tuple of `ResultRow`, the baselines first and the run's own last.
        losses: dict of stage to its `iterations` and last `loss`.
    """

    run: str
    set: str
    classes: int
    backend: str
    architecture: str
    protocol: str
    rows: tuple[ResultRow, ...]
    losses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a dict of all fields, plain JSON values."""
        values = {name: getattr(self, name) for name in _TABLE_TYPES}
        return {**values, "rows": [row.to_json() for row in self.rows], "losses": dict(self.losses)}

    def write(self, path: Path, run_id: str | None = None, **more: str) -> None:
        """Write `results.json`, sealed with the mark of a run where there is one; equal results give equal bytes.

        What else is given is written behind the table and is not read back with it.
        """
        write_json(path, {**self.to_json(), **more}, run_id, indent=2)

    @classmethod
    def from_json(cls, values: Any) -> "Results":
        """Read what `to_json` gave.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it is something else.
        """
        _check(values, {**_TABLE_TYPES, "rows": list, "losses": dict})
        # Rows of version 0.1 left to the table what they share.
        shared = {name: values[name] for name in ("set", "architecture", "protocol", "backend")}
        rows = tuple(ResultRow.from_json({**shared, **row}) for row in values["rows"])
        return cls(**{name: values[name] for name in _TABLE_TYPES}, rows=rows, losses=values["losses"])

    @classmethod
    def read(cls, path: Path, run_id: str | None = None, **more: str) -> "Results | None":
        """Return what `write` wrote; None where there is no such file.

        Args:
            path: of the file.
            run_id: str, mark of the run that it must belong to; None takes any.
            **more: what must be written behind the table, where that is there at all.

        Raises:
            VddError: it is damaged, or belongs to another run or set.
        """
        try:
            values = read_json(path, run_id)
            if any(values.get(name, value) != value for name, value in more.items()):
                raise ValueError("they belong to another set")
            return cls.from_json(values)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise VddError(
                f"The results '{path}' are damaged ({error}): delete that file, and the `vdd distill` that "
                "wrote it writes it again."
            ) from error


_TYPES = {
    "method": str,
    "set": str,
    "architecture": str,
    "protocol": str,
    "recipe": str | None,
    "backend": str | None,
    "device": str | None,
    "clips": int,
    "videos_per_class": int | str | None,
    "bytes": int,
    "note": str,
    "dtype": str | None,
}
_UNKNOWN_TO_0_1 = ("recipe", "backend", "device", "dtype")
_TABLE_TYPES = {
    "run": str,
    "set": str,
    "classes": int,
    "backend": str,
    "architecture": str,
    "protocol": str,
}


def _check(values: Mapping[str, Any], types: Mapping[str, Any]) -> None:
    for name, kind in types.items():
        if not isinstance(values[name], kind) or isinstance(values[name], bool):
            raise ValueError(f"{name} is {values[name]!r}")

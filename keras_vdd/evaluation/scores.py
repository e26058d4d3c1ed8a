"""Scores of a training set: one entry a network, and the figures that tables show."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from keras_vdd.evaluation.metrics import mean_and_std


@dataclass(frozen=True)
class NetworkScore:
    """One network's score; accuracies in percent, None where its training diverged.

    Attributes:
        number: which of the protocol's networks.
        top1, top5: accuracy over all test clips; top5 None also where there are fewer than six classes.
        pairs: accuracy inside pairs of classes, None also where no pairs are given.
        loss: training loss over the last tenth of the steps.
        steps: optimizer steps taken.
    """

    number: int
    top1: float | None
    top5: float | None
    pairs: float | None
    loss: float | None
    steps: int

    @property
    def diverged(self) -> bool:
        """Whether the loss left the finite numbers."""
        return self.top1 is None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "NetworkScore":
        """Read what `dataclasses.asdict` gives.

        Raises:
            ValueError: a value is missing, is of another type, or is none of these.
        """
        # Kept here by version 0.1; times are not part of a result.
        values = {name: value for name, value in values.items() if name != "seconds"}
        if values.keys() != {field.name for field in fields(cls)}:
            raise ValueError(f"a network's score has the values {', '.join(values) or 'none'}")
        for name, value in values.items():
            whole = name in ("number", "steps")
            right = type(value) is int if whole else value is None or type(value) in (int, float)
            if not right:
                raise ValueError(f"{name} of a network's score is {value!r}")
        return cls(**values)


@dataclass(frozen=True)
class Score:
    """The networks of one row of a table. Means leave out diverged networks, which `to_json` names."""

    networks: tuple[NetworkScore, ...]

    @property
    def diverged(self) -> list[int]:
        """Numbers of the networks that diverged."""
        return [n.number for n in self.networks if n.diverged]

    @property
    def top1(self) -> dict[str, Any]:
        """`{"mean", "std", "values"}` in percent; mean None if all diverged."""
        return self._figure("top1")

    @property
    def top5(self) -> dict[str, Any]:
        """As `top1`, of the five largest logits; no values where there are fewer than six classes."""
        return self._figure("top5")

    @property
    def pairs(self) -> dict[str, Any] | None:
        """As `top1`, inside pairs of classes; None where no pairs were given."""
        figure = self._figure("pairs")
        return figure if figure["values"] else None

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings; `Score.from_json` reads them again."""
        return {
            "top1": self.top1,
            "top5": self.top5,
            "pairs": self.pairs,
            "loss": self._figure("loss"),
            "seeds": [n.number for n in self.networks],
            "diverged": len(self.diverged),
            "diverged_seeds": self.diverged,
            "networks": [asdict(n) for n in self.networks],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Score":
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is damaged, or its figures are not those of its networks.
        """
        score = cls(tuple(NetworkScore.from_json(network) for network in values["networks"]))
        for name, value in score.to_json().items():
            if values[name] != value and name != "networks":
                raise ValueError(f"{name} is not that of the networks")
        return score

    def _figure(self, name: str) -> dict[str, Any]:
        values = [getattr(n, name) for n in self.networks if not n.diverged]
        return mean_and_std([v for v in values if v is not None])

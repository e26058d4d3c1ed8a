"""Scores of a training set: one entry a network, and the figures that tables show."""

from dataclasses import asdict, dataclass

from keras_vdd.evaluation.metrics import mean_and_std


@dataclass(frozen=True)
class NetworkScore:
    """One network's score; accuracies in percent, None where its training diverged.

    Attributes:
        number: which of the protocol's networks.
        top1, top5: accuracy over all test clips.
        pairs: accuracy inside pairs of classes, None also where no pairs are given.
        loss: training loss over the last tenth of the steps.
        steps: optimizer steps taken.
        seconds: wall time of training and test.
    """

    number: int
    top1: float | None
    top5: float | None
    pairs: float | None
    loss: float | None
    steps: int
    seconds: float

    @property
    def diverged(self):
        """Whether the loss left the finite numbers."""
        return self.top1 is None


@dataclass(frozen=True)
class Score:
    """The networks of one row of a table. Means leave out diverged networks, which `to_json` names."""

    networks: tuple

    @property
    def diverged(self):
        """Numbers of the networks that diverged."""
        return [n.number for n in self.networks if n.diverged]

    @property
    def top1(self):
        """`{"mean", "std", "values"}` in percent; mean None if all diverged."""
        return self._figure("top1")

    @property
    def top5(self):
        """As `top1`; the five largest logits, or all where there are fewer classes."""
        return self._figure("top5")

    @property
    def pairs(self):
        """As `top1`, inside pairs of classes; None where no pairs were given."""
        figure = self._figure("pairs")
        return figure if figure["values"] else None

    def to_json(self):
        """Return plain lists, numbers and strings."""
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

    def _figure(self, name):
        values = [getattr(n, name) for n in self.networks if not n.diverged]
        return mean_and_std([v for v in values if v is not None])

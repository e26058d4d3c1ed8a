"""What a baseline says: what fresh networks are trained on in the set's place, and how much of it there is."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Beside:
    """What a row stands beside.

    Attributes:
        recipe: `Recipe`.
        class_sizes: list of int, real training videos of each class.
        nbytes: int, of the distilled set as stored; 0 where it has none.
        store: the training `Store`; None while a run is only planned.
        static: float32 (classes, SPC, size, size, 3), the set's stills as they come out of storage; None where it
            has none, and while a run is only planned.
    """

    recipe: Any
    class_sizes: list[int]
    nbytes: int = 0
    store: Any = None
    static: Any = None

    @property
    def scale(self) -> tuple:
        """Mean and std of the set."""
        return self.recipe.data.mean, self.recipe.data.std


@dataclass(frozen=True)
class Amount:
    """How much a row trains on.

    Attributes:
        videos: int; 0 where there is nothing to train on.
        nbytes: int, of all of them, as a table shows it; 0 where only files would tell and a run is only planned.
        per_class: int, text such as "3-4", or None where a table shows nothing.
        frames: int, frames of each video that are held in memory meanwhile: 1 for stills shown as unmoving videos,
            0 for clips that are cut anew at each visit.
        epochs: int, passes over them; None for the protocol's own length.
        note: what is odd about the row, "" if nothing.
    """

    videos: int
    nbytes: int
    per_class: int | str | None
    frames: int
    epochs: int | None = None
    note: str = ""


class Baseline:
    """A row beside the distilled set's own, trained and tested by the same protocol.

    Attributes:
        name: as `evaluation.compare` names it.
        title: as tables print it.
        of_storage: whether it depends on how the distilled set is stored.
    """

    name = ""
    title = ""
    of_storage = False

    def refusal(self, recipe) -> str:
        """Return why a recipe cannot have this row, as the end of a sentence; "" where it can."""
        return ""

    def amount(self, beside: Beside) -> Amount:
        """Return the `Amount`, of videos that need not be there yet."""
        raise TypeError(f"{type(self).__name__} does not say how many videos it has")

    def training(self, beside: Beside, number: int):
        """Return what network `number` is trained on, see `keras_vdd.evaluation.training_sets`.

        What is drawn at random is drawn from `keras_vdd.seeds.stream(recipe.run.seed, "baseline", name, number)`.
        """
        raise TypeError(f"{type(self).__name__} does not say what networks are trained on")

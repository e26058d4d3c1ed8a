"""What the package's recipe files say of themselves, under `about:`; the rest of a file is settings."""

from typing import Annotated

from pydantic import BeforeValidator

from keras_vdd.settings import Name, Positive, Settings, listed

Names = Annotated[tuple[Name, ...], BeforeValidator(listed)]
Sizes = Annotated[tuple[Positive, ...], BeforeValidator(listed)]


class About(Settings):
    """What any file may say."""

    notes: dict[Name, Name] = {}
    """Lines for the comment that a recipe opens with, by the word they begin with; what several files say
    under one word is joined."""


class AboutMethod(About):
    """A method: `recipes/methods/<method>.yaml`."""

    summary: Name
    """Its part of a recipe's summary. `N` is how many: "N videos per class" becomes "1 video per class"."""
    by: Name | None = None
    """How it learns, such as "trajectory matching (MTT)", or how it chooses."""
    sizes: Sizes | None = None
    """Videos per class that it has recipes for; None for all of `recipes/sizes/`."""

    def summary_at(self, size: int) -> str:
        """Return `summary` for that many videos per class."""
        text = self.summary if size != 1 else self.summary.replace("s per class", " per class")
        return text.replace("N ", f"{size} ", 1) if text.startswith("N ") else text


class AboutSet(About):
    """A dataset: `recipes/sets/<set>.yaml`."""

    title: Name
    """What it is called."""
    detail: Name | None = None
    """A sentence or two on what it is, where a stranger may not know."""
    needs: Name
    """What has to be there before a run."""
    root: Name | None = None
    """An example of `data.root`; None where it needs none."""
    time: Name | None = None
    """How long its recipes take as they are, where that was measured."""
    sizes: Sizes | None = None
    """Videos per class that it has recipes for; None for all of `recipes/sizes/`."""
    methods: Names | None = None
    """Methods that it has recipes for; None for all."""
    instead: dict[Name, Name] = {}
    """Names that it does not have, and the recipe that is there in their place."""

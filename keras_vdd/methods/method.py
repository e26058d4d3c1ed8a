"""What a matching loss says of itself, in one record."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_vdd.errors import UsageError
from keras_vdd.methods.settings import MatchingSettings


@dataclass(frozen=True)
class Method:
    """A matching loss: its settings, what it minimises, what that costs, and what it learns and reads.

    Attributes:
        name: what `dynamic.loss` calls it.
        title: what tables call it, such as "DM".
        settings: subclass of `MatchingSettings`; its first line of documentation says what the loss does.
        objective: function (stage, store, memory, bank) -> `StageObjective`: the `keras_vdd.learning.stage.Stage`,
            the training `Store`, the memory's layer that holds its start, and the `ExpertBank` or None.
        cost: function (settings, network, classes, videos, sample) -> `keras_vdd.methods.cost.Cost` of an iteration
            on that many synthetic videos, where a real clip has `sample` bytes.
        learns: what is learned besides the memory, each at a learning rate of its own: name of the part, and of
            the setting that must be true for it to be learned, or None where it always is.
        label_kind: what learned `labels` are: "probabilities" or "regression"; None where none are learned.
        expert_epochs: function settings -> epochs that are read of each expert; None where no experts are read.
        memories: kinds of memory that it works with; None for all.
        fits: function (settings, settings of the memory) -> a sentence for each thing that they cannot do together.
        smaller: settings to lower first where memory is short.

    Raises:
        UsageError: the parts do not fit together.
    """

    name: str
    title: str
    settings: type[MatchingSettings]
    objective: Callable[..., Any]
    cost: Callable[..., Any]
    learns: Mapping[str, str | None] = field(default_factory=dict)
    label_kind: str | None = None
    expert_epochs: Callable[[Any], int] | None = None
    memories: tuple[str, ...] | None = None
    fits: Callable[[Any, Any], Iterable[str]] | None = None
    smaller: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for wrong in self._wrong():
            raise UsageError(f"The method {self.name!r} {wrong}.")

    def _wrong(self):
        if not re.fullmatch("[a-z][a-z0-9_]*", str(self.name)):
            yield "must have a name of small letters, digits and underscores, such as 'my_loss'"
        if not (isinstance(self.settings, type) and issubclass(self.settings, MatchingSettings)):
            yield f"has settings={self.settings!r}, which must be a subclass of keras_vdd.methods.MatchingSettings"
        fields = self.settings.model_fields
        if "loss" not in fields or fields["loss"].default != self.name:
            own = f"loss: Literal[{self.name!r}] = {self.name!r}"
            yield f"has settings without its name: {self.settings.__name__} needs the field `{own}`"
        rates = fields["learning_rates"].annotation.model_fields
        for part, setting in self.learns.items():
            if part not in rates:
                yield f"learns {part!r}, for which its settings have no learning_rates.{part}"
            if setting is not None and setting not in fields:
                yield f"learns {part!r} where {setting!r} is true, which is none of its settings"
        if (self.label_kind is None) == ("labels" in self.learns):
            learns = dict(self.learns)
            yield f"has label_kind={self.label_kind!r} and learns={learns}: labels have a kind, and only they"
        for setting in self.smaller:
            if setting not in fields:
                yield f"has smaller={setting!r}, which is none of its settings"

    def learned(self, settings: MatchingSettings) -> dict[str, str]:
        """What is learned besides the memory under some settings: part to the setting that has it learned."""
        return {
            part: "loss" if setting is None else setting
            for part, setting in self.learns.items()
            if setting is None or getattr(settings, setting)
        }

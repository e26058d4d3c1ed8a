"""`Memory`, the record that describes one kind of memory: the learned arrays that videos are reconstructed from."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_vdd.errors import UsageError
from keras_vdd.memory.settings import MemorySettings

SIDES = ("frames", "height", "width")
# Columns of published files besides those of the items.
ROW_COLUMNS = ("label", "class_name", "slot", "soft_label", "integrator", "preview")


@dataclass(frozen=True)
class Items:
    """An array that holds memory items of each class, float32 (classes, items, *axes), and its published column.

    Attributes:
        array: what a `DistilledSet` calls it, such as "static".
        column: what published files call it, such as "statics".
        noun: what one item is, such as "still".
        axes: of one item, each "frames", "height" or "width" of the videos, a number, or None for as many as there
            are. A last axis of 1 is left out of the column.
        index: "static" or "dynamic": which entry of a pair (class, static, dynamic) chooses an item.
        single: True where each video slot (one of VPC, the videos per class) has exactly one item; False where
            the items of a class are divided equally among its slots.
        enlarged_before: where items may be stored with fewer frames or pixels than the videos, the part that they
            are enlarged for by interpolation, such as "the integrator"; else None.
        smaller: the axes along which they may be.
        moments: where a slot of `single` items has several, at moments of its time and each slot as many as it needs:
            the array that tells them, (classes, VPC, K), whole numbers in order and -1 past the last; its column has
            the same name. The items are then (classes, VPC, K, *axes). None where a slot has one.
    """

    array: str
    column: str
    noun: str
    axes: tuple[str | int | None, ...]
    index: str = "static"
    single: bool = False
    enlarged_before: str | None = None
    smaller: tuple[str, ...] = SIDES
    moments: str | None = None

    def whole(self, frames: int, height: int, width: int) -> tuple[int | None, ...]:
        """Shape of an item at full size, for videos of this size; None for an axis that only the item itself tells."""
        sides = dict(zip(SIDES, (frames, height, width), strict=True))
        return tuple(sides[axis] if isinstance(axis, str) else axis for axis in self.axes)

    def shape_in(self, arrays: Mapping[str, Any]) -> tuple[int, ...]:
        """Shape of an item in arrays by name, or of their shapes."""
        shape = getattr(arrays[self.array], "shape", arrays[self.array])
        return tuple(int(side) for side in shape[2 if self.moments is None else 3 :])

    def count_in(self, arrays: Mapping[str, Any]) -> int:
        """How many items arrays by name hold, of all classes; of their shapes, as many as these have room for."""
        found = arrays[self.array if self.moments is None else self.moments]
        if self.moments is not None and hasattr(found, "shape"):
            return int((found >= 0).sum())
        shape = getattr(found, "shape", found)
        return math.prod(shape[:2] if self.moments is None else shape)

    def published(self, shape: tuple) -> tuple:
        """Shape of an item in its column."""
        return tuple(shape[:-1]) if self.axes[-1] == 1 else tuple(shape)


@dataclass(frozen=True)
class Shared:
    """An array that classes share, float32 (groups, *shape): class c uses entry c * groups // classes.

    Attributes:
        array: what a `DistilledSet` calls it, such as "kernels".
        weight: what the weights of a published row call an entry, such as "kernel".
        shape: of an entry.
    """

    array: str
    weight: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Memory:
    """A kind of memory: its settings, its layer, what it stores and publishes, and what stage 2 learns of it.

    Attributes:
        kind: what `memory.kind` calls it.
        settings: subclass of `MemorySettings`; its first line of documentation says what is learned.
        layer: function (settings, classes, frames, size) -> `keras_vdd.memory.layer.MemoryLayer`.
        reconstruct: function (distilled set, pairs) -> videos, float32 (n, T, H, W, 3), in numpy alone; pairs int32
            (n, 3) rows (class, static, dynamic).
        shapes: function (settings, classes, frames, size) -> dict, shape of each array that is stored, at the start of
            learning where it grows.
        most_shapes: the same for the most that it may grow to; None where it does not grow.
        items, shared: the arrays that it stores, which `layer.arrays()` gives.
        learns: what stage 2 learns of it, each at a learning rate of its own: name of a weight, or of a layer inside
            the memory (its number left out), and what `learning_rates` says of it.
        formula: how a video is made of what a row holds, in words.
        shown: end of a sentence on the dataset card that begins "2 stills a class are stored".
        title: what tables add to the title of the loss, such as " + static-dynamic".
        stills: what the stills of stage 1 are to it: None where it has none, "start" where stage 2 starts from
            them, "whole" where they are a memory of this kind already.
        clips: the array that real clips may fill, (classes, VPC, T, H, W, 3), so that coresets can be of this kind;
            else None.
        pixels: whether its items are pixels, which uint8 can store.
        naive: whether it is what the paper calls naive: its pixels are learned directly.
        shared_noun: what the shared arrays are together, such as "integrator".
        learned: function (stills, labels) that `what_is_learned` calls; None to name the nouns of its items.
        torch: lines of plain PyTorch for the dataset card, the body of a function that returns the videos of a row,
            float32 (n, T, H, W, 3). The tensors of the columns are there under their names, float32 and at full
            size, the row as `row`; `{frames}` stands for T. Those with shared arrays read them by
            `load(row["integrator"]["weights"])`. "" to leave it out of the card.

    Raises:
        UsageError: the parts do not fit together.
    """

    kind: str
    settings: type[MemorySettings]
    layer: Callable[..., Any]
    reconstruct: Callable[..., Any]
    shapes: Callable[..., Mapping[str, tuple[int, ...]]]
    items: tuple[Items, ...]
    learns: Mapping[str, str]
    formula: str
    shown: str
    shared: tuple[Shared, ...] = field(default=())
    title: str = ""
    stills: str | None = None
    clips: str | None = None
    pixels: bool = False
    naive: bool = False
    shared_noun: str = ""
    learned: Callable[[str, bool], str] | None = None
    torch: str = ""
    most_shapes: Callable[..., Mapping[str, tuple[int, ...]]] | None = None

    def __post_init__(self) -> None:
        for wrong in self._wrong():
            raise UsageError(f"The memory {self.kind!r} {wrong}.")

    def _wrong(self):
        # Ends of sentences. The caller raises the first, so a check may rely on those before it.
        if not re.fullmatch("[a-z][a-z0-9-]*", str(self.kind)):
            yield "must have a kind of small letters, digits and dashes, such as 'my-memory'"
        if not (isinstance(self.settings, type) and issubclass(self.settings, MemorySettings)):
            yield f"has settings={self.settings!r}, which must be a subclass of keras_vdd.memory.MemorySettings"
        if self.settings.model_fields["kind"].default != self.kind:
            own = f"kind: Literal[{self.kind!r}] = {self.kind!r}"
            yield f"has settings without its name: {self.settings.__name__} needs the field `{own}`"
        if not any(self._tells_size(items) for items in self.items):
            yield "has no items with the height and width of the videos, from which their size is read"
        names = self.arrays
        if len({*names, "labels"}) <= len(names):
            yield f"has arrays {', '.join(names)}: names must differ, and labels are there already"
        columns = (*self.columns, *(one.moments for one in self.items if one.moments is not None))
        if len({*columns, *ROW_COLUMNS}) < len(columns) + len(ROW_COLUMNS):
            yield f"has columns {', '.join(columns)}: names must differ, also from {', '.join(ROW_COLUMNS)}"
        for items in self.items:
            if strange := [axis for axis in items.axes if isinstance(axis, str) and axis not in SIDES]:
                yield f"has items {items.array!r} with the axis {strange[0]!r}, which must be one of {', '.join(SIDES)}"
            if items.index not in ("static", "dynamic"):
                yield f"has items {items.array!r} of index {items.index!r}, which must be 'static' or 'dynamic'"
            # `datasets` has columns of arrays with 2 to 5 axes; a cell that holds several items has one axis more.
            several = not items.single or items.moments is not None
            if not 2 <= len(items.published(items.axes)) + several <= 5:
                yield f"has items {items.array!r} of axes {items.axes}, for which files have no column"
            if items.moments is not None and not (items.single and items.enlarged_before is None):
                yield f"has items {items.array!r} with moments, which are single and stored at full size"
        if bool(self.shared) != bool(self.shared_noun):
            yield f"has shared={self.shared!r} and shared_noun={self.shared_noun!r}: one needs the other"
        if self.stills not in (None, "start", "whole"):
            yield f"has stills={self.stills!r}, which must be 'start', 'whole' or None"
        if self.clips is not None and self.clips not in names:
            yield f"has clips={self.clips!r}, which is none of its arrays"

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of all arrays that it stores."""
        moments = (items.moments for items in self.items if items.moments is not None)
        return (*(items.array for items in self.items), *moments, *(shared.array for shared in self.shared))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that its items are published in."""
        return tuple(items.column for items in self.items)

    @property
    def keeps_stills(self) -> bool:
        """Whether it stores the stills of stage 1 beside what stage 2 learns."""
        return self.stills == "start" and "static" in self.arrays

    @property
    def shared_numbers(self) -> int:
        """How many numbers each group of classes shares."""
        return sum(math.prod(shared.shape) for shared in self.shared)

    def what_is_learned(self, stills: str, labels: bool) -> str:
        """What stage 2 learns, in words.

        Args:
            stills: the stills it starts from, in words.
            labels: whether labels are learned too.
        """
        if self.learned is not None:
            return self.learned(stills, labels)
        nouns = " and ".join(f"{items.noun}s" for items in self.items)
        return nouns + (" with labels" if labels else "")

    def column(self, name: str) -> Items:
        """The items that are published in a column."""
        return next(items for items in self.items if items.column == name)

    def size(self, arrays: Mapping[str, Any]) -> tuple[int, int]:
        """(height, width) of the videos that are reconstructed from arrays, each (classes, items, *axes)."""
        items = next(items for items in self.items if self._tells_size(items))
        shape = items.shape_in(arrays)
        return int(shape[items.axes.index("height")]), int(shape[items.axes.index("width")])

    def counts(self, arrays: Mapping[str, Any], videos_per_class: int) -> tuple[int, int]:
        """(statics, dynamics): how many of each a class has to pair; items that are `single` count as statics.

        Args:
            arrays: the stored arrays by name, or their shapes, which a plan has before anything is made.
            videos_per_class: int, slots of a class.
        """
        found = {"static": videos_per_class, "dynamic": 0}
        for items in self.items:
            if not items.single:
                found[items.index] = int(getattr(arrays[items.array], "shape", arrays[items.array])[1])
        return found["static"], found["dynamic"]

    @staticmethod
    def _tells_size(items):
        # Items that may be stored smaller do not.
        smaller = () if items.enlarged_before is None else items.smaller
        return {"height", "width"} <= set(items.axes) - set(smaller)

"""What is refused before anything is made: networks that cannot be built, and a need above the machine's memory.

A recipe is checked without Keras. What a network makes of a size, and how many weights it has, only the network tells.
It is asked at a small width, and what it takes at a large one follows: weights and activations are polynomials of
second degree in its width and stem.
"""

import collections
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from keras_vdd import models
from keras_vdd.backend import device_in_use
from keras_vdd.data.sources import SOURCES
from keras_vdd.data.store.size import bytes_in_words
from keras_vdd.distilled.budget import label_bytes, real_clip_bytes
from keras_vdd.errors import UsageError, VddError
from keras_vdd.learning.stage import Stage
from keras_vdd.methods.cost import raw_and_normalised
from keras_vdd.models.footprint import first_order_bytes, total_bytes, weight_bytes
from keras_vdd.planning.clip_lengths import check_clip_lengths
from keras_vdd.planning.interpolator import activations
from keras_vdd.planning.stage_costs import amounts
from keras_vdd.planning.stored_bytes import in_memory, interpolator_bytes, learns_labels
from keras_vdd.published.largest import MOST_PAIRS
from keras_vdd.recipe.schema import Recipe
from keras_vdd.text import counted

# A network up to this width is built as it is.
_BUILT = 512
_STEP = 16
# Values, their gradient and the optimizer's momentum.
_LEARNED = 3


class _Asked(NamedTuple):
    """A network that a recipe names: the section that does, and what it is built with."""

    section: str
    architecture: str
    width: int
    stem: int
    frames: int


def check_beforehand(recipe: Recipe, classes: int | None = None) -> None:
    """See to it that what a recipe names can be made on this machine, before anything is.

    Args:
        recipe: `Recipe`.
        classes: int, of the data; None where they are not listed yet.

    Raises:
        UsageError: a network does not take clips of these sizes, there are more integrators than classes, or memories
            make too many videos.
        VddError: the least that is needed at once is above the memory of the device, or there is one class.
    """
    classes = classes or _classes_of(recipe.data)
    if classes is not None:
        check_classes(recipe, classes)
    needs = [*_learned(recipe, classes or 2)]
    needs.append(max(map(_taken(recipe, classes or 2), _asked(recipe)), key=lambda need: need[0]))
    _check_memory(recipe, needs)
    # Asked of the networks as wide as they are, now that these are known to fit.
    for need in _at_once(recipe, classes or 2):
        _check_memory(recipe, [needs[0], need])
    check_clip_lengths(recipe)
    check_pairs(recipe, classes or 2)


def check_evaluation(recipe: Recipe, classes: int) -> None:
    """See to it that the networks that a recipe evaluates sets with can be made on this machine, before one is.

    Raises:
        UsageError: they do not take clips of these sizes.
        VddError: a step of one takes more than the memory of the device.
    """
    evaluation = next(asked for asked in _asked(recipe) if asked.section == "evaluation")
    _check_memory(recipe, [_taken(recipe, classes)(evaluation)])


def check_classes(recipe: Recipe, classes: int) -> None:
    """See to it that a recipe fits the number of classes of its data.

    Raises:
        UsageError: there are more integrators than classes.
        VddError: there is one class.
    """
    if classes == 1:
        raise VddError(
            "The data have one class, which leaves nothing to tell apart: add another class, or correct data.root."
        )
    if (asked := recipe.memory.integrators) > classes:
        raise UsageError(
            f"memory.integrators={asked} is above the {classes} classes of the data; an integrator is shared by one "
            "class or more"
        )


def check_pairs(recipe: Recipe, classes: int) -> None:
    """See to it that the memories of so many classes make no more videos than a set may have.

    Raises:
        UsageError: they make more.
    """
    memory = recipe.memory
    owned = memory.statics_per_class, memory.dynamics_per_class
    per_slot = [max(1, count // memory.videos_per_class) for count in owned]
    pairs = classes * memory.videos_per_class * math.prod(per_slot)
    if pairs > MOST_PAIRS and recipe.method != "full":
        raise UsageError(
            f"The memories of {classes} classes make {pairs:,} videos, more than the {MOST_PAIRS:,} that a set may "
            "have: lower memory.statics_per_class, memory.dynamics_per_class or memory.videos_per_class."
        )


def check_enough(recipe: Recipe, class_names: Sequence[str], labels: Iterable[int]) -> None:
    """See to it that clips can be chosen of each class.

    Args:
        recipe: `Recipe`.
        class_names: of the data.
        labels: of the training videos.

    Raises:
        VddError: a class has fewer videos than are to be chosen.
    """
    if recipe.coreset is None or recipe.coreset.method == "full":
        return
    counts, per_class = collections.Counter(map(int, labels)), recipe.memory.videos_per_class
    fewest = min(range(len(class_names)), key=counts.__getitem__)
    if counts[fewest] < per_class:
        raise VddError(
            f"Class {class_names[fewest]!r} has {counted(counts[fewest], 'training video')}, fewer than "
            f"memory.videos_per_class={per_class} to choose: lower that number, or add videos."
        )


def _classes_of(data: Any) -> int | None:
    if isinstance(data.classes, tuple):
        return len(data.classes)
    made = SOURCES.get(data.set).made
    return None if made is None else made(data).classes


def _asked(recipe: Any) -> Iterator[_Asked]:
    data, scored = recipe.data, recipe.evaluation
    if recipe.static is not None:
        yield _Asked("static", recipe.static.network, recipe.static.width, 1, data.frames)
    if (learned := recipe.dynamic) is not None:
        stage = Stage("dynamic", learned, data, recipe.run.seed)
        real, synthetic = stage.lengths(recipe.memory.frames_of(data.frames))
        frames = synthetic if recipe.needs_experts else real
        yield _Asked("dynamic", learned.network, learned.width, learned.stem, frames)
    yield _Asked("evaluation", scored.architecture, scored.width, scored.stem, data.frames)


def _learned(recipe: Any, classes: int) -> Iterator[tuple[int, str, str]]:
    """Yield (bytes, what takes them, what to lower) of what is learned or chosen; a full set chooses nothing."""
    if recipe.method == "full":
        return
    slots = recipe.memory.videos_per_class
    labels = label_bytes(classes, slots) if learns_labels(recipe) else 0
    kept = in_memory(recipe, classes, "float32") + labels
    copies = 1 if recipe.coreset is not None else _LEARNED
    yield copies * kept, "the distilled set", "memory.videos_per_class, data.frames or data.size"
    if recipe.needs_interpolator:
        weights = _LEARNED * interpolator_bytes(recipe)
        yield weights, "the interpolator", "interpolator.width or interpolator.depth"


def _taken(recipe: Any, classes: int) -> Callable[[_Asked], tuple[int, str, str]]:
    """Return a function that says of a network, as `_learned` does, what a step on one clip takes."""

    def taken(asked: _Asked) -> tuple[int, str, str]:
        def nbytes(width: int, stem: int) -> int:
            sizes = asked.frames, recipe.data.size
            network = models.create(asked.architecture, classes, *sizes, width, stem, recipe.run.precision)
            return first_order_bytes(network, 1)

        name = "architecture" if asked.section == "evaluation" else "network"
        what = f"a step of {asked.section}.{name}={asked.architecture} on one clip"
        stem = f", {asked.section}.stem" if asked.section != "static" and asked.stem > _BUILT else ""
        lower = f"{asked.section}.width{stem} or data.size"
        return _at(nbytes, asked.width, asked.stem), what, lower

    return taken


def _at_once(recipe: Any, classes: int) -> Iterator[tuple[int, str, str]]:
    """Yield, as `_learned` does, what an iteration of each stage takes at least, and the snapshots of an expert."""
    if recipe.needs_interpolator:
        batch, data = recipe.interpolator.batch_size, recipe.data
        # Of what derivatives keep, an estimate of every backend, half is there in any case.
        kept = 2 * activations(recipe.interpolator.architecture(recipe.memory, data))
        clip = real_clip_bytes(data.frames, data.size, data.size) + kept
        lower = "interpolator.batch_size" if batch > 1 else "interpolator.width or interpolator.depth"
        yield batch * clip, "a step of the interpolator", lower
    for asked in _asked(recipe):
        name, sizes = asked.section, (asked.frames, recipe.data.size, asked.width, asked.stem)
        if name == "evaluation":
            continue
        network = models.outline(asked.architecture, classes, *sizes, recipe.run.precision)
        settings, method = getattr(recipe, name), recipe.loss_of(name)

        def held(settings: Any, name=name, method=method, network=network) -> int:
            # An estimate counts what is read as bytes and as float32 too, five times; a fifth is there in any case.
            cost = method.cost(settings, network, *amounts(name, recipe, classes))
            return cost.held // raw_and_normalised(1)

        numbers = [key for key, value in settings if isinstance(value, int) and not isinstance(value, bool)]
        lower = min(numbers, key=lambda key: held(settings.model_copy(update={key: 1})))
        yield held(settings), f"an iteration of {name}", f"{name}.{lower}"
        if name == "dynamic" and recipe.needs_experts:
            epochs = recipe.expert_epochs
            lower = "experts.epochs or what is read of them"
            yield (epochs + 1) * weight_bytes(network), f"the {epochs} epochs of an expert", lower


def _at(value: Callable[[int, int], int], width: int, stem: int) -> int:
    """Return what a polynomial of second degree is at a width and a stem, from its values at small ones."""
    if max(width, stem) <= _BUILT:
        return value(width, stem)
    low, x, y = _STEP, (width - _STEP) / _STEP, (stem - _STEP) / _STEP
    at = {(i, j): value(low + i * _STEP, low + j * _STEP) for i, j in _POINTS}
    along, up = at[1, 0] - at[0, 0], at[0, 1] - at[0, 0]
    bent = at[2, 0] - 2 * at[1, 0] + at[0, 0], at[0, 2] - 2 * at[0, 1] + at[0, 0]
    both = at[1, 1] - at[1, 0] - at[0, 1] + at[0, 0]
    straight = at[0, 0] + x * along + y * up + x * y * both
    return int(straight + x * (x - 1) / 2 * bent[0] + y * (y - 1) / 2 * bent[1])


_POINTS = ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (1, 1))


def _check_memory(recipe: Any, needs: list[tuple[int, str, str]]) -> None:
    needed, there = sum(nbytes for nbytes, *_ in needs), total_bytes()
    if there is None or needed <= there:
        return
    largest, what, lower = max(needs)
    raise VddError(
        f"recipe {recipe.name} needs at least {_in_words(needed)} of memory, and {device_in_use()} has "
        f"{_in_words(there)}: {_in_words(largest)} are for {what}; lower {lower}"
    )


def _in_words(nbytes: int) -> str:
    return bytes_in_words(nbytes) if nbytes < 10**13 else f"{nbytes / 1e12:,.0f} TB"

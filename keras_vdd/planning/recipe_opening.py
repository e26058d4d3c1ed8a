"""The comment that a whole recipe opens with: what it is, needs, makes and costs, told by its settings.

Bytes are exact for the classes of the set; the paper's figure is there where the settings are the paper's.
"""

import shlex
import textwrap
from collections.abc import Sequence
from pathlib import Path

from keras_vdd.data.decoding.cut import Cut
from keras_vdd.data.sources import SOURCES
from keras_vdd.data.store.size import bytes_in_words
from keras_vdd.methods import METHODS
from keras_vdd.planning.extent import extent_of
from keras_vdd.planning.paper_figures import figure_of
from keras_vdd.planning.stored_bytes import expert_bytes, learns_labels, shapes, stored
from keras_vdd.recipe import compose, layers
from keras_vdd.recipe.load import load_recipe
from keras_vdd.recipe.names import known
from keras_vdd.recipe.schema import Recipe
from keras_vdd.text import counted

WIDTH = 110


def opening(recipe: Recipe, source: str | Path, run_as: str | Path, overrides: Sequence[str] = ()) -> str:
    """Return lines of comment that a recipe with every setting opens with.

    Args:
        recipe: `Recipe`.
        source: name or path that it was loaded from.
        run_as: name or path that the command it gives runs.
        overrides: `KEY=VALUE` texts that the command gives too.
    """
    extent = extent_of(recipe.data.model_copy(update={"root": None}))
    data, name = recipe.data.set, str(source)
    about = layers.about_set(data) if data in layers.names_in("sets") else None
    root = [f"data.root={about.root if about else data}"] if recipe.data.root is None else []
    root = [] if about and about.root is None else root
    # What was measured or noted of a recipe of the package holds while its settings are those it has there.
    as_it_is = name in known() and _told_of(recipe) == _told_of(load_recipe(name))
    command = shlex.join(["vdd", "distill", "--recipe", str(run_as), *overrides, *root])
    lines = {
        "Needs": about.needs if about else f"the videos of {data}, as distributed.",
        "Command": command,
        "Result": f"{_result(recipe, extent.classes)}. {_paper(recipe)}".strip(),
    }
    if as_it_is:
        lines |= {word: f"{text}." for word, text in compose.notes(name).items()}
    lines["Cost"] = _cost(recipe, extent, about.time if about and as_it_is else None)
    title = f"{_what(recipe, about)}." + (f" {about.detail}" if about and about.detail else "")
    told = [_filled("# ", title), "#\n", *(_filled(f"# {word:<8} ", text) for word, text in lines.items())]
    return "".join(told)


def _told_of(recipe):
    return recipe.model_dump(exclude={"name": True, "run": True, "data": {"root"}})


def _filled(first, text):
    indent = "#" + " " * (len(first) - 1)
    options = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=indent, **options) + "\n"


def _how(method):
    """How a loss learns or a coreset chooses, in the words of the method of that name."""
    about = layers.about_method(method) if method in layers.names_in("methods") else None
    if about and about.by:
        return about.by
    return METHODS.get(method).title if method in METHODS else method


def _what(recipe, about):
    memory, dynamic = recipe.memory, recipe.dynamic
    title, count = about.title if about else recipe.data.set, memory.videos_per_class
    if recipe.method == "full":
        return f"{title}, all training videos: what a classifier that sees them reaches, the ceiling of every table"
    if recipe.coreset is not None:
        return f"{title}, {counted(count, 'real clip')} per class {_how(recipe.coreset.method)}"
    if dynamic is None:
        shown = "an unmoving video" if memory.statics_per_class == 1 else "unmoving videos"
        stills = counted(memory.statics_per_class, "still")
        return f"{title}, {stills} per class by gradient matching (DC), shown as {shown}"
    stills = "real stills" if recipe.static is None else "stills by gradient matching (DC)"
    labels = learns_labels(recipe)
    learned = recipe.memory_kind.what_is_learned(stills, labels)
    return f"{title}, {counted(count, 'video')} per class: {learned} by {_how(dynamic.loss)}"


def _result(recipe, classes):
    if recipe.method == "full":
        return "a table with the row of a classifier trained on it; no set is exported"
    memory, nbytes, found = recipe.memory_kind, stored(recipe, classes), shapes(recipe, classes)
    items = [
        counted(one.count_in(found) // classes, "real clip" if recipe.coreset else one.noun)
        for one in memory.items
    ]
    parts = f"{' and '.join(items)} a class"
    parts += f", {counted(found[memory.shared_noun][0], memory.shared_noun)}" if memory.shared else ""
    if among := nbytes.get("interpolator among them"):
        parts += f", an interpolator of {among:,} bytes"
    parts += ", a row of labels each video" if learns_labels(recipe) else ""
    if (wide := nbytes.get("distilled, were it float32")) is not None:
        parts += f"; as float32 {wide:,}"
    total, dtype = nbytes["distilled"], nbytes["dtype"]
    if (most := nbytes.get("distilled, at most", total)) != total:
        parts += f" at the start; at most {most:,} bytes, as frames become key frames"
    return f"a distilled set of {total:,} bytes in {dtype} for {classes} classes ({parts})"


def _paper(recipe):
    figure = figure_of(recipe)
    if figure is not None:
        return f"The paper reports {figure}{f' at {figure.storage}' if figure.storage else ''}."
    return "The paper has no figure for these settings." if _is_published(recipe) else ""


def _is_published(recipe):
    """Whether the set has a size that is known without its files."""
    return SOURCES.get(recipe.data.set).size is not None


def _cost(recipe, extent, time):
    data, dynamic = recipe.data, recipe.dynamic
    cut = f"{data.frames} frames of each video at {data.size}" if data.part == "middle" else f"at {data.size}"
    if data.set == "folder":
        cost = [f"a store of {Cut.of(data).frame_bytes():,} bytes for each frame of your videos"]
    else:
        about = f"about {bytes_in_words(extent.store_bytes)}"
        cost = [f"a store of {about} ({cut} pixels), which the recipes of the set share"]
    if recipe.needs_experts and recipe.experts.source is not None:
        cost.append(
            f"{counted(recipe.experts.count, 'published expert')}, taken from {recipe.experts.source}"
        )
    elif recipe.needs_experts:
        nbytes = expert_bytes(recipe, extent.classes)
        size = "" if nbytes is None else f"{bytes_in_words(nbytes)} of "
        cost.append(f"{size}experts, which recipes that need the same ones share")
    if recipe.needs_interpolator:
        cost.append("an interpolator, which recipes that need the same one share")
    if recipe.method in ("herding", "k-center"):
        cost.append(f"{counted(recipe.coreset.feature_epochs, 'epoch')} of a network on the real videos")
    if (per_class := getattr(dynamic, "real_per_class", None)) is not None:
        cost.append(f"{extent.classes * per_class:,} real clips at an iteration of stage 2")
    if time is not None:
        cost.append(time)
    elif _is_published(recipe):
        cost.append("a GPU to score it" if recipe.coreset is not None else "a GPU")
    return f"{'; '.join(cost)}. `--dry-run` estimates memory and time for this machine."

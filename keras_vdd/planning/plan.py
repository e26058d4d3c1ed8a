"""What a recipe will make and cost, before anything is made: `vdd distill --dry-run`."""

from typing import Any

import keras

from keras_vdd.backend import device_in_use
from keras_vdd.evaluation.baselines import BASELINES, Beside
from keras_vdd.evaluation.protocol import protocol_of
from keras_vdd.memory import pairing
from keras_vdd.models.footprint import total_bytes
from keras_vdd.placement import on_its_device
from keras_vdd.planning import stage_costs
from keras_vdd.planning.beforehand import check_beforehand
from keras_vdd.planning.extent import extent_of
from keras_vdd.planning.interpolator import interpolator_stage
from keras_vdd.planning.paper_figures import figure_of
from keras_vdd.planning.stage_costs import Networks
from keras_vdd.planning.stored_bytes import counts, in_memory, shapes, stored
from keras_vdd.planning.timing import duration_in_words, measured_by, warn_of_days
from keras_vdd.recipe.load import load_recipe


def plan(recipe: Any, **settings: Any) -> dict[str, Any]:
    """Say what a recipe will make and cost, before anything is made.

    Works without the videos, unless `data.root` is given: then its files are listed. Time is measured on
    a clip or two on the active backend, on a processor by processor seconds, which do not depend on what else it does,
    and scaled; a day or more is a warning. `operations`, those of floating-point numbers in convolutions and
    dense layers, say what it would be elsewhere; memory is that of the arrays and of the activations that
    derivatives need. Both are estimates, bytes of what is distilled are exact.

    Args:
        recipe: a `Recipe`, or what `keras_vdd.load_recipe` makes one of: a name, a path or a mapping.
        **settings: laid over the recipe, such as `**{"memory.videos_per_class": 5}`.

    Returns:
        dict: `recipe`, `method`, `title`, `classes`, `videos` that classifiers are trained on, `shapes` of the
        arrays, `bytes`, `the paper's result`, `store`, `estimates` (of each stage `parameters`, `bytes of memory`,
        `seconds`), `time, estimated` and `machine`.

    Raises:
        VddError, UsageError: the videos under `data.root` are not as the recipe says, or the network of stage 2 does
            not take the clips that it is to compare.

    Example:
        >>> keras_vdd.plan("dm-ucf101")["bytes"]["distilled"]
    """
    recipe = load_recipe(recipe, **settings)
    with on_its_device(recipe):
        return _plan(recipe)


def _plan(recipe):
    extent = extent_of(recipe.data)
    check_beforehand(recipe, extent.classes)
    nbytes, paper = stored(recipe, extent.classes), figure_of(recipe)
    estimates = _estimates(recipe, extent, nbytes.get("distilled"))
    seconds = sum(stage["seconds"] for stage in estimates.values())
    warn_of_days(seconds, estimates)
    return {
        "recipe": recipe.name,
        "method": recipe.method,
        "title": recipe.title,
        "classes": extent.classes,
        "videos": _videos(recipe, extent),
        "shapes": shapes(recipe, extent.classes),
        "bytes": {**nbytes, "the paper's storage": None if paper is None else paper.storage},
        "the paper's result": None if paper is None else str(paper),
        "store": {
            "train videos": extent.train,
            "test videos": extent.test,
            "bytes, estimated": extent.store_bytes,
            "told by": extent.source,
        },
        "estimates": estimates,
        "time, estimated": duration_in_words(seconds),
        "machine": {
            "backend": keras.config.backend(),
            "device": str(device_in_use()),
            "bytes of memory": total_bytes(),
            "time is measured by": measured_by(),
        },
    }


def _videos(recipe, extent):
    """How many videos classifiers are trained on: every pair of memories gives one."""
    slots = recipe.memory.videos_per_class
    if recipe.method == "full":
        return extent.train
    statics, dynamics = pairing.memories_per_slot(slots, *counts(recipe, extent.classes))
    return extent.classes * slots * statics * max(1, dynamics)


def _estimates(recipe, extent, nbytes):
    networks, protocol = Networks(recipe, extent.classes), protocol_of(recipe)
    about, found = (recipe, extent, networks), {}
    if recipe.static is not None:
        found["static"] = stage_costs.static_stage(*about)
    if recipe.needs_experts and recipe.experts.source is None:
        found["experts"] = stage_costs.expert_training(*about)
    if recipe.needs_interpolator:
        found["interpolator"] = interpolator_stage(recipe, extent)
    if recipe.dynamic is not None:
        memory = in_memory(recipe, extent.classes, "float32", grown=True)
        found["dynamic"] = stage_costs.dynamic_stage(*about, memory)
    if recipe.method in ("herding", "k-center"):
        found["choice"] = stage_costs.feature_network(*about)
    row = _row("full" if recipe.method == "full" else "set", recipe, extent, nbytes)
    found["evaluation of the set"] = stage_costs.scoring(*about, [row], protocol)
    beside = [row for name in recipe.evaluation.compare if (row := _row(name, recipe, extent, nbytes))[0]]
    if beside:
        found["evaluation of the rows beside it"] = stage_costs.scoring(*about, beside, protocol)
    return found


def _row(name, recipe, extent, nbytes):
    """A row as `stage_costs.scoring` takes it: the set's own, or one of `evaluation.compare`."""
    if name == "set":
        return _videos(recipe, extent), recipe.data.frames, None
    # As even as they can be; only the files would tell.
    low, more = divmod(extent.train, extent.classes)
    sizes = [low + (label < more) for label in range(extent.classes)]
    amount = BASELINES.get(name).amount(Beside(recipe, sizes, nbytes or 0))
    return amount.videos, amount.frames, amount.epochs

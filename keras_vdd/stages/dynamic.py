"""Stage 2, dynamic fine-tuning: motion and integrators, or any other memory, by a matching loss on videos."""

from keras_vdd.errors import VddError
from keras_vdd.experts.engine import learn_experts
from keras_vdd.memory import MEMORIES
from keras_vdd.sealed import read_json, write_json
from keras_vdd.seeds import stream
from keras_vdd.stages.learn import finish, finished, learn
from keras_vdd.stages.start import Start


def learn_videos(recipe, stores, static, run, progress, callbacks=(), expert_callbacks=(), interpolator=None):
    """Learn the memory that the recipe asks for by a matching loss on videos.

    "Dancing with Still Images" (CVPR 2024), section 4 and Algorithm 1: the static memory is frozen, the
    dynamic memory starts from N(0, 1).

    Args:
        recipe: `Recipe` with a dynamic stage.
        stores: dict of `Store`, "train" and "test"; experts are tested on the latter, nothing else is.
        static: float32 (classes, SPC, size, size, 3) from stage 1; None for a memory without stills.
        run: `RunFolder`.
        progress: `keras_vdd.progress.Progress`.
        callbacks: Keras callbacks, told of stage 2 as `fit_stage` says.
        expert_callbacks: those that are told of experts, as `train_experts` says.
        interpolator: `keras_vdd.temporal.Interpolator`, where the recipe needs one.

    Returns:
        (arrays, facts): arrays as `DistilledSet` names them, `labels` among them where they were learned;
        `label_kind` and the learned `step_size`, where there are any.
    """
    if (done := finished(run, "dynamic")) is not None:
        arrays, facts = done
        return arrays, facts.get("results", {})
    store = stores["train"]
    bank = learn_experts(recipe, stores, progress, expert_callbacks) if recipe.needs_experts else None
    if bank is not None and recipe.experts.source is not None:
        _goes_on_with(bank, recipe.experts.source, run)
    memory = start_memory(recipe, store, static)
    if interpolator is not None:
        memory.interpolator = interpolator
    arrays, facts, iterations = learn(recipe, "dynamic", memory, store, run, progress, bank, callbacks)
    finish(run, "dynamic", arrays, iterations=iterations, results=facts)
    return arrays, facts


def _goes_on_with(bank, source, run):
    """See to it that a run whose experts are somebody else's ends with those that it began with."""
    path, found = run.stage("dynamic") / "experts.json", bank.checksums()
    if not path.exists():
        write_json(path, found, run.run_id, indent=0)
        return
    try:
        begun = read_json(path, run.run_id)
    except ValueError:
        raise VddError(
            f"'{path}' is damaged: delete it if {source} still holds the experts that the run was begun with, else "
            "give another run.name."
        ) from None
    changed = sorted(name for name in begun.keys() | found.keys() if begun.get(name) != found.get(name))
    if changed:
        raise VddError(
            f"'{run.path}' was begun with other experts than {source} holds now ({changed[0]} differs): put them back "
            "as they were, or give another run.name. A commit or a tag of a repository (@v1) always means the same."
        )


def start_memory(recipe, store, static):
    """The memory of a recipe, as layers, holding what learning starts from."""
    settings, data, classes = recipe.memory, recipe.data, len(store.class_names)
    memory = MEMORIES.get(settings.kind).layer(settings, classes, data.frames, data.size)
    memory.quantise = recipe.learned_as
    memory.start(settings, Start(data, store, static, stream(recipe.run.seed, "dynamic", "start")))
    return memory

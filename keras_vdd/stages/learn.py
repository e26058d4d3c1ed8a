"""How every stage learns: a memory, by the method of the stage, into the stage's folder."""

import contextlib

from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import ArraysFile, Checkpoints, load_arrays, save_arrays
from keras_vdd.learning.fit import fit_stage
from keras_vdd.learning.stage import Stage

# Those that learn, in their order, and the file that each leaves in its folder.
STAGES, RESULT = ("static", "dynamic"), "memory.safetensors"


def objective_of(recipe, name, store, memory, bank=None):
    """What the stage "static" or "dynamic" of a recipe minimises; stage 1 looks at stills.

    Arguments as `learn` takes them. Returns a `keras_vdd.learning.stage_objective.StageObjective`.
    """
    settings, run = getattr(recipe, name), recipe.run
    stage = Stage(name, settings, recipe.data, run.seed, run.precision, stills=name == "static")
    return recipe.loss_of(name).objective(stage, store, memory, bank)


def learn(recipe, name, memory, store, run, progress, bank=None, callbacks=()):
    """Learn a memory by the loss of a stage.

    Args:
        recipe: `Recipe` with that stage.
        name: "static" or "dynamic".
        memory: layer of `keras_vdd.memory` that holds its start; it holds the end afterwards.
        store: the training `Store`.
        run: `RunFolder`.
        progress: `keras_vdd.progress.Progress`.
        bank: `ExpertBank`, where the method reads experts.
        callbacks: Keras callbacks, as `fit_stage` tells them.

    Returns:
        (arrays, facts, iterations): arrays as `DistilledSet` names them, `labels` among them where they were
        learned; facts such as `label_kind` and the learned `step_size`; int, how many iterations it took.
    """
    settings, method = getattr(recipe, name), recipe.loss_of(name)
    objective = objective_of(recipe, name, store, memory, bank)
    condenser = objective.condenser()
    losses = fit_stage(
        name, condenser, objective.make_batch, settings.iterations, run,
        rates=" or ".join(objective.lr_settings), lighter=lambda: objective.lighter,
        checkpoint_every=recipe.run.checkpoint_every,
        patience=getattr(settings, "patience", 0), tolerance=getattr(settings, "tolerance", 0.0),
        progress=progress, title=f"{name.capitalize()} learning ({method.title})", callbacks=callbacks,
    )  # fmt: skip
    more, facts = objective.results(condenser)
    if "labels" in more:
        facts = {**facts, "label_kind": method.label_kind}
    return {**memory.arrays(), **more}, facts, len(losses)


def result_of(name):
    """What a file of arrays says it is that has the result of a stage."""
    return f"result of {name}"


def finished(run, name):
    """(arrays, facts) that `finish` kept for a stage of a `RunFolder`; None where it is not done."""
    path = run.stage(name) / RESULT
    return load_arrays(path, run.run_id, result_of(name)) if path.exists() else None


def finish(run, name, arrays, **facts):
    """Keep what a stage made, and its lines of the log; its checkpoints have served."""
    # A stage whose result was lost is done again after those behind it.
    run.log.in_order(STAGES)
    facts = {**facts, "log": run.log.records(name)}
    save_arrays(run.stage(name) / RESULT, arrays, run_id=run.run_id, what=result_of(name), **facts)
    Checkpoints(run.stage(name)).remove()


def restore_log(run):
    """Write lines of the log again that finished stages have kept and that it has no longer as they were."""
    for name in STAGES:
        path = run.path / name / RESULT
        # A result that is damaged is told where it is needed.
        with (
            contextlib.suppress(VddError, FileNotFoundError),
            ArraysFile(path, run.run_id, result_of(name)) as file,
        ):
            run.log.restore(name, file.facts.get("log"), done=True)

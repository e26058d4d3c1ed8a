"""How every stage learns: a memory, by the method of the stage, into the stage's folder."""

from keras_vdd.learning.checkpoint import load_arrays, save_arrays
from keras_vdd.learning.fit import fit_stage
from keras_vdd.learning.stage import Stage


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
        rates=" or ".join(objective.lr_settings), lighter=objective.lighter,
        checkpoint_every=recipe.run.checkpoint_every,
        patience=getattr(settings, "patience", 0), tolerance=getattr(settings, "tolerance", 0.0),
        progress=progress, title=f"{name.capitalize()} learning ({method.title})", callbacks=callbacks,
    )  # fmt: skip
    more, facts = objective.results(condenser)
    if "labels" in more:
        facts = {**facts, "label_kind": method.label_kind}
    return {**memory.arrays(), **more}, facts, len(losses)


def finished(run, name):
    """(arrays, facts) that `finish` kept for a stage of a `RunFolder`; None where it is not done."""
    path = run.stage(name) / "memory.safetensors"
    return load_arrays(path) if path.exists() else None


def finish(run, name, arrays, **facts):
    """Keep what a stage made; its checkpoint has served."""
    folder = run.stage(name)
    save_arrays(folder / "memory.safetensors", arrays, **facts)
    (folder / "checkpoint.safetensors").unlink(missing_ok=True)

"""The interpolator of a run: trained or found where it is first needed, and kept in the run folder from then on."""

from keras_vdd.errors import VddError
from keras_vdd.files import write_atomically
from keras_vdd.interpolators.engine import FILE, learn_interpolator, read


def interpolator_of(recipe, stores, run, progress, callbacks=()):
    """Return the `keras_vdd.temporal.Interpolator` of a run; None where its recipe needs none.

    A run goes on with the one it was begun with, whatever became of the shared folder.

    Args:
        recipe: `Recipe`.
        stores: dict of `Store`, "train" and "test".
        run: `RunFolder`.
        progress: `keras_vdd.progress.Progress`.
        callbacks: Keras callbacks, told of its training.

    Raises:
        VddError: the run's own copy is damaged, or as `learn_interpolator` says.
    """
    if not recipe.needs_interpolator:
        return None
    kept = run.path / FILE
    if not kept.exists():
        with run.times.of("interpolator"):
            trained = learn_interpolator(recipe, stores, progress, callbacks)
            write_atomically(kept, trained.path.read_bytes())
    try:
        return read(kept).interpolator
    except VddError as error:
        raise VddError(
            f"The interpolator that the run was begun with, '{kept}', is damaged: delete the run folder, or give "
            "another run.name."
        ) from error

"""What stage 2 minimises: one file a matching loss, its batches and its optimizer.

Besides what `keras_vdd.learning.objective.Objective` says, each has

- `extras`, `constraints`: what it learns besides the memory, as `Condenser` takes them;
- `make_batch(iteration)`: a batch that depends on the recipe and the iteration alone;
- `to_lower`: names of settings that may be too large where learning diverges;
- `optimizer()`: a new optimizer with the recipe's learning rates;
- `results(condenser) -> (arrays, facts)`: what else a `DistilledSet` gets: learned labels, the step size.

Another loss is another file and another line here.
"""

from keras_vdd.methods.class_matching import ClassMatching
from keras_vdd.methods.frepo.objective import RidgeRegression
from keras_vdd.methods.mtt.objective import TrajectoryMatching

OBJECTIVES = {"dm": ClassMatching, "dc": ClassMatching, "mtt": TrajectoryMatching, "frepo": RidgeRegression}

__all__ = ["OBJECTIVES", "create"]


def create(recipe, store, memory, bank=None):
    """Make the objective of a recipe's `dynamic.loss`.

    Args:
        recipe: `Recipe` with a dynamic stage.
        store: the training `Store`.
        memory: the layer that is learned, holding its start.
        bank: `ExpertBank`, where the recipe needs experts.
    """
    return OBJECTIVES[recipe.dynamic.loss](recipe, store, memory, bank)

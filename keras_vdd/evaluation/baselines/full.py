"""The whole training set, a clip of each video cut anew at every visit: the ceiling of a table."""

from keras_vdd.evaluation.baselines.baseline import Amount, Baseline
from keras_vdd.evaluation.training_sets import StoreVideos
from keras_vdd.text import counted


class Full(Baseline):
    name, title = "full", "full set"

    def refusal(self, recipe):
        if recipe.coreset and recipe.coreset.method == "full":
            return "which coreset.method=full is itself; drop that row"
        return ""

    def amount(self, beside):
        epochs = beside.recipe.evaluation.full_epochs
        nbytes = 0 if beside.store is None else real_bytes(beside.store)
        return Amount(sum(beside.class_sizes), nbytes, None, 0, epochs, counted(epochs, "epoch"))

    def training(self, beside, number):
        data = beside.recipe.data
        return StoreVideos(beside.store, data.frames, data.interval, *beside.scale)


def real_bytes(store):
    """Return the bytes of all frames of a store at its size, one byte a value."""
    return int(store.lengths.astype("int64").sum()) * store.size * store.size * 3


BASELINE = Full()

"""Rows of random real clips or stills, at equal count or at equal bytes."""

from keras_vdd.evaluation.baselines.baseline import Amount, Baseline
from keras_vdd.evaluation.real_samples import at_equal_bytes, at_equal_count
from keras_vdd.seeds import stream


class RealRow(Baseline):
    """Random real clips, or stills shown as unmoving videos; drawn anew for each network.

    Args:
        kind: "clips" or "stills".
        equal: what there is as much of as of the set: "count" (of videos of a class) or "bytes".
    """

    def __init__(self, kind, equal):
        self.kind, self.equal = kind, equal
        self.name = f"random-{kind}" + "-equal-bytes" * (equal == "bytes")
        self.title = f"random {kind}" + ", equal bytes" * (equal == "bytes")
        self.of_storage = equal == "bytes"

    def refusal(self, recipe):
        method = recipe.coreset and recipe.coreset.method
        if self.equal == "bytes" and method == "full":
            return "and coreset.method=full stores no bytes; drop that row"
        if self.name == f"{method}-clips":
            return f"which coreset.method={method} is itself; drop that row"
        return ""

    def amount(self, beside):
        sample = self._sample(beside)
        frames = 1 if self.kind == "stills" else beside.recipe.data.frames
        return Amount(sample.count, sample.bytes, sample.per_class, frames, note=sample.note)

    def training(self, beside, number):
        recipe, data = beside.recipe, beside.recipe.data
        rng = stream(recipe.run.seed, "baseline", self.name, number)
        return self._sample(beside).draw(beside.store, data.frames, data.interval, *beside.scale, rng)

    def _sample(self, beside):
        recipe, cut = beside.recipe, (beside.recipe.data.frames, beside.recipe.data.size)
        if self.equal == "bytes":
            return at_equal_bytes(self.kind, beside.nbytes, beside.class_sizes, *cut)
        return at_equal_count(self.kind, recipe.memory.videos_per_class, beside.class_sizes, *cut)

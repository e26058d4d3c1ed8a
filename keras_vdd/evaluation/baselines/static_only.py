"""The set's own stills, shown as unmoving videos: what motion adds is the difference to this row."""

from keras_vdd.distilled.budget import memory_bytes
from keras_vdd.evaluation.baselines.baseline import Amount, Baseline
from keras_vdd.evaluation.training_sets import FixedVideos
from keras_vdd.memory import MEMORIES


class StaticOnly(Baseline):
    name, title, of_storage = "static-only", "static memory alone", True

    def refusal(self, recipe):
        return (
            "" if recipe.memory_kind.keeps_stills else f"which is no row for memory.kind={recipe.memory.kind}"
        )

    def amount(self, beside):
        recipe, classes = beside.recipe, len(beside.class_sizes)
        stills = recipe.memory.statics_per_class
        alone = MEMORIES.get("still").settings(statics_per_class=stills)
        nbytes = memory_bytes(alone, classes, recipe.data.frames, recipe.data.size, recipe.export.dtype)
        return Amount(classes * stills, nbytes, stills, recipe.data.frames)

    def training(self, beside, number):
        from keras_vdd.distilled.distilled_set import DistilledSet

        classes, stills = beside.static.shape[:2]
        names = [str(label) for label in range(classes)]
        made = DistilledSet(
            "still", names, beside.recipe.data.frames, *beside.scale, stills, static=beside.static
        )
        pairs = made.pairs()
        return FixedVideos(made.reconstruct(pairs), made.labels_of(pairs))


BASELINE = StaticOnly()

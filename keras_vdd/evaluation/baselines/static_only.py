"""The set's own stills, shown as unmoving videos: what motion adds is the difference to this row."""

from keras_vdd.evaluation.baselines.baseline import Amount, Baseline
from keras_vdd.evaluation.training_sets import FixedVideos
from keras_vdd.memory.budget import memory_bytes


class StaticOnly(Baseline):
    name, title = "static-only", "static memory alone"

    def refusal(self, recipe):
        kind = recipe.memory.kind
        return "" if kind == "static-dynamic" else f"which is no row for memory.kind={kind}"

    def amount(self, beside):
        data, stills, classes = (
            beside.recipe.data,
            beside.recipe.memory.statics_per_class,
            len(beside.class_sizes),
        )
        nbytes = memory_bytes(
            "still",
            classes,
            0,
            stills,
            0,
            data.frames,
            data.size,
            data.size,
            dtype=beside.recipe.export.dtype,
        )
        return Amount(classes * stills, nbytes, stills, data.frames)

    def training(self, beside, number):
        from keras_vdd.memory.distilled_set import DistilledSet

        classes, stills = beside.static.shape[:2]
        names = [str(label) for label in range(classes)]
        made = DistilledSet(
            "still", names, beside.recipe.data.frames, *beside.scale, stills, static=beside.static
        )
        pairs = made.pairs()
        return FixedVideos(made.reconstruct(pairs), made.labels_of(pairs))


BASELINE = StaticOnly()

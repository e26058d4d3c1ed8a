"""What the card says of storage types, motion stored small, learned labels and real videos; often nothing."""

from keras_vdd.published.storage import scale_column
from keras_vdd.storage.storage_types import STORAGE_TYPES
from keras_vdd.temporal import INTERPOLATIONS, LEARNED

LABELS = {
    "probabilities": "probabilities of the {classes} classes. Train on them with "
    "`data.as_pydataset(..., soft=True)` and `keras.losses.CategoricalCrossentropy(from_logits=True)`.",
    "regression": "{classes} targets of a mean squared error, no probabilities. Train on them with "
    "`data.as_pydataset(..., soft=True)` and `keras.losses.MeanSquaredError()`.",
}


def columns(distilled, dtype, memory):
    """Return how stored columns become values: sentences after a space, or "" where they are values.

    Args:
        distilled: `DistilledSet`.
        dtype: storage type of the memories.
        memory: `keras_vdd.memory.Memory` of the set.
    """
    notes, names = [], memory.columns
    if meaning := STORAGE_TYPES[dtype].meaning:
        stored = " and ".join(f"`{name}`" for name in names)
        scales = " and ".join(f"`{scale_column(name)}`" for name in names)
        meaning = meaning.format(item=" and ".join(items.noun for items in memory.items), columns=scales)
        notes.append(
            f"{stored} {'is' if names == (memory.items[0].noun,) else 'are'} stored as {dtype}: {meaning}."
        )
    for items in memory.items:
        shape, whole = items.shape_in(distilled.arrays), items.whole(distilled.frames, *distilled.size)
        if items.enlarged_before is not None and shape != whole:
            small, large = (_sides(items.published(sides)) for sides in (shape, whole))
            rule, stored = (
                "linear with half-pixel centres, edges held",
                f"`{items.column}` is stored at {small}",
            )
            if distilled.interpolation == LEARNED:
                rule = (
                    f"pixels {rule}; frames by a video transformer trained on real clips, "
                    f"{distilled.interpolator.nbytes:,} bytes in each row's `integrator`"
                )
            elif distilled.interpolation != "half-pixel":
                rule = f"of frames: {INTERPOLATIONS[distilled.interpolation]}; of pixels: {rule}"
            notes.append(f"{stored} and interpolated to {large} before {items.enlarged_before} ({rule}).")
    return "".join(f" {note}" for note in notes)


def labels(distilled):
    """Return the paragraph on learned labels, after an empty line; "" where there are none."""
    if distilled.labels is None:
        return ""
    meaning = LABELS[distilled.label_kind].format(classes=distilled.classes)
    return f"\n\nEach video slot has a learned label, `soft_label`: {meaning}"


def coreset(distilled):
    """Return how real videos were chosen, as a coreset's provenance says, or None for learned ones."""
    return distilled.provenance.get("coreset")


def _sides(shape):
    return " x ".join(str(side) for side in shape)

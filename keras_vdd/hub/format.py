"""Format 1 of a published distilled set: names, columns and what a row says of itself.

A folder holds `README.md` (the card), `data/*.vdd.vdd.parquet` (the memories), `preview.png`,
`recipe.yaml` and `provenance.json`. A row of the parquet files is one video slot of one class with all
its own memories, so that nothing is stored twice, in feature types that every reader knows:

    label       class label, with the class names
    class_name  string
    slot        int32, the slot in its class
    statics     (SPC/VPC, H, W, 3)    of "static-dynamic" and "still"
    dynamics    (DPC/VPC, T, H, W)    of "static-dynamic"; the trailing 1 is left out; fewer frames and
                                      pixels where the config has a `dynamic_shape`
    video       (T, H, W, 3)          of "full-video"
    statics_scale, dynamics_scale, video_scale
                list of float32       of memories stored as int8, one a still, motion clip or video
    soft_label  list of C float32     where labels were learned
    integrator  {format_version: int32, config: string (JSON), weights: binary (safetensors)}
    preview     PNG image

The `config` of a row tells all that is needed to make its videos, so one row alone is enough. The
integrator sits in a struct because a top-level binary column loses trailing zero bytes in the numpy
and torch formats of `datasets`.
"""

import json
from dataclasses import asdict, dataclass

import numpy as np

from keras_vdd.errors import VddError

FORMAT_VERSION = 1
SUFFIX = ".vdd.vdd.parquet"
"""Twice: `datasets` counts suffixes to choose a reader, and skips those it does not know."""
DATA_FOLDER = "data"
CARD = "README.md"
RECIPE = "recipe.yaml"
PROVENANCE = "provenance.json"
PREVIEW = "preview.png"
SIDE_FILES = (CARD, RECIPE, PROVENANCE, PREVIEW)
METADATA_KEY = b"keras_vdd"
ROWS_A_FILE = 10
MEMORY_COLUMNS = {
    "static-dynamic": ("statics", "dynamics"),
    "still": ("statics",),
    "full-video": ("video",),
}


@dataclass(frozen=True)
class RowConfig:
    """What the `config` of a row says; equal in all rows that share an integrator.

    Attributes:
        kind: kind of memory.
        classes, videos_per_class, statics_per_class, dynamics_per_class: counts of the whole set.
        frames, height, width: of a video.
        mean, std: normalisation, 3 numbers each, of pixels scaled to 0..1.
        dtype: type of the stored memories.
        integrators, integrator: how many there are, and which one this row carries (0 and 0 if none).
        layer: how the integrator is computed, in words.
        dynamic_shape: (frames, height, width) of stored motion; None where it is that of the videos.
        label_kind: what learned labels are; None where there are none, and in rows older than the field.
    """

    kind: str
    classes: int
    videos_per_class: int
    statics_per_class: int
    dynamics_per_class: int
    frames: int
    height: int
    width: int
    mean: tuple
    std: tuple
    dtype: str
    integrators: int
    integrator: int
    layer: str
    dynamic_shape: tuple | None = None
    label_kind: str | None = None

    def to_json(self):
        """Return the JSON text, the same for the same values; what is None is left out."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(values, sort_keys=True)

    def shape_of(self, column):
        """Return the shape of one row's cell of a memory column."""
        if column == "video":
            return self.item_shape(column)
        return (self.items_of(column), *self.item_shape(column))

    def items_of(self, column):
        """Return how many memory items one row's cell of a memory column holds."""
        counts = {"statics": self.statics_per_class, "dynamics": self.dynamics_per_class}
        return counts.get(column, self.videos_per_class) // self.videos_per_class

    def item_shape(self, column):
        """Return the shape of one still, motion clip or video."""
        if column == "statics":
            return (self.height, self.width, 3)
        if column == "dynamics":
            return self.dynamic_shape or (self.frames, self.height, self.width)
        return (self.frames, self.height, self.width, 3)


LAYERS = {
    "static-dynamic": "conv3d(concat(repeat(static, frames), dynamic)), kernel (3, 3, 3, 4, 3), same, bias",
    "still": "repeat(static, frames)",
    "full-video": "video",
}
ENLARGED = "linear_resize(dynamic, half-pixel centres)"


def config_of(distilled, dtype, integrator=0):
    """Return the `RowConfig` of rows that use one integrator of a `DistilledSet`."""
    height, width = distilled.size
    layer, motion = LAYERS[distilled.kind], None
    if distilled.dynamic is not None and distilled.dynamic.shape[2:5] != (distilled.frames, height, width):
        layer, motion = layer.replace("dynamic", ENLARGED), distilled.dynamic.shape[2:5]
    return RowConfig(
        kind=distilled.kind,
        classes=distilled.classes,
        videos_per_class=distilled.videos_per_class,
        statics_per_class=distilled.statics_per_class,
        dynamics_per_class=distilled.dynamics_per_class,
        frames=distilled.frames,
        height=height,
        width=width,
        mean=distilled.mean,
        std=distilled.std,
        dtype=dtype,
        integrators=distilled.integrators,
        integrator=integrator,
        layer=layer,
        dynamic_shape=motion,
        label_kind=distilled.label_kind,
    )


def parse_config(text, version=FORMAT_VERSION):
    """Return the `RowConfig` that a row carries.

    Args:
        text: str, the row's `config`.
        version: int, the row's `format_version`.

    Raises:
        VddError: the row is of a newer format, or no distilled set's.
    """
    check_version(version)
    try:
        values = json.loads(text)
        for name in ("mean", "std", *(["dynamic_shape"] if "dynamic_shape" in values else [])):
            values[name] = tuple(values[name])
        return RowConfig(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise VddError(f"The row's integrator config is not that of a distilled set: {error}.") from error


def check_version(version):
    """Refuse a format newer than this package reads, and say what to install."""
    if int(version) > FORMAT_VERSION:
        raise VddError(
            f"The distilled set has format {int(version)} and this keras-vdd reads up to {FORMAT_VERSION}: "
            'run `pip install --upgrade keras-vdd`, or read the plain columns with load_dataset("parquet", '
            "data_files=...)."
        )


def pack_weights(kernel, bias):
    """Return the safetensors bytes of one integrator, the same for the same numbers."""
    import safetensors.numpy

    tensors = {"bias": np.ascontiguousarray(bias), "kernel": np.ascontiguousarray(kernel)}
    return safetensors.numpy.save(tensors, metadata={"format": "keras_vdd"})


def unpack_weights(weights):
    """Return (kernel, bias) of the safetensors bytes of one integrator."""
    import safetensors
    import safetensors.numpy

    try:
        tensors = safetensors.numpy.load(bytes(weights))
        return tensors["kernel"], tensors["bias"]
    except (safetensors.SafetensorError, KeyError) as error:
        raise VddError(f"The row's integrator weights are damaged: {error}.") from error

"""Format 2 of a published distilled set: names, columns and what a row says of itself.

A folder holds `README.md` (the card), `data/*.vdd.vdd.parquet` (the memories), `preview.webp`, `recipe.yaml`,
`provenance.json` and, where the set was scored, `results.json`. A row of the parquet files is one video slot of one
class with all its own memories, so that nothing is stored twice, in feature types that every reader knows:

    label       class label, with the class names
    class_name  string
    slot        int32, the slot in its class
    statics     (SPC/VPC, H, W, 3)    of "static-dynamic" and "still"
    dynamics    (DPC/VPC, T, H, W)    of "static-dynamic"; the trailing 1 is left out; fewer frames and
                                      pixels where the config has a `dynamic_shape`
    video       (T, H, W, 3)          of "full-video"
    key_frames  (n, H, W, 3)          of "key-frames", as many as each video has
    positions   list of n int32       the frames of the video that they are, from 0 to T - 1
    statics_scale, dynamics_scale, video_scale, key_frames_scale
                list of float32       of memories stored as int8, one a still, motion clip, video or key frame
                (items, ceil(N/64)) float16  of memories stored as int4, one for each 64 of the N values of an item,
                                      whose columns are uint8 (items, ceil(N/2)): two levels a byte, each with 8
                                      added, the first in the lower four bits
    soft_label  list of C float32     where labels were learned
    integrator  {format_version: int32, config: string (JSON), weights: binary (safetensors)}; a set that has a trained
                interpolator of frames carries it there too
    digest      string, checksum of all of the above (`published.digest`)
    preview     animated WebP image

Another kind of memory has the columns that its `keras_vdd.memory.Memory` names in place of `statics`, `dynamics` and
`video`; `shapes` of the config tells of items that are not of the videos' size.

The `config` of a row tells all that is needed to make its videos, so one row alone is enough. The
integrator sits in a struct because a top-level binary column loses trailing zero bytes in the numpy
and torch formats of `datasets`.

Format 1, which is still read, had no digests, and checksums of whole exports only. Its readers stopped at keys of a
config that they did not know; since format 2 such keys are passed over, so that new ones need no new format.
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, fields

from keras_vdd.errors import VddError
from keras_vdd.files import checksum
from keras_vdd.memory.registry import MEMORIES
from keras_vdd.published.config_check import check_config
from keras_vdd.published.damage import Damage, told
from keras_vdd.published.row_weights import told_of
from keras_vdd.temporal import LEARNED

FORMAT_VERSION = 2
SUFFIX = ".vdd.vdd.parquet"
"""Twice: `datasets` counts suffixes to choose a reader, and skips those it does not know."""
FILE_NAME = re.compile(
    r"train-(?P<place>\d{5})-of-(?P<count>\d{5})-(?P<content>[0-9a-f]{12})(-(?P<file>[0-9a-f]{16}))?"
    + re.escape(SUFFIX)
)
"""`file`, the start of the sha256 of the file's bytes, is not in names of format 1."""
DATA_FOLDER = "data"
CARD = "README.md"
RECIPE = "recipe.yaml"
EXPERTS = "experts.json"
"""What a folder of experts has, which is no distilled set."""
PROVENANCE = "provenance.json"
RECIPE_SUM = "recipe_checksum"
"""Key of the `recipe_checksum` in `provenance.json`, which has one of its own."""
CONTENT = "content"
"""Key in `provenance.json` and `results.json` of the hash in the names of the data files that they are about."""
_PLACE = re.compile(r"^ +(root|annotations|store|dir|source|folder): .*\n", re.MULTILINE)
RESULTS = "results.json"
PREVIEW = "preview.webp"
SIDE_FILES = (CARD, RECIPE, PROVENANCE, RESULTS, PREVIEW)
FORMER_FILES = ("preview.png",)
"""Side files of version 0.1 that are no longer written."""
METADATA_KEY = b"keras_vdd"
ROWS_A_FILE = 10
MOTION = "dynamics"
"""The column whose items may be small by `dynamic_shape`, a field older than `shapes`."""
PAIRING = "every static of a slot with every dynamic of the same slot, in the order (static, dynamic)"
NORMALISATION = "(pixel / 255 - mean) / std, a mean and a std for each of red, green and blue"
ENLARGED = {
    "half-pixel": "linear_resize({}, half-pixel centres)",
    LEARNED: "interpolator({}), the TimeSformer of keras_vdd.temporal that `interpolator` and the weights tell",
}
ENLARGED_OTHERWISE = "resize({{}}, frames {}, pixels linear with half-pixel centres)"


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
        shapes: shape of an item in each other column whose items are not of the videos' size; None for none.
        pairing: which memories make a video together, in words; None in format 1.
        normalisation: what the numbers of a video are, in words; None in format 1.
        interpolation: how few stored frames become many, of `keras_vdd.temporal.INTERPOLATIONS`, or "parametric"; None
            where all are stored, and "half-pixel" in rows older than the field.
        interpolator: fields of the `keras_vdd.temporal.Architecture` of the network that does it, whose weights are
            among those of the row; None where there is none.
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
    shapes: dict | None = None
    pairing: str | None = None
    normalisation: str | None = None
    interpolation: str | None = None
    interpolator: dict | None = None

    def to_json(self):
        """Return the JSON text, the same for the same values; what is None is left out."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(values, sort_keys=True)

    @property
    def memory(self):
        """The `keras_vdd.memory.Memory` of the row."""
        return MEMORIES.get(self.kind)

    def items_of(self, column):
        """Return how many memory items one row's cell of a memory column holds; None where each row tells it."""
        items = self.memory.column(column)
        if items.moments is not None:
            return None
        if items.single:
            return 1
        counts = {"static": self.statics_per_class, "dynamic": self.dynamics_per_class}
        return counts[items.index] // self.videos_per_class

    def item_shape(self, column):
        """Return the shape of one item as the column stores it."""
        if column == MOTION and self.dynamic_shape is not None:
            return self.dynamic_shape
        if column in (self.shapes or {}):
            return self.shapes[column]
        items = self.memory.column(column)
        return items.published(items.whole(self.frames, self.height, self.width))


def recipe_checksum(text: str) -> str:
    """Return a checksum of the text of `recipe.yaml` but for the places that it names: of equal runs it is equal."""
    return checksum(_PLACE.sub("", text))


def file_name(place: int, count: int, content: str, file: str) -> str:
    """Return the name of a data file: number `place` of `count`, with the `content_hash` and its own hash."""
    return f"train-{place:05d}-of-{count:05d}-{content}-{file}{SUFFIX}"


def file_hash(sha256: str) -> str:
    """Return what a data file's name has of the hexadecimal sha256 of its bytes."""
    return sha256[:16]


def content_hash(files: Iterable[str]) -> str:
    """Return the hash of a whole export, of the `file_hash` of each of its files in order."""
    return hashlib.sha256("".join(files).encode()).hexdigest()[:12]


def data_glob(content: str) -> str:
    """Return the pattern of an export's data files, in a folder or repository."""
    return f"{DATA_FOLDER}/train-*-{content}*{SUFFIX}"


def config_of(distilled, dtype, integrator=0):
    """Return the `RowConfig` of rows that use one integrator of a `DistilledSet`."""
    memory, whole = distilled.memory, (distilled.frames, *distilled.size)
    layer, shapes, fewer_frames = memory.formula, {}, False
    for items in memory.items:
        shape = items.shape_in(distilled.arrays)
        if shape != items.whole(*whole):
            shapes[items.column] = items.published(shape)
            if items.enlarged_before is not None:
                rule = distilled.interpolation
                enlarged = ENLARGED.get(rule) or ENLARGED_OTHERWISE.format(rule)
                layer = layer.replace(items.array, enlarged.format(items.array))
                at = items.axes.index("frames") if "frames" in items.axes else None
                fewer_frames |= at is not None and shape[at] < distilled.frames
    return RowConfig(
        kind=distilled.kind,
        classes=distilled.classes,
        videos_per_class=distilled.videos_per_class,
        statics_per_class=distilled.statics_per_class,
        dynamics_per_class=distilled.dynamics_per_class,
        frames=distilled.frames,
        height=whole[1],
        width=whole[2],
        mean=distilled.mean,
        std=distilled.std,
        dtype=dtype,
        integrators=distilled.integrators,
        integrator=integrator,
        layer=layer,
        dynamic_shape=shapes.pop(MOTION, None),
        label_kind=distilled.label_kind,
        shapes=shapes or None,
        pairing=PAIRING,
        normalisation=NORMALISATION,
        interpolation=distilled.interpolation if fewer_frames else None,
        interpolator=told_of(distilled.interpolator),
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
    return _parsed(text)


@functools.lru_cache(maxsize=256)
def _parsed(text):
    # Kept, since each row and each video has it: many rows, few texts.
    with told("The config of a row"):
        values = json.loads(text)
        if not isinstance(values, dict):
            raise Damage("it is no mapping")
        required = [field.name for field in fields(RowConfig) if field.default is MISSING]
        if missing := [name for name in required if name not in values]:
            raise Damage(f"it has no {missing[0]}")
        for name in ("mean", "std", *(["dynamic_shape"] if values.get("dynamic_shape") is not None else [])):
            values[name] = tuple(values[name])
        if values.get("shapes") is not None:
            values["shapes"] = {name: tuple(shape) for name, shape in values["shapes"].items()}
        config = RowConfig(
            **{name: values[name] for name in values if name in RowConfig.__dataclass_fields__}
        )
        if config.kind not in MEMORIES:
            raise VddError(
                f"The distilled set holds a memory of kind {str(config.kind)[:60]!r}, which is none of "
                f"{', '.join(MEMORIES.names())}: load the plugin that adds it (keras_vdd.load_plugin), or update "
                "keras-vdd."
            )
        check_config(config, PAIRING, NORMALISATION)
    return config


def check_version(version):
    """Refuse a format newer than this package reads, and say what to install."""
    if type(version) is not int or version < 1:
        raise VddError(
            f"The distilled set has format {str(version)[:60]!r}, which is none: copy or export it again."
        )
    if version > FORMAT_VERSION:
        raise VddError(
            f"The distilled set has format {version} and this keras-vdd reads up to {FORMAT_VERSION}: "
            'run `pip install --upgrade keras-vdd`, or read the plain columns with load_dataset("parquet", '
            "data_files=...)."
        )

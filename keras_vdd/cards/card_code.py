"""The code of a card that trains on its set: by its own protocol in Keras, and in plain PyTorch."""

import json
import math

from keras_vdd.data.sources import SOURCES
from keras_vdd.errors import VddError
from keras_vdd.evaluation.protocol import WEIGHT_DECAY, Protocol, protocol_of
from keras_vdd.recipe.load import parse_recipe
from keras_vdd.running_code import project_url, running_code
from keras_vdd.storage.storage_types import STORAGE_TYPES

# By `DistilledSet.label_kind`.
LOSSES = {
    None: "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
    "probabilities": "keras.losses.CategoricalCrossentropy(from_logits=True)",
    "regression": "SquaredError()",
}
TORCH_LOSSES = {
    None: "torch.nn.functional.cross_entropy(network(clips), labels[batch])",
    "probabilities": "torch.nn.functional.cross_entropy(network(clips), labels[batch])",
    "regression": "(network(clips) - labels[batch]).square().sum(dim=1).mean()",
}
DECODED = {
    "int8": 'row["{column}"] * row["{column}_scale"].view(-1, 1, 1, 1)',
    "int4": 'unpacked(row["{column}"], row["{column}_scale"], {shape})',
    "uint8": '(row["{column}"] / 255 - torch.tensor({mean})) / torch.tensor({std})',
}
# What `DECODED` needs.
UNPACKED = f"""\
def unpacked(numbers, scales, *shape):
    halves = torch.stack([numbers & 15, numbers >> 4], -1).flatten(1) - 8.0
    halves *= scales.repeat_interleave({STORAGE_TYPES["int4"].group}, 1)[:, :halves.shape[1]]
    return halves[:, :torch.Size(shape).numel()].reshape(-1, *shape)
"""


def evaluated_by(distilled):
    """Return (recipe, `Protocol`) that the set's own row of its table is scored by.

    Both are those that its recipe says; (None, default protocol) where there is none that this version reads.
    """
    try:
        recipe = parse_recipe(distilled.recipe, "of the set")
        protocol = protocol_of(recipe).with_step_size(distilled.provenance.get("step_size"))
    except VddError:
        return None, Protocol()
    return recipe, protocol


def install_line():
    """Return the line that installs the package with a backend, and None or where the project is found."""
    url, commit = project_url(), running_code()["commit"]
    if url is None:
        return 'pip install ".[torch]"  # in a clone of keras-vdd', None
    at = f"@{commit}" if commit else ""
    return f'pip install "keras-vdd[torch] @ git+{url}{at}"', url


def train_in_keras(distilled, name, recipe, protocol):
    """Return code that trains one network on the set and tests it on real clips, as its own row was scored.

    Args:
        distilled: `DistilledSet`.
        name: what the code loads.
        recipe, protocol: as `evaluated_by` gives them.
    """
    count = len(distilled.pairs())
    steps, soft = protocol.total_steps(count), distilled.labels is not None
    batch, an_epoch = min(protocol.batch_size, count), math.ceil(count / protocol.batch_size)
    rate, optimizer, ours = _optimizer(protocol, steps)
    names = sorted(
        {"BatchStandardise", *ours, *(["SquaredError"] if distilled.label_kind == "regression" else [])}
    )
    metrics = "" if soft else ', metrics=["accuracy"]'
    lines = [
        "import keras, keras_vdd",
        f"from keras_vdd.evaluation import {', '.join(names)}",
        "",
        "keras.utils.set_random_seed(0)",
        f"data = keras_vdd.load({quoted(name)})",
        f"network = keras_vdd.models.create({_network(distilled, recipe, protocol)})",
        "model = keras.Sequential([BatchStandardise(), network])",
        f"rate = {rate}",
        f"optimizer = {optimizer}",
        f"model.compile(optimizer, {LOSSES[distilled.label_kind]}{metrics})",
        f"train = data.as_pydataset(batch_size={batch}, shuffle=True{', soft=True' if soft else ''})",
        f"model.fit(train, epochs={math.ceil(steps / an_epoch)}, verbose=0)",
        "",
        *_tested(recipe),
    ]
    if soft:  # Test clips have class numbers.
        lines.append(f'model.compile(loss={LOSSES[None]}, metrics=["accuracy"])')
    lines.append('print("top-1 %", 100 * model.evaluate(test, verbose=0)[1])')
    return "\n".join(lines)


def videos_in_torch(distilled, name, dtype):
    """Return code that makes the videos of rows in plain PyTorch; "" where the kind of memory gives none.

    There is none of a trained interpolator, whose network would be longer than all else.

    Args:
        distilled: `DistilledSet`.
        name: what the code loads.
        dtype: storage type of the memories.
    """
    memory = distilled.memory
    if not memory.torch or distilled.interpolator is not None:
        return ""
    lines = [f"{items.column} = {_decoded(distilled, items, dtype)}" for items in memory.items]
    for items in memory.items:
        whole, stored = items.whole(distilled.frames, *distilled.size), items.shape_in(distilled.arrays)
        if items.enlarged_before is not None and stored != whole:
            lines += _enlarged(items, stored, whole, distilled.interpolation)
    lines += memory.torch.format(frames=distilled.frames).splitlines()
    libraries = ["import datasets, torch", *(["from safetensors.torch import load"] if memory.shared else [])]
    return "\n".join(
        [
            *libraries,
            "",
            f'rows = datasets.load_dataset({quoted(name)}, split="train").with_format("torch")',
            "",
            *([*UNPACKED.splitlines(), ""] if dtype == "int4" else []),
            "def videos(row):",
            *(f"    {line}" for line in lines),
            "",
            f"made = [videos(row) for row in rows]  # of each slot (n, {_shape(distilled)}), normalised",
        ]
    )


def train_in_torch(distilled, protocol):
    """Return code that goes on from `videos_in_torch` and trains a small network."""
    count = len(distilled.pairs())
    batch = min(protocol.batch_size, count)
    labels = "soft_label" if distilled.labels is not None else "label"
    repeat = "expand(len(v), -1)" if distilled.labels is not None else "repeat(len(v))"
    return f"""\
x = torch.cat(made).movedim(-1, 1)
labels = torch.cat([row["{labels}"].{repeat} for row, v in zip(rows, made)])
network = torch.nn.Sequential(
    torch.nn.Conv3d(3, 64, (3, 7, 7), (1, 2, 2), (1, 3, 3)), torch.nn.ReLU(),
    torch.nn.Conv3d(64, 128, (3, 7, 7), (2, 2, 2), (1, 3, 3)), torch.nn.ReLU(),
    torch.nn.AdaptiveAvgPool3d(1), torch.nn.Flatten(), torch.nn.Linear(128, {distilled.classes}),
)
optimizer = torch.optim.AdamW(network.parameters(), 3e-4)
for step in range({protocol.total_steps(count)}):
    batch = torch.randperm(len(x))[:{batch}]
    clips = (x[batch] - x[batch].mean()) / x[batch].std()
    loss = {TORCH_LOSSES[distilled.label_kind]}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()"""


def quoted(text):
    """Return a text as Python writes it between double quotes."""
    return json.dumps(str(text), ensure_ascii=False)


def _network(distilled, recipe, protocol):
    given = {"classes": distilled.classes, "frames": distilled.frames, "size": distilled.size[0]}
    if recipe is not None:
        given |= {"width": recipe.evaluation.width, "stem": recipe.evaluation.stem}
    listed = [quoted(protocol.architecture), *(f"{key}={value}" for key, value in given.items())]
    if recipe is not None and recipe.run.precision != "float32":
        listed.append(f"precision={quoted(recipe.run.precision)}")
    return ", ".join(listed)


def _optimizer(protocol, steps):
    """Return code of the rate and of the optimizer of `Protocol.optimizer(steps)`, and names of ours in it.

    It is stock Keras where that has the same.
    """
    schedules, rate = "keras.optimizers.schedules", repr(protocol.rate)
    if protocol.evaluator == "paper":
        # Keras' own boundary belongs to the first part.
        last = math.ceil(steps / 2) - 1
        schedule = f"{schedules}.PiecewiseConstantDecay([{last}], [{rate}, {rate} / 10])"
        return schedule, f"CoupledSGD(rate, momentum=0.9, coupled_decay={WEIGHT_DECAY!r})", ["CoupledSGD"]
    schedule = rate if protocol.evaluator == "frepo" else f"{schedules}.CosineDecay({rate}, {steps})"
    return schedule, f"keras.optimizers.AdamW(rate, weight_decay={WEIGHT_DECAY!r}, epsilon=1e-8)", []


def _tested(recipe):
    source = None if recipe is None else SOURCES.get(recipe.data.set)
    if recipe is None:
        return ['test = keras_vdd.test_clips("recipe.yaml")  # the recipe of your test videos']
    if source.made:
        return ['test = keras_vdd.test_clips(data.folder + "/recipe.yaml")']
    place, what = recipe.data.set, f"your copy of {recipe.data.set} lies"
    if place == "folder":
        place, what = "path/to/videos", "the source videos lie"
    where = f'**{{"data.root": {quoted(place)}}}'
    return [
        f"# data.root: where {what}",
        f'test = keras_vdd.test_clips(data.folder + "/recipe.yaml", {where})',
    ]


def _decoded(distilled, items, dtype):
    form = DECODED.get(dtype, 'row["{column}"]')
    if dtype == "int4" and items.single and items.moments is None:
        form += "[0]"
    shape = ", ".join(str(side) for side in items.published(items.shape_in(distilled.arrays)))
    return form.format(column=items.column, shape=shape, mean=list(distilled.mean), std=list(distilled.std))


def _enlarged(items, stored, whole, rule):
    """Lines that enlarge a column, frames by a rule of `keras_vdd.temporal` and then pixels."""
    name, planar = items.column, items.axes[-1] == 1  # motion has no axis of colours, a video has
    into, out = (
        (".unsqueeze(1)", ".squeeze(1)") if planar else (".movedim(-1, 0)[None]", "[0].movedim(0, -1)")
    )
    modes = {
        "duplicate": 'mode="nearest"',
        "linear": 'mode="trilinear", align_corners=True',
        "half-pixel": 'mode="trilinear"',
    }
    steps = [(rule, (whole[0], *stored[1:3])), ("half-pixel", whole[:3])]
    steps = [steps[1]] if rule == "half-pixel" else [steps[0]] + steps[1:] * (stored[1:3] != whole[1:3])
    return [
        f"{name} = torch.nn.functional.interpolate({name}{into}, {tuple(size)}, {modes[how]}){out}"
        for how, size in steps
    ]


def _shape(distilled):
    return ", ".join(str(side) for side in (distilled.frames, *distilled.size, 3))

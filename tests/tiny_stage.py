"""Stage 2 without videos: a store and experts of noise, and the quickstart's recipe cut down to them."""

import contextlib
import types
from unittest.mock import patch

import method_cases
import numpy as np
from keras import ops, tree

from keras_vdd.memory import MEMORIES
from keras_vdd.models import create, fresh_weights
from keras_vdd.progress import Silent
from keras_vdd.recipe.load import load_recipe
from keras_vdd.recipe.schema import MEMORY_KIND
from keras_vdd.runs.folder import RunFolder
from keras_vdd.seeds import stream
from keras_vdd.stages import dynamic as dynamic_stage
from keras_vdd.stages.dynamic import start_memory
from keras_vdd.stages.learn import objective_of

CLASSES, VIDEOS, LENGTH, FRAMES, SIZE = 3, 4, 7, 3, 8
TINY = (
    f"data.frames={FRAMES}",
    f"data.size={SIZE}",
    "data.interval=2",
    "dynamic.width=3",
    "dynamic.stem=2",
    "static=null",
    "evaluation.compare=[]",
)
# The quickstart has the rates of its own kind.
KINDS = {
    memory.kind: ()
    if memory.kind == MEMORY_KIND
    else (f"memory.kind={memory.kind}", *(f"dynamic.learning_rates.{part}=0.1" for part in memory.learns))
    for memory in MEMORIES
}


class Store:
    """A few videos of noise in each of three classes."""

    split, size, codec = "train", SIZE, "raw"
    class_names = ["one", "two", "three"]
    names = [f"{label}/{video}.avi" for label in class_names for video in range(VIDEOS)]
    labels = np.repeat(np.arange(CLASSES), VIDEOS).astype(np.int32)
    lengths = np.full(CLASSES * VIDEOS, LENGTH, np.int32)

    def __len__(self):
        return len(self.labels)

    def by_class(self):
        return [np.flatnonzero(self.labels == label) for label in range(CLASSES)]

    def frames(self, row):
        return np.random.default_rng(row).integers(0, 256, (LENGTH, SIZE, SIZE, 3), dtype=np.uint8)


class Bank:
    """Experts that wander at random; `read` has (expert, epoch) of every snapshot that was asked for."""

    def __init__(self, network, count=3, epochs=10, spread=0.05):
        self.network, self.count, self.epochs, self.spread, self.read = network, count, epochs, spread, []

    def __len__(self):
        return self.count

    def snapshot(self, expert, epoch):
        assert 0 <= expert < self.count and 0 <= epoch <= self.epochs
        self.read.append((int(expert), int(epoch)))
        weights = fresh_weights(self.network, stream(0, "expert", expert))
        rng = stream(0, "way", expert)
        ways = [rng.standard_normal(w.shape, dtype="float32") for w in weights]
        return [w + np.float32(self.spread * epoch) * way for w, way in zip(weights, ways)]


def recipe_of(loss="dm", kind="static-dynamic", *settings):
    return load_recipe("quickstart", [*TINY, *method_cases.tiny(loss), *KINDS[kind], *settings])


def make(loss="dm", kind="static-dynamic", *settings, store=None, bank=None):
    """(recipe, objective, compiled condenser) of the quickstart with another loss and memory."""
    recipe, store = recipe_of(loss, kind, *settings), store or Store()
    memory = start_memory(recipe, store, stills(recipe))
    objective = objective_of(recipe, "dynamic", store, memory, bank)
    if bank is None and recipe.needs_experts:
        objective.bank = Bank(objective.network, epochs=recipe.expert_epochs)
    return recipe, objective, objective.condenser()


def learned_values(condenser):
    """What an objective is asked about: the weights that are learned, as arrays in a tree."""
    memory = [ops.convert_to_numpy(v) for v in condenser.memory.trainable_variables]
    return {"memory": memory, **{name: ops.convert_to_numpy(v) for name, v in condenser.extras.items()}}


def with_tensors(batch, condenser, dtype="float32"):
    """A batch as an objective gets it, its floats of a type, with what is not learned in `fixed`."""
    fixed = [ops.convert_to_numpy(v) for v in condenser.non_trainable_variables]

    def converted(array):
        array = np.asarray(array)
        return ops.convert_to_tensor(array.astype(dtype) if array.dtype.kind == "f" else array)

    return tree.map_structure(converted, {**batch, "fixed": fixed})


def gradient_function(objective, condenser, batch, dtype="float32"):
    """The function values -> (loss, gradients) that an objective is, in one batch."""
    given = with_tensors(batch, condenser, dtype)
    return lambda values: objective(values, condenser._synthesise, given)


class Stop(Silent):
    """Progress that raises KeyboardInterrupt when iteration `at` is done, as a second Ctrl-C does."""

    def __init__(self, at):
        self.at = at

    @contextlib.contextmanager
    def task(self, title, total=None):
        def update(done, **figures):
            if done == self.at:
                raise KeyboardInterrupt

        yield update


def learn(place, loss, kind, *settings, progress=None, prepare=None):
    """Stage 2 as `distill` runs it, on noise: its arrays, facts and run folder.

    `prepare` may change the memory that learning starts from. Experts are those of a `Bank`.
    """
    recipe = recipe_of(loss, kind, f"run.dir={place / 'runs'}", "run.checkpoint_every=2", *settings)
    run = RunFolder(recipe)
    static = None if recipe.memory_kind.stills is None else stills(recipe)

    def experts(*arguments):
        stage, data = recipe.dynamic, recipe.data
        network = create(stage.network, CLASSES, data.frames, data.size, stage.width, stage.stem)
        return Bank(network, epochs=recipe.expert_epochs)

    def start(*arguments):
        memory = start_memory(*arguments)
        if prepare is not None:
            prepare(memory)
        return memory

    with patch.multiple(dynamic_stage, learn_experts=experts, start_memory=start):
        stores = {"train": Store(), "test": Store()}
        arrays, facts = dynamic_stage.learn_videos(recipe, stores, static, run, progress or Silent())
    return types.SimpleNamespace(arrays=arrays, facts=facts, folder=run.path)


def stills(recipe):
    shape = (CLASSES, recipe.memory.statics_per_class, SIZE, SIZE, 3)
    return stream(0, "stills").standard_normal(shape, dtype="float32")

"""The trained object: a Keras model whose weights are the synthetic set."""

import keras
from keras import ops

from keras_vdd.backend import JIT_COMPILE
from keras_vdd.learning.steps import TrainStep


class Condenser(TrainStep, keras.Model):
    """Learns a memory, and what else an objective learns, under `fit()` with any Keras optimizer and callbacks.

    Compile it with a Keras optimizer, or with one of `keras_vdd.learning.rates.per_variable_lr` for a learning rate
    of its own for every part.

    Args:
        memory: a layer of `keras_vdd.memory`.
        objective: `keras_vdd.learning.objective.Objective`.
        extras: dict, what else is learned: name to the float32 array that it starts from.
        constraints: dict, Keras constraint of an extra by name.
        view: `"call"` for videos, `"stored"` for the frames that they are made of, or `"images"` for the stills of a
            `StillMemory`.
    """

    def __init__(self, memory, objective, extras=None, constraints=None, view="call", **kwargs):
        super().__init__(**kwargs)
        self.memory = memory
        self.objective = objective
        self.view = view
        self.extras = {
            name: self.add_weight(
                name=name, shape=start.shape, initializer="zeros", constraint=(constraints or {}).get(name)
            )
            for name, start in (extras or {}).items()
        }
        for name, start in (extras or {}).items():
            self.extras[name].assign(start)
        self.built = True

    def compile(self, optimizer, **kwargs):
        """As `keras.Model.compile`; an objective that is `host_side` compiles its own parts and runs eagerly."""
        host_side = self.objective.host_side
        settings = {"jit_compile": JIT_COMPILE and not host_side, "run_eagerly": host_side, **kwargs}
        super().compile(optimizer=optimizer, loss=None, **settings)
        self.optimizer.build(self.trainable_variables)

    def call(self, pairs):
        return self.memory(pairs)

    @property
    def changing(self):
        """list of weights that change while it is learned, and are not trained."""
        return self.memory.changing

    def iteration_ended(self, iteration, iterations, logs):
        """Let the memory change what else changes; arguments as `MemoryLayer.iteration_ended` takes them."""
        self.memory.iteration_ended(iteration, iterations, logs)

    def notes(self):
        """dict: what the log says of an iteration about the memory."""
        return self.memory.notes()

    def meta_gradient(self, values, others, batch):
        """The objective and its gradients to what is learned.

        Args:
            values: tensors, one for each of `trainable_variables`.
            others: tensors, one for each of `non_trainable_variables`.
            batch: dict of tensors.

        Returns:
            (loss, gradients, logs): a scalar, a list like `values`, and a dict of what the memory learns by.
        """
        places = {variable.path: place for place, variable in enumerate(self.trainable_variables)}
        own = [places[variable.path] for variable in self.memory.trainable_variables]
        extra = {name: places[variable.path] for name, variable in self.extras.items()}
        learned = {"memory": [values[p] for p in own], **{name: values[p] for name, p in extra.items()}}
        if self.memory.gradient_of_frames:
            learned["memory"].append(self._no_offsets())
        loss, gradients = self.objective(learned, self._synthesise, {**batch, "fixed": others})
        logs = {}
        if self.memory.gradient_of_frames:
            *of_weights, of_frames = gradients["memory"]
            gradients, logs = (
                {**gradients, "memory": of_weights},
                self.memory.learns_by(of_frames, of_weights),
            )
        ordered = [None] * len(values)
        for place, gradient in zip(own, gradients["memory"]):
            ordered[place] = gradient
        for name, place in extra.items():
            ordered[place] = gradients[name]
        return loss, ordered, logs

    def _no_offsets(self):
        """Zeros that are added to the frames of each slot's videos: the gradient to them is that of the frames."""
        memory = self.memory
        slots = memory.classes * memory.videos_per_class
        return ops.zeros((slots, memory.frames, memory.size, memory.size, 3), "float32")

    def _synthesise(self, values, fixed, pairs):
        """Videos of pairs; `values` are those of the memory's weights, and offsets of its frames where they follow."""
        own = len(self.memory.trainable_variables)
        values, offsets = values[:own], values[own:]
        mapping = [*zip(self.memory.trainable_variables, values), *zip(self.non_trainable_variables, fixed)]
        view = getattr(self.memory, "__call__" if self.view == "call" else self.view)
        with keras.StatelessScope(state_mapping=mapping):
            videos = view(pairs)
        for each in offsets:
            videos = videos + ops.take(each, self.memory.slots(pairs), axis=0)
        return videos

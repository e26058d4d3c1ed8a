"""The trained object: a Keras model whose weights are the synthetic set."""

import keras
from keras import ops

from keras_vdd.autodiff import JIT_COMPILE, value_and_grad
from keras_vdd.training.steps import TrainStep


class Condenser(TrainStep, keras.Model):
    """Learns a memory by a matching loss under `fit()`, with any Keras optimizer and callbacks.

    A batch is a dict of arrays: `"pairs"` int32 (n, 3), ordered by class, and whatever the matching loss
    reads. The matching loss gives the gradient to the synthetic videos; one vector-Jacobian product
    through the memory turns it into the gradient of what is learned, so any loss works with any memory.

    Compile with an optimizer whose learning rate is 1 and give the rates here: each variable's gradient
    is multiplied by its rate, which for SGD, with or without momentum, is exactly a learning rate of
    its own.

    Args:
        memory: a layer of `keras_vdd.memory`.
        matching: function (videos, batch) -> (loss, gradient to the videos); pure. Videos come by class,
            (classes, n / classes, ...).
        rates: dict, learning rate by the name of a weight of the memory: `static`, `dynamic`, `video`,
            `integrator`.
        view: `"call"` for videos or `"images"` for the stills of a `StillMemory`.
    """

    def __init__(self, memory, matching, rates, view="call", **kwargs):
        super().__init__(**kwargs)
        self.memory = memory
        self.matching = matching
        self.view = view
        self.rates = [rates[_group(variable)] for variable in memory.trainable_variables]
        self.built = True

    def compile(self, optimizer, **kwargs):
        super().compile(optimizer=optimizer, loss=None, **{"jit_compile": JIT_COMPILE, **kwargs})
        self.optimizer.build(self.trainable_variables)

    def call(self, pairs):
        return self.memory(pairs)

    def meta_gradient(self, values, others, batch):
        """The matching loss and its gradients to the learned weights, each times its learning rate.

        Args:
            values: tensors, one for each of `trainable_variables`.
            others: tensors, one for each of `non_trainable_variables`.
            batch: dict of tensors.

        Returns:
            (loss, gradients): a scalar and a list like `values`.
        """
        # Under TensorFlow's compiled fit the first dimension of every array is unknown: it is known here.
        classes = self.memory.classes
        pairs = ops.reshape(batch["pairs"], (self._pairs_per_step, 3))

        view = self.memory.images if self.view == "images" else self.memory

        def synthesise(values):
            mapping = [*zip(self.trainable_variables, values), *zip(self.non_trainable_variables, others)]
            with keras.StatelessScope(state_mapping=mapping):
                return view(pairs)

        videos = ops.stop_gradient(synthesise(values))
        by_class = ops.reshape(videos, (classes, -1, *videos.shape[1:]))
        loss, gradient = self.matching(by_class, batch)
        gradient = ops.stop_gradient(ops.reshape(gradient, videos.shape))
        _, gradients = value_and_grad(lambda v: ops.sum(synthesise(v) * gradient))(values)
        return loss, [g * rate for g, rate in zip(gradients, self.rates)]

    @property
    def _pairs_per_step(self):
        per_class = self.memory.statics_per_class if self.view == "images" else self.memory.videos_per_class
        return self.memory.classes * per_class


def _group(variable):
    return "integrator" if "integrator" in variable.path else variable.name

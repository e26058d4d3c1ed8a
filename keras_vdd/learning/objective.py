"""What a condenser minimises, and how any loss of videos becomes that."""

from keras import ops

from keras_vdd.backend import value_and_grad


class Objective:
    """Base of what a `Condenser` minimises.

    `objective(learned, synthesise, batch) -> (loss, gradients like learned)`: `learned` is a dict of
    `"memory"`, a list of the memory's trainable tensors, and of what else is learned, by name.
    `synthesise(memory tensors, fixed, pairs)` makes the videos of pairs (class, static, dynamic), int32 (n, 3)
    ordered by class, with `fixed`, the condenser's tensors that are not learned, which are in `batch["fixed"]`.

    Attributes:
        host_side: bool, whether it compiles its own parts and runs eagerly, because it keeps state between
            iterations or because one compiled graph would hold too much.
    """

    host_side = False

    def __call__(self, learned, synthesise, batch):
        raise TypeError(f"{type(self).__name__} does not say what it minimises")

    def notes(self, condenser):
        """dict: what the log says of an iteration besides its loss."""
        return {}

    def state(self):
        """dict of numpy arrays that a checkpoint has to keep besides the condenser's."""
        return {}

    def restore(self, arrays):
        """Become what `state` returned; `arrays` may hold others too."""


class VideoSpaceObjective(Objective):
    """The objective of a matching loss that gives its gradient to the synthetic data.

    One vector-Jacobian product through the memory turns that into the gradient of what is learned, so any
    loss works with any memory, and the loss has freed its own graph by then.

    Args:
        matching: function (data, batch) -> (loss, gradient to the data); pure. Data come by class,
            (classes, per_class, ...).
        classes, per_class: int, pairs in `batch["pairs"]`, int32 (classes * per_class, 3).
    """

    def __init__(self, matching, classes, per_class):
        self._matching, self._shape = matching, (classes, per_class)

    def __call__(self, learned, synthesise, batch):
        # Under TensorFlow's compiled fit the first dimension of every array is unknown: it is known here.
        pairs = ops.reshape(batch["pairs"], (self._shape[0] * self._shape[1], 3))
        data = ops.stop_gradient(synthesise(learned["memory"], batch["fixed"], pairs))
        loss, gradient = self._matching(ops.reshape(data, (*self._shape, *data.shape[1:])), batch)
        gradient = ops.stop_gradient(ops.reshape(gradient, data.shape))

        def projected(values):
            return ops.sum(synthesise(values, batch["fixed"], pairs) * gradient)

        _, gradients = value_and_grad(projected)(learned["memory"])
        return loss, {"memory": gradients}

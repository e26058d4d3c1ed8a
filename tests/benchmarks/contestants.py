"""What benchmarks of torch compare: a condenser under `fit`, and the loop in `plain_torch.py` from the same start."""

import functools
import time

import keras
import numpy as np
import plain_torch
import torch
from keras import ops, tree
from made_stage import condenser_of

from keras_vdd.data.batches import IterationBatches
from keras_vdd.learning.rates import part_of

# What float32 allows to `gradient_errors`: across a kink of a ReLU or pool the plain gradient itself was seen
# 0.01 from that in float64.
LARGEST_ERROR = 0.03


class NoteTimes(keras.callbacks.Callback):
    """Reads each loss, which waits for the step, and notes when it was there."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        float(logs["loss"])
        self.ends.append(time.perf_counter())


class Ours:
    """What `vdd distill` runs: batches made ahead of time, `fit`, the objective and the optimizer."""

    def __init__(self, recipe, store):
        self.condenser = condenser_of(recipe, store)
        self.objective, self.iteration = self.condenser.objective, 0

    @functools.cached_property
    def _batch(self):
        return self.objective.make_batch(10**6)

    def iterate(self, count, ahead=1):
        """Run iterations; return the seconds of each but the first, whose batch is not made ahead."""
        return self._fit(count, ahead, self.objective.make_batch)

    def repeat(self, count):
        """As `iterate`, with one batch that is there already and goes to the device at each iteration."""
        return self._fit(count, 1, lambda iteration: self._batch)

    def _fit(self, count, ahead, make):
        first, self.iteration = self.iteration, self.iteration + count
        batches = IterationBatches(first, self.iteration, lambda i: (make(i),), ahead)
        times = NoteTimes()
        self.condenser.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[times])
        return [float(seconds) for seconds in np.diff(times.ends)]

    def batch_on_device(self):
        """The batch of `repeat`, for `step`."""
        return tree.map_structure(ops.convert_to_tensor, self._batch)

    def step(self, batch):
        """One iteration on a batch that is on the device already."""
        return float(self.condenser.train_step((batch,))["loss"])

    def gradient(self, batch, dropout=True):
        """(loss, gradients by part) of a batch; without dropout the plain loop can be compared."""
        layer, values = self.objective.network.dropout, self.condenser.trainable_variables
        rate, layer.rate = layer.rate, layer.rate if dropout else 0.0
        batch = tree.map_structure(ops.convert_to_tensor, batch)
        others = [v.value for v in self.condenser.non_trainable_variables]
        loss, gradients, _ = self.condenser.meta_gradient([v.value for v in values], others, batch)
        layer.rate, found = rate, {}
        for variable, gradient in zip(values, gradients):
            found.setdefault(part_of(variable), []).append(array(gradient).astype("float64").ravel())
        return float(loss), {part: np.concatenate(pieces) for part, pieces in found.items()}


class Plain:
    """The plain loop, from the same start as ours and on the same device.

    Args:
        loss: "mtt" or "dm".
        ours: `Ours`.
        videos_per_class: int, real clips of a class that lie in the device's memory (dm).
    """

    def __init__(self, loss, ours, videos_per_class):
        memory, objective = ours.condenser.memory, ours.objective
        network, settings, data = objective.network, objective.settings, objective.data
        (integrator,) = memory.integrators
        self.device = memory.dynamic.value.device
        self.videos = plain_torch.Videos(
            np.moveaxis(array(memory.static.value), -1, -3), np.moveaxis(array(memory.dynamic.value), -1, -4),
            torch_kernel(array(integrator.kernel.value)), array(integrator.bias.value),
        ).to(self.device)  # fmt: skip
        self.loss = loss
        self._sizes = {"width": network.width, "stem": network.stem, "size": network.size}
        self.network = self._make(objective.classes)
        if loss == "mtt":
            experts = [[torch_weights(w, self.device) for w in path] for path in objective.bank._snapshots]
            self.loop = plain_torch.TrajectoryLoop(self.videos, self.network, experts, settings.inner_steps)
        else:
            shape = (objective.classes, videos_per_class, 3, data.frames, data.size, data.size)
            real, make = torch.randn(shape, device=self.device), lambda: self._make(objective.classes)
            self.loop = plain_torch.DistributionLoop(self.videos, make, real, settings.real_per_class)

    def _make(self, classes):
        with self.device:
            return plain_torch.MiniC3D(classes, **self._sizes)

    def iterate(self, count):
        """Run iterations; return the seconds of each but the first, as `Ours` does."""
        ends = []
        for _ in range(count):
            self.loop.iterate()
            ends.append(time.perf_counter())
        return [float(seconds) for seconds in np.diff(ends)]

    def gradient(self, batch, data):
        """(loss, gradients by part, in the layout of ours) of a batch of ours, without dropout."""
        wanted = {"dynamic": [self.videos.dynamic], "integrator": [*self.videos.integrator.parameters()]}
        if self.loss == "mtt":
            self.network.dropout.p = 0.0
            wanted["step_size"] = [self.loop.step_size]
            start, target = (
                torch.cat([w.reshape(-1) for w in torch_weights(batch[name], self.device)])
                for name in ("start", "target")
            )
            draws = [torch.tensor(step["pairs"][:, 1:], device=self.device).long() for step in batch["steps"]]
            student, step_size = self.loop.student, self.loop.step_size
            loss = plain_torch.trajectory_loss(student, self.videos, step_size, start, target, draws)
            self.network.dropout.p = 0.5
        else:
            weights = torch_weights(batch["network"], self.device)
            self.network.load_state_dict(dict(zip(self.network.state_dict(), weights)))
            real = (batch["real"] / np.float32(255) - np.float32(data.mean)) / np.float32(data.std)
            real = [torch.tensor(np.moveaxis(clips, -1, 1), device=self.device).float() for clips in real]
            chosen = torch.tensor(batch["pairs"][:, 1:], device=self.device).long()
            loss = plain_torch.distribution_loss(self.network, self.videos, real, chosen)
        found = {}
        for part, tensors in wanted.items():
            gradients = [array(g) for g in torch.autograd.grad(loss, tensors, retain_graph=True)]
            moved = [
                np.moveaxis(g, (0, 1), (-1, -2)) if part == "integrator" and g.ndim > 1 else g
                for g in gradients
            ]
            found[part] = np.concatenate([g.ravel() for g in moved]).astype("float64")
        return loss.item(), found


def array(tensor):
    """A tensor of any device as a numpy array."""
    return tensor.detach().cpu().numpy()


def torch_kernel(w):
    return np.ascontiguousarray(np.moveaxis(w, (-1, -2), (0, 1)))


def torch_weights(weights, device):
    """Weights of our MiniC3D as those of the plain one, in the same order."""
    return [torch.tensor(torch_kernel(w) if w.ndim > 1 else w, device=device) for w in weights]


def gradient_errors(ours, plain):
    """By part, how far the plain gradient and ours are apart on one batch, relative to the plain one's norm."""
    batch = ours.objective.make_batch(10**6)
    mine, theirs = ours.gradient(batch, dropout=False), plain.gradient(batch, ours.objective.data)
    return {
        part: float(np.linalg.norm(mine[1][part] - expected) / np.linalg.norm(expected))
        for part, expected in theirs[1].items()
    }

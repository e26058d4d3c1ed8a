"""Seconds of an MTT and a DM iteration on torch, beside a plain PyTorch loop on the same sizes.

    python tests/benchmarks/step_time.py [--losses mtt dm] [--classes 5] [--inner-steps 5] [--rounds 5]
        [--json]

Ours is what `vdd distill` runs: batches made ahead of time out of a store (whose videos lie in memory),
`fit`, the objective and the optimizer. The plain loop is in `plain_torch.py`. MiniC3D, 8 frames of 64 pixels,
one static-dynamic video a class of two stills and two motion clips. Before anything is timed, both are
checked to give one gradient on one input. Then plain float32, ours in float32 and ours in bfloat16 take
turns, in one process on all cores: medians are printed, and of each round's ratios. What bfloat16 costs is
the cosine of its gradient with the one of float32 on the same inputs, for motion and integrator. Not a test:
a time depends on the machine.
"""

import argparse
import functools
import json
import os
import statistics
import time

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import plain_torch
import torch
from keras import ops, tree
from made_stage import SIZE, MadeStore, condenser_of, recipe_of

from keras_vdd.data.batches import IterationBatches
from keras_vdd.learning.rates import part_of

WAYS = ("plain, float32", "ours, float32", "ours, bfloat16")
VIDEOS_PER_CLASS = 16


class ReadLoss(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        float(logs["loss"])


class Ours:
    """A condenser under `fit`."""

    def __init__(self, loss, precision, args, store):
        more = [f"run.precision={precision}"]
        more += [f"dynamic.inner_steps={args.inner_steps}"] if loss == "mtt" else [f"dynamic.real_per_class={args.real}"]
        more += [f"dynamic.gradient={args.gradient}"] if loss == "mtt" else []
        self.condenser = condenser_of(recipe_of(loss, *more, width=args.width), store)
        self.objective, self.iteration = self.condenser.objective, 0

    def iterate(self, count):
        first, self.iteration = self.iteration, self.iteration + count
        batches = IterationBatches(first, self.iteration, lambda i: (self.objective.make_batch(i),))
        self.condenser.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[ReadLoss()])

    def gradient(self, batch, dropout=True):
        """(loss, gradients by part) of a batch; without dropout the plain loop can be compared."""
        layer, values = self.objective.network.dropout, self.condenser.trainable_variables
        rate, layer.rate = layer.rate, layer.rate if dropout else 0.0
        batch = tree.map_structure(ops.convert_to_tensor, batch)
        others = [v.value for v in self.condenser.non_trainable_variables]
        loss, gradients = self.condenser.meta_gradient([v.value for v in values], others, batch)
        layer.rate, found = rate, {}
        for variable, gradient in zip(values, gradients):
            found.setdefault(part_of(variable), []).append(np.asarray(gradient.detach(), "float64").ravel())
        return float(loss), {part: np.concatenate(pieces) for part, pieces in found.items()}


class Plain:
    """The plain loop, from the same start as ours."""

    def __init__(self, loss, ours, args, store):
        memory, objective = ours.condenser.memory, ours.objective
        (integrator,) = memory.integrators
        self.videos = plain_torch.Videos(
            np.moveaxis(memory.static.numpy(), -1, -3), np.moveaxis(memory.dynamic.numpy(), -1, -4),
            torch_kernel(integrator.kernel.numpy()), integrator.bias.numpy(),
        )  # fmt: skip
        self.loss, self.network = loss, plain_torch.MiniC3D(args.classes, args.width)
        if loss == "mtt":
            experts = [[torch_weights(w) for w in path] for path in objective.bank._snapshots]
            self.loop = plain_torch.TrajectoryLoop(self.videos, self.network, experts, args.inner_steps)
        else:
            shape = (args.classes, VIDEOS_PER_CLASS, 3, objective.data.frames, SIZE, SIZE)
            make = functools.partial(plain_torch.MiniC3D, args.classes, args.width)
            self.loop = plain_torch.DistributionLoop(self.videos, make, torch.randn(shape), args.real)

    def iterate(self, count):
        for _ in range(count):
            self.loop.iterate()

    def gradient(self, batch, data):
        """(loss, gradients by part, in the layout of ours) of a batch of ours, without dropout."""
        wanted = {"dynamic": [self.videos.dynamic], "integrator": [*self.videos.integrator.parameters()]}
        if self.loss == "mtt":
            self.network.dropout.p = 0.0
            wanted["step_size"] = [self.loop.step_size]
            start, target = (
                torch.cat([w.reshape(-1) for w in torch_weights(batch[name])]) for name in ("start", "target")
            )
            draws = [torch.tensor(step["pairs"][:, 1:]).long() for step in batch["steps"]]
            student, step_size = self.loop.student, self.loop.step_size
            loss = plain_torch.trajectory_loss(student, self.videos, step_size, start, target, draws)
            self.network.dropout.p = 0.5
        else:
            self.network.load_state_dict(dict(zip(self.network.state_dict(), torch_weights(batch["network"]))))
            real = (batch["real"] / np.float32(255) - np.float32(data.mean)) / np.float32(data.std)
            real = [torch.tensor(np.moveaxis(clips, -1, 1)).float() for clips in real]
            chosen = torch.tensor(batch["pairs"][:, 1:]).long()
            loss = plain_torch.distribution_loss(self.network, self.videos, real, chosen)
        found = {}
        for part, tensors in wanted.items():
            gradients = [g.numpy() for g in torch.autograd.grad(loss, tensors, retain_graph=True)]
            moved = [np.moveaxis(g, (0, 1), (-1, -2)) if part == "integrator" and g.ndim > 1 else g for g in gradients]
            found[part] = np.concatenate([g.ravel() for g in moved]).astype("float64")
        return loss.item(), found


def torch_kernel(w):
    return np.ascontiguousarray(np.moveaxis(w, (-1, -2), (0, 1)))


def torch_weights(weights):
    """Weights of our MiniC3D as those of the plain one, in the same order."""
    return [torch.tensor(torch_kernel(w) if w.ndim > 1 else w) for w in weights]


def check(loss, ours, plain):
    """Both give one gradient, or this benchmark compares two different things."""
    batch = ours.objective.make_batch(10**6)
    mine, theirs = ours.gradient(batch, dropout=False), plain.gradient(batch, ours.objective.data)
    for part, expected in theirs[1].items():
        error = np.linalg.norm(mine[1][part] - expected) / np.linalg.norm(expected)
        # Float32 across a kink of a ReLU or pool: the plain gradient was seen 0.01 from that in float64.
        if not error < 0.03:
            raise SystemExit(f"{loss}: gradients to {part} differ by {error:.1e} of their norm")


def cosines(wide, narrow, batches):
    """The mean cosine of the gradients of two precisions, by part."""
    found = {}
    for number in range(batches):
        batch = wide.objective.make_batch(10**7 + number)
        (_, a), (_, b) = wide.gradient(batch), narrow.gradient(batch)
        for part in ("dynamic", "integrator"):
            cosine = a[part] @ b[part] / np.linalg.norm(a[part]) / np.linalg.norm(b[part])
            found.setdefault(part, []).append(float(cosine))
    return {part: statistics.mean(values) for part, values in found.items()}


def measure(loss, args):
    store = MadeStore(args.classes, VIDEOS_PER_CLASS)
    wide, narrow = (Ours(loss, precision, args, store) for precision in ("float32", "bfloat16"))
    contestants = dict(zip(WAYS, (Plain(loss, wide, args, store), wide, narrow)))
    check(loss, wide, contestants[WAYS[0]])
    kept = cosines(wide, narrow, args.cosines)
    for contestant in contestants.values():
        contestant.iterate(1)
    clocks = {"seconds": time.perf_counter, "processor": time.process_time}
    spent = {way: {clock: [] for clock in clocks} for way in WAYS}
    for _ in range(args.rounds):
        for way, contestant in contestants.items():
            before = {clock: tell() for clock, tell in clocks.items()}
            contestant.iterate(args.iterations)
            for clock, tell in clocks.items():
                spent[way][clock].append((tell() - before[clock]) / args.iterations)
    rows = []
    for way, times in spent.items():
        row = {"loss": loss, "way": way, "cosines": kept if way == WAYS[2] else {}}
        for clock, values in times.items():
            ratios = [mine / plain for mine, plain in zip(values, spent[WAYS[0]][clock])]
            row[clock] = statistics.median(values)
            row |= {f"{clock} ratio": statistics.median(ratios), f"{clock} ratios": ratios}
        rows.append(row)
    return rows


def main(args):
    torch.set_num_threads(args.threads)
    load = os.getloadavg()[0]
    rows = [row for loss in args.losses for row in measure(loss, args)]
    facts = {"cores": os.cpu_count(), "threads": torch.get_num_threads(), "torch": torch.__version__, "load before": load}
    if args.json:
        print(json.dumps({**facts, **vars(args), "rows": rows}))
        return
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    heads = "loss", "way", "seconds", "ratio", "of rounds", "processor seconds", "ratio"
    print(f"\n| {' | '.join(heads)} | cosine: motion, integrator |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        spread = f"{min(row['seconds ratios']):.2f} to {max(row['seconds ratios']):.2f}"
        kept = ", ".join(f"{value:.4f}" for value in row["cosines"].values()) or "1"
        print(
            f"| {row['loss']} | {row['way']} | {row['seconds']:.3f} | **{row['seconds ratio']:.2f}** "
            f"| {spread} | {row['processor']:.3f} | {row['processor ratio']:.2f} | {kept} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--losses", nargs="+", choices=("mtt", "dm"), default=["mtt", "dm"])
    parser.add_argument("--classes", type=int, default=5)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--inner-steps", type=int, default=5)
    parser.add_argument("--gradient", choices=("unrolled", "adjoint", "tesla"), default="unrolled")
    parser.add_argument("--real", type=int, default=16, help="real clips of a class (dm)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=3, help="in a row, of each way, in a round")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--cosines", type=int, default=3, help="batches that the cosines are a mean of")
    parser.add_argument("--json", action="store_true")
    main(parser.parse_args())

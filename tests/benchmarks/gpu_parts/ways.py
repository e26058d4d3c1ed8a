"""Several ways to do one thing, timed in turns."""

import contextlib
import dataclasses
import functools
import statistics
import time

import torch

from gpu_parts.device import kernels, on_gpu, peak_gigabytes, wait

# A way whose iteration takes longer than this is timed less often.
SLOW_S = 6.0


@dataclasses.dataclass
class Way:
    """A contestant, and what it runs under.

    Attributes:
        contestant: `Ours` or `Plain`.
        under: functions that make context managers.
        beside: name of the way that its time is divided by.
    """

    contestant: object
    under: tuple = ()
    beside: str | None = None

    def iterate(self, count):
        """Seconds of each iteration but the first; ours has its batch at hand, which `feeding` measures."""
        return self._under(getattr(self.contestant, "repeat", self.contestant.iterate), count)

    def kernels(self):
        """The device's time in one iteration, without the making of a batch."""
        if not on_gpu():
            return None
        if not hasattr(self.contestant, "step"):
            return self._under(kernels, lambda: self.contestant.iterate(1))
        batch = self.contestant.batch_on_device()
        return self._under(kernels, lambda: self.contestant.step(batch))

    def step_seconds(self):
        """Seconds of an iteration whose batch is on the device already; None for a loop that reads none."""
        if not hasattr(self.contestant, "step"):
            return None
        batch, spent = self.contestant.batch_on_device(), []
        for _ in range(2):
            wait()
            started = time.perf_counter()
            self._under(self.contestant.step, batch)
            spent.append(time.perf_counter() - started)
        return min(spent)

    def _under(self, call, *arguments):
        with contextlib.ExitStack() as stack:
            for make in self.under:
                stack.enter_context(make())
            return call(*arguments)


def race(report, label, ways, rounds, count=3):
    """Time ways in turns and report, for each, what is known so far.

    A row has the median seconds of an iteration; its quotient with the way it stands beside; the seconds of an
    iteration whose batch is on the device already; the GB at the peak of an iteration; the share of its time that
    the GPU computes or copies; the seconds of the first iteration, which plans and compiles; and in the JSON all
    times and the longest kernels.

    Args:
        report: `Report`.
        label: str, before the name of each row.
        ways: dict of `Way` by name.
        rounds: int, turns of each.
        count: int, iterations in a turn, of which the first is left out.
    """
    found = {name: {"times": []} for name in ways}
    for name, way in ways.items():
        with _attempt(report, label, name, found):
            started = time.perf_counter()
            way.iterate(1)
            wait()
            found[name]["first"] = time.perf_counter() - started
            found[name]["GB"] = peak_gigabytes(functools.partial(way.iterate, 1))
    for turn in range(rounds):
        for name in [*found]:
            slow = found[name].get("slow", False)
            if slow and turn:
                continue
            with _attempt(report, label, name, found):
                times = ways[name].iterate(2 if turn == 0 else count)
                found[name]["times"] += times
                found[name]["slow"] = times[0] > SLOW_S
                _tell(report, label, ways, found)
    for name in [*found]:
        with _attempt(report, label, name, found):
            found[name]["step"] = ways[name].step_seconds()
            found[name]["kernels"] = ways[name].kernels()
            _tell(report, label, ways, found)


@contextlib.contextmanager
def _attempt(report, label, name, found):
    """A failure is a row, ends that way's race, and gives the memory back."""
    failed = True
    with report.attempt(f"{label} {name}"):
        yield
        failed = False
    if failed:
        found.pop(name)
        if on_gpu():
            torch.cuda.empty_cache()


def _tell(report, label, ways, found):
    medians = {name: statistics.median(facts["times"]) for name, facts in found.items() if facts["times"]}
    for name, seconds in medians.items():
        facts, beside = found[name], ways[name].beside
        device = facts.get("kernels")
        report.row(
            f"{label} {name}",
            seconds=seconds,
            ratio=seconds / medians[beside] if beside in medians else None,
            step=facts.get("step"),
            GB=facts["GB"],
            busy=device and min(1.0, device["seconds"] / seconds),
            kernels=device and device["count"],
            first=facts["first"],
            times=facts["times"],
            longest=device["longest"] if device else {},
        )

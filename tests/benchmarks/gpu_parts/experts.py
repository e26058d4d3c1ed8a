"""Seconds an expert needs for an epoch, alone on the device and beside others. `main(report, size)`.

Each expert is trained by a process of its own, as `experts.processes` has it. All processes are started, and the
videos made, before any is told to train; then one, two and four train at once. A process says how long its steps
took without the first few; an epoch is as many steps as the made training set has.
"""

import dataclasses
import functools
import json
import subprocess
import sys
import time

TOGETHER = {"paper": (1, 2, 4), "small": (1, 2), "tiny": (1, 2)}
# Steps at the start of a training that plan and compile.
LEFT_OUT = 3


def main(report, size):
    for precision in ("float32", "bfloat16"):
        with report.attempt(precision):
            measure(report, size, precision)


def measure(report, size, precision):
    command = [sys.executable, "-m", "gpu_parts.experts", size, precision]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, **pipes) for _ in range(max(TOGETHER[size]))]
    try:
        for worker in workers:
            heard(worker)
        for together in TOGETHER[size]:
            for worker in workers[:together]:
                print("train", file=worker.stdin, flush=True)
            told = [heard(worker) for worker in workers[:together]]
            epoch = max(answer["epoch"] for answer in told)
            report.row(
                f"{precision}, {together} at once",
                epoch=epoch,
                **{"an expert": epoch / together},
                GB=max(answer["GB"] for answer in told),
                clips=told[0]["clips"],
            )
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def heard(worker):
    """The next answer of a worker; what libraries print goes elsewhere."""
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError(f"a process that trains an expert ended with {worker.wait()}")
    return json.loads(line)


def work(size, precision):
    """A worker: answers on the first standard output, and trains an expert for each line it is sent."""
    from gpu_parts.child import find_recipes
    from gpu_parts.sizes import SIZES

    find_recipes()
    from gpu_parts.device import peak_gigabytes
    from keras_vdd.experts.engine import training_of
    from keras_vdd.experts.training import ExpertTrainer

    geometry = SIZES[size][0]
    training = training_of(geometry.recipe("mtt", f"run.precision={precision}"))
    steps = training.steps(geometry.videos)
    # An epoch, and the steps that are left out.
    videos = geometry.videos + LEFT_OUT * geometry.batch
    trainer = ExpertTrainer(
        geometry.store(videos), geometry.store(geometry.classes), dataclasses.replace(training, epochs=1)
    )
    answer(ready=True)
    for _ in sys.stdin:
        ends: list[float] = []

        def note(done, loss, epoch=None, ends=ends):
            # The end of an epoch is told besides that of its last step.
            if epoch is None:
                ends.append(time.perf_counter())

        gigabytes = peak_gigabytes(functools.partial(trainer.train, 0, note))
        spent = ends[-1] - ends[LEFT_OUT - 1]
        answer(epoch=spent / (len(ends) - LEFT_OUT) * steps, GB=gigabytes, clips=geometry.videos)


def answer(**values):
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    work(*sys.argv[1:])

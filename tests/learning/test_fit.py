"""A stage that is stopped in any way and started again ends with the numbers of one that was not."""

import contextlib
import os
import shutil
import signal

import numpy as np
import pytest
from toy_condensers import make_batch, make_condenser

from keras_vdd import stopping
from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import load_arrays, save_arrays
from keras_vdd.learning.fit import fit_stage, has_converged
from keras_vdd.progress import Silent
from keras_vdd.runs.log import Log
from keras_vdd.stopping import Stopped, heard

ITERATIONS, EVERY, STOP = 9, 2, 5
KEPT = ["checkpoint-before.safetensors", "checkpoint.safetensors"]


class Run:
    """The part of a `RunFolder` that a stage uses."""

    run_id = "a run"

    def __init__(self, path):
        self.path, self.log = path, Log(path / "log.jsonl")

    def stage(self, name):
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder


class Watched(Silent):
    """Calls `event` when iteration `at` is done, and remembers what is said."""

    def __init__(self, at=None, event=None):
        self.at, self.event, self.done, self.said = at, event, [], []

    @contextlib.contextmanager
    def task(self, title, total=None):
        def update(done, **figures):
            self.done.append(done)
            if done == self.at:
                self.event()

        yield update

    def say(self, text):
        self.said.append(text)


def learn(path, progress=None, batch=make_batch, condenser=None, iterations=ITERATIONS, **options):
    """Run a stage from its start or its checkpoint, as a new process would: (condenser, losses)."""
    condenser = condenser or make_condenser("static-dynamic", per_class=2)
    options = {"lighter": "lower dynamic.chunk", "checkpoint_every": EVERY, **options}
    options = {"rates": "dynamic.learning_rates.dynamic", **options}
    losses = fit_stage(
        "dynamic", condenser, lambda i: batch(condenser, i), iterations, Run(path),
        progress=progress or Silent(), title="Toy", **options,
    )  # fmt: skip
    return condenser, losses


def check_same(found, expected, found_path, expected_path):
    assert found[1] == expected[1]
    for name, array in expected[0].memory.arrays().items():
        np.testing.assert_array_equal(found[0].memory.arrays()[name], array)
    assert (found_path / "log.jsonl").read_text() == (expected_path / "log.jsonl").read_text()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run."""
    path = tmp_path_factory.mktemp("whole")
    return learn(path), path


def failing_at(*iterations):
    def batch(condenser, iteration):
        if iteration in iterations:
            raise RuntimeError("the disk is gone")
        return make_batch(condenser, iteration)

    return batch


def test_an_uninterrupted_run_is_logged_and_saved(whole):
    (condenser, losses), path = whole
    assert len(losses) == ITERATIONS and np.isfinite(losses).all()
    records = Log(path / "log.jsonl").records()
    assert [r["loss"] for r in records] == losses
    assert [(r["stage"], r["iteration"]) for r in records] == [("dynamic", i + 1) for i in range(ITERATIONS)]
    arrays, facts = load_arrays(path / "dynamic" / "checkpoint.safetensors")
    assert facts == {"iteration": ITERATIONS, "log": records}
    assert arrays["losses"].tolist() == losses
    saved = next(a for name, a in arrays.items() if name.startswith("memory/") and name.endswith("dynamic"))
    np.testing.assert_array_equal(saved, condenser.memory.arrays()["dynamic"])
    assert sorted(f.name for f in (path / "dynamic").iterdir()) == KEPT
    assert load_arrays(path / "dynamic" / KEPT[0])[1]["iteration"] == ITERATIONS - 1


def test_progress_counts_every_iteration(tmp_path):
    progress = Watched()
    learn(tmp_path, progress, iterations=3)
    assert progress.done == [0, 1, 2, 3] and progress.said == []


@pytest.mark.parametrize("stop", [1, STOP, 8])
def test_resumed_after_an_error_in_a_batch(tmp_path, whole, stop):
    with pytest.raises(RuntimeError, match="the disk is gone"):
        learn(tmp_path, batch=failing_at(stop))
    progress = Watched()
    check_same(learn(tmp_path, progress), whole[0], tmp_path, whole[1])
    kept = stop // EVERY * EVERY
    assert progress.done[0] == kept
    assert progress.said == ([f"Toy: going on after iteration {kept}."] if kept else [])


def test_an_error_in_a_batch_comes_out_as_it_was(tmp_path):
    def batch(condenser, iteration):
        raise VddError("The video 'x.mp4' is gone: prepare the data again.")

    with pytest.raises(VddError, match="^The video 'x.mp4' is gone: prepare the data again.$"):
        learn(tmp_path, batch=batch)


def test_resumed_after_two_errors(tmp_path, whole):
    for stop in (3, 7):
        with pytest.raises(RuntimeError):
            learn(tmp_path, batch=failing_at(stop))
    check_same(learn(tmp_path), whole[0], tmp_path, whole[1])


def test_resumed_after_an_error_of_the_listener(tmp_path, whole):
    def fail():
        raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="the terminal is gone"):
        learn(tmp_path, Watched(STOP, fail))
    check_same(learn(tmp_path), whole[0], tmp_path, whole[1])


@pytest.mark.parametrize("number, times", [(signal.SIGINT, 1), (signal.SIGINT, 3), (signal.SIGTERM, 2)])
def test_a_signal_ends_the_iteration_and_saves_it_however_often_it_comes(number, times, tmp_path, whole):
    def send():
        for _ in range(times):
            os.kill(os.getpid(), number)

    with pytest.raises(Stopped, match=f"after iteration {STOP} of {ITERATIONS}"), heard():
        learn(tmp_path, Watched(STOP, send))
    assert load_arrays(tmp_path / "dynamic" / "checkpoint.safetensors")[1]["iteration"] == STOP
    progress = Watched()
    check_same(learn(tmp_path, progress), whole[0], tmp_path, whole[1])
    assert progress.done[0] == STOP


def test_one_that_comes_later_acts_at_once(tmp_path, whole, monkeypatch):
    def interrupt_twice():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(stopping, "PATIENCE_S", 0)
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path, Watched(STOP, interrupt_twice))
    kept = load_arrays(tmp_path / "dynamic" / "checkpoint.safetensors")[1]["iteration"]
    assert kept == STOP // EVERY * EVERY
    check_same(learn(tmp_path), whole[0], tmp_path, whole[1])


def test_the_two_checkpoints_are_of_two_iterations_where_the_last_one_is_kept_anyway(tmp_path):
    learn(tmp_path, iterations=2 * EVERY)
    kept = [load_arrays(tmp_path / "dynamic" / name)[1]["iteration"] for name in KEPT]
    assert kept == [EVERY, 2 * EVERY]


def test_a_finished_stage_is_not_run_again(tmp_path):
    first = learn(tmp_path, iterations=3)
    again = learn(tmp_path, iterations=3, batch=failing_at(*range(9)))
    check_same(again, first, tmp_path, tmp_path)


def test_a_diverged_loss_names_the_rate_and_keeps_the_last_good_checkpoint(tmp_path, whole):
    def batch(condenser, iteration):
        values = make_batch(condenser, iteration)
        return {**values, "target": values["target"] * np.float32("nan")} if iteration == STOP else values

    with pytest.raises(VddError) as raised:
        learn(tmp_path, batch=batch)
    message = str(raised.value)
    assert f"Stage dynamic diverged at iteration {STOP + 1} (loss nan)" in message
    assert "lower dynamic.learning_rates.dynamic;" in message and str(tmp_path / "dynamic") in message
    arrays, facts = load_arrays(tmp_path / "dynamic" / "checkpoint.safetensors")
    assert facts["iteration"] == STOP // EVERY * EVERY
    assert all(np.isfinite(a).all() for a in arrays.values())
    check_same(learn(tmp_path), whole[0], tmp_path, whole[1])


def test_too_large_a_rate_diverges_with_a_clear_error(tmp_path):
    condenser = make_condenser("full-video", rates={"video": 1e12})
    with pytest.raises(VddError, match="diverged at iteration .*: lower dynamic.learning_rates.video"):
        learn(tmp_path, condenser=condenser, rates="dynamic.learning_rates.video", iterations=30)
    path = tmp_path / "dynamic" / "checkpoint.safetensors"
    if path.exists():
        assert all(np.isfinite(a).all() for a in load_arrays(path)[0].values())


def test_a_memory_that_left_the_finite_numbers_is_not_saved(tmp_path):
    """The last step's gradient can overflow where its loss did not."""
    condenser = make_condenser("full-video", rates={"video": 1e38})
    with pytest.raises(VddError, match="the memory is no longer finite"):
        learn(tmp_path, condenser=condenser, iterations=1, batch=lambda c, i: {
            **make_batch(c, i), "target": 1e3 * make_batch(c, i)["target"]
        })  # fmt: skip
    assert not (tmp_path / "dynamic" / "checkpoint.safetensors").exists()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A stage after 5 iterations: its checkpoints are of the 4th and the 5th."""
    path = tmp_path_factory.mktemp("stopped")
    learn(path, iterations=STOP)
    return path


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", "cut", "flipped", "gone"])
def test_a_damaged_checkpoint_costs_what_was_done_since_the_one_before(
    stopped, tmp_path, damage, whole, caplog
):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    before, last = (tmp_path / "dynamic" / name for name in KEPT)
    content = last.read_bytes()
    flipped = content[:-40] + bytes([content[-40] ^ 4]) + content[-39:]
    last.write_bytes(
        {"cut": content[:-9], "flipped": flipped}.get(damage, damage if damage != "gone" else b"")
    )
    if damage == "gone":
        last.unlink()
    progress = Watched()
    check_same(learn(tmp_path, progress), whole[0], tmp_path, whole[1])
    assert progress.said == [f"Toy: going on after iteration {STOP - 1}."]
    assert len(caplog.messages) == (damage != "gone")
    if caplog.messages:
        assert f"'{last}' is damaged" in caplog.messages[0]
        assert "goes on from the checkpoint before" in caplog.messages[0]
    # The damaged one has not taken the place of the whole one before it.
    assert load_arrays(before)[1]["iteration"] == ITERATIONS - 1


def test_without_a_whole_checkpoint_it_is_one_sentence_and_nothing_is_lost(stopped, tmp_path):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    for name in KEPT:
        (tmp_path / "dynamic" / name).write_bytes(b"no checkpoint")
    with pytest.raises(
        VddError, match="checkpoint.safetensors' is damaged .* no whole .* begins the stage anew"
    ):
        learn(tmp_path)
    assert all((tmp_path / "dynamic" / name).read_bytes() == b"no checkpoint" for name in KEPT)


def test_the_checkpoint_of_another_run_is_refused(stopped, tmp_path, monkeypatch):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(Run, "run_id", "another run")
    with pytest.raises(VddError, match="checkpoint.safetensors' belongs to another run: put it back"):
        learn(tmp_path)


def test_a_checkpoint_without_a_mark_that_does_not_fit_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(Run, "run_id", None)
    (tmp_path / "dynamic").mkdir()
    save_arrays(tmp_path / "dynamic" / KEPT[1], {"losses": np.zeros(2)}, iteration=2)
    with pytest.raises(VddError, match="is no checkpoint of this stage"):
        learn(tmp_path)


@pytest.mark.parametrize("damage", ["emptied", "flipped", "another's"])
def test_a_damaged_log_is_written_again_as_it_was(stopped, tmp_path, damage, whole, caplog):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    log = tmp_path / "log.jsonl"
    text = log.read_text()
    log.write_text(
        {"emptied": "", "flipped": text.replace('"iteration": 2', '"iteration": 6')}.get(
            damage, '{"stage": "static", "iteration": 1, "loss": 1.0}\n' + text.replace("6", "7")
        )
    )
    learn(tmp_path)
    expected = (whole[1] / "log.jsonl").read_text()
    assert log.read_text().endswith(expected) and log.read_text().count("dynamic") == ITERATIONS
    assert len(caplog.messages) == 1 and f"'{log}' was damaged" in caplog.messages[0]


def test_has_converged():
    falling = [8.0, 8.0, 4.0, 4.0, 3.99, 3.99]
    assert not has_converged(falling, 0, 0.5)
    assert not has_converged([1.0, 1.0, 1.0], 2, 0.01), "two whole windows are needed"
    assert not has_converged(falling[:4], 2, 0.01), "the loss halved"
    assert not has_converged(falling[:5], 2, 0.01), "the last window is not full"
    assert has_converged(falling, 2, 0.01), "a fall by 0.25 % is less than 1 %"
    assert not has_converged(falling, 2, 0.001)
    assert has_converged([1.0, 1.0, 2.0, 2.0], 2, 0.0), "a rise"
    assert has_converged([1.0, 1.0, 1.0, 1.0], 2, 0.0), "no fall at all"


def test_a_converged_stage_stops_early_and_stays_stopped(tmp_path):
    def still(condenser, iteration):
        return make_batch(condenser, 0)

    def frozen():
        return make_condenser("full-video", rates={"video": 0.0})

    first = learn(tmp_path, batch=still, condenser=frozen(), patience=3, tolerance=0.01, iterations=20)
    assert len(first[1]) == 6 and len(set(first[1])) == 1
    assert load_arrays(tmp_path / "dynamic" / "checkpoint.safetensors")[1]["iteration"] == 6
    again = learn(tmp_path, batch=failing_at(*range(20)), condenser=frozen(), patience=3, tolerance=0.01)
    check_same(again, first, tmp_path, tmp_path)

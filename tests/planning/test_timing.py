"""Estimates of time: they are the machine's, not those of the moment."""

import logging
import time

import numpy as np
import pytest

from keras_vdd import backend
from keras_vdd.planning import timing


def waits():
    time.sleep(0.03)
    return 0.0, [np.zeros(1)]


@pytest.mark.skipif(backend.accelerated(), reason="a device's seconds are those of the clock")
def test_waiting_for_a_busy_machine_is_no_part_of_it():
    before = backend.thread_count()
    assert timing.seconds_of(waits) < 0.02
    assert backend.thread_count() == before
    assert "processor seconds" in timing.measured_by()


def test_threads_share_all_but_a_tenth(monkeypatch):
    monkeypatch.setattr(timing, "accelerated", lambda: False)
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(timing.time, "process_time", lambda: next(clock))
    for threads, seconds in ((1, 2.0), (2, 1.1), (9, 0.4)):
        monkeypatch.setattr(timing, "thread_count", lambda threads=threads: threads)
        assert timing.seconds_of(lambda: (0.0, [np.zeros(1)])) == pytest.approx(seconds)


@pytest.mark.parametrize("days, told", [(0.9, False), (3.2, True)])
def test_a_run_of_days_is_a_warning_that_names_its_longest_part(days, told, caplog):
    seconds = days * 86400
    with caplog.at_level(logging.WARNING, "keras_vdd"):
        timing.warn_of_days(seconds, {"static": {"seconds": 1.0}, "dynamic": {"seconds": seconds - 1}})
    assert bool(caplog.messages) == told
    assert not told or ("3.2 days" in caplog.text and "for dynamic" in caplog.text)

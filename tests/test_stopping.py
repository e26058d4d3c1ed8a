"""Signals that ask to stop: raised where nothing is at stake, kept for the next good moment where something is."""

import os
import signal
import subprocess
import sys
import time

import pytest

from keras_vdd import stopping
from keras_vdd.stopping import SIGNALS, Stopped, heard, softly


@pytest.fixture(autouse=True)
def handlers(monkeypatch):
    """Handlers as a program begins with, and no signal of an earlier test."""
    kept = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(stopping._asked, "at", -stopping.PATIENCE_S)
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def send(number, times=1):
    for _ in range(times):
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_raised_and_its_handler_put_back(number):
    before = signal.getsignal(number)
    with pytest.raises(Stopped) as stopped, heard():
        send(number)
    assert stopped.value.number == number and signal.getsignal(number) is before


def test_one_that_follows_at_once_does_not_break_off_what_cleans_up(monkeypatch):
    cleaned = []
    with pytest.raises(Stopped), heard():
        try:
            send(signal.SIGINT)
        finally:
            send(signal.SIGTERM, 3)
            cleaned.append(True)
    assert cleaned
    monkeypatch.setattr(stopping, "PATIENCE_S", 0)
    with pytest.raises(Stopped) as stopped, heard():
        try:
            send(signal.SIGINT)
        finally:
            send(signal.SIGTERM)
    assert stopped.value.number == signal.SIGTERM


class Swallows:
    """Python ignores what is raised while it puts one of these away."""

    def __del__(self):
        send(signal.SIGTERM)


def test_one_that_comes_where_python_raises_nothing_is_raised_after_it(capsys):
    with pytest.raises(Stopped) as stopped, heard():
        Swallows()
        for _ in range(500):
            time.sleep(0.01)
        pytest.fail("the signal was lost")
    assert stopped.value.number == signal.SIGTERM and capsys.readouterr().err == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_softly_keeps_it_for_a_good_moment(number):
    done = []
    with pytest.raises(Stopped) as stopped, heard(), softly() as soft:
        assert not soft
        send(number, 3)
        done.append(bool(soft))
        soft.stop("iteration 3")
    assert done == [True] and stopped.value.number == number and stopped.value.reached == "iteration 3"
    with softly() as soft:
        soft.stop("nothing came")


def test_later_ones_raise_at_once(monkeypatch):
    monkeypatch.setattr(stopping, "PATIENCE_S", 0)
    with pytest.raises(Stopped), softly():
        send(signal.SIGINT)
        send(signal.SIGINT)
        pytest.fail("the second signal was kept too")


def test_ignored_signals_stay_ignored_and_own_handlers_are_called():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with heard(), softly() as soft:
        send(signal.SIGHUP)
        assert not soft
    called = []
    signal.signal(signal.SIGTERM, lambda number, frame: called.append(number))
    with pytest.raises(KeyboardInterrupt), softly() as soft:
        send(signal.SIGTERM)
        assert not called
        soft.stop("")
    assert called == [signal.SIGTERM]


def test_while_python_ends_a_signal_ends_the_command_without_a_word(monkeypatch):
    from keras_vdd.cli import main as command

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    monkeypatch.setattr(command, "main", lambda: 7)
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # which a command may open anew
    assert command.run() == 7
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == [signal.SIG_DFL] * 2
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_process_without_handlers_ends_by_the_signal_after_its_work():
    code = (
        "import os, signal\nfrom keras_vdd.stopping import softly\n"
        "with softly() as soft:\n    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('saved', flush=True)\n    soft.stop('')"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGTERM and done.stdout == "saved\n" and not done.stderr

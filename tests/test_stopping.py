"""Signals that ask to stop: raised where nothing is at stake, kept for the next good moment where something is."""

import contextlib
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


def test_one_after_the_last_look_is_not_lost():
    for within in (heard(), contextlib.nullcontext()):
        with pytest.raises(Stopped) as stopped, within, softly() as soft:
            soft.stop("iteration 3")
            send(signal.SIGINT)
        assert stopped.value.number == signal.SIGINT


def test_all_handlers_are_put_back_where_a_signal_comes_just_then(monkeypatch):
    before = [signal.getsignal(number) for number in SIGNALS]
    put, sent = signal.signal, []

    def interrupted(number, handler):
        if handler in before and not sent:
            sent.append(number)
            send(number)
        return put(number, handler)

    monkeypatch.setattr(signal, "signal", interrupted)
    with pytest.raises(Stopped) as stopped, heard():
        pass
    assert [stopped.value.number] == sent
    assert [signal.getsignal(number) for number in SIGNALS] == before


@pytest.mark.parametrize("code, ends", [(7, signal.SIG_DFL), (128 + signal.SIGINT, signal.SIG_IGN)])
def test_while_python_ends_no_other_signal_than_was_said_ends_the_command(monkeypatch, code, ends):
    from keras_vdd.cli import main as command

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    monkeypatch.setattr(command, "main", lambda: code)
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # which a command may open anew
    assert command.run() == code
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == [signal.SIG_DFL, ends]
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_the_first_of_two_in_a_row_is_the_one_that_is_said(monkeypatch, capsys):
    """Whatever came between, exit code and sentence are of one signal; before and after a command none is raised."""
    from keras_vdd.cli import main as command

    def work(*args, **more):
        try:
            send(signal.SIGTERM)
        finally:
            send(signal.SIGINT)

    monkeypatch.setattr(command.command, "main", work)
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    assert command.run() == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "stopped by SIGTERM\n"


def test_a_process_without_handlers_ends_by_the_signal_after_its_work():
    code = (
        "import os, signal\nfrom keras_vdd.stopping import softly\n"
        "with softly() as soft:\n    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('saved', flush=True)\n    soft.stop('')"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGTERM and done.stdout == "saved\n" and not done.stderr

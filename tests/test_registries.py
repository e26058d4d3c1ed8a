"""What every concept that is known by name has in common: methods, memories, networks, baselines and sets."""

import dataclasses
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import pytest

import keras_vdd
from keras_vdd.data.sources import SOURCES
from keras_vdd.errors import UsageError
from keras_vdd.evaluation import Baseline
from keras_vdd.evaluation.baselines import BASELINES
from keras_vdd.memory import MEMORIES
from keras_vdd.memory.still.settings import StillSettings
from keras_vdd.methods import METHODS, MatchingSettings, Method
from keras_vdd.models.registry import NETWORKS
from keras_vdd.registry import Registry


class OwnLoss(MatchingSettings):
    """Own."""

    loss: Literal["own"] = "own"
    """Matching loss: own."""


class OwnMemory(StillSettings):
    """Own."""

    kind: Literal["own"] = "own"
    """Kind of memory: own."""


def row(name):
    made = Baseline()
    made.name, made.title = name, "mine"
    return made


@dataclasses.dataclass(frozen=True)
class Case:
    """A concept; `add` registers one of one's own, "own", and `double` another one under the name `near`."""

    concept: str
    registry: Registry
    typo: str
    near: str
    add: Callable[[], Any]
    double: Callable[[], Any]
    wrong: Callable[[], Any]
    words: str


STILL, ROW = MEMORIES.get("still"), row("own")
CASES = [
    Case(
        "method", METHODS, "frpo", "frepo",
        lambda: keras_vdd.register_method(Method("own", "Own", OwnLoss, print, print)),
        lambda: keras_vdd.register_method(dataclasses.replace(METHODS.get("frepo"), title="Mine")),
        lambda: keras_vdd.register_method(OwnLoss),
        "it must be a keras_vdd.methods.Method",
    ),
    Case(
        "memory", MEMORIES, "stil", "still",
        lambda: keras_vdd.register_memory(dataclasses.replace(STILL, kind="own", settings=OwnMemory)),
        lambda: keras_vdd.register_memory(dataclasses.replace(STILL, title=" pictures")),
        lambda: keras_vdd.register_memory("still"),
        "it must be a keras_vdd.memory.Memory",
    ),
    Case(
        "network", NETWORKS, "mini_c3", "mini_c3d",
        lambda: keras_vdd.register_network("own", print),
        lambda: keras_vdd.register_network("mini_c3d", print),
        lambda: keras_vdd.register_network("own", "mini_c3d"),
        "must be a class or a function, not 'mini_c3d'",
    ),
    Case(
        "baseline", BASELINES, "ful", "full",
        lambda: keras_vdd.register_baseline(ROW),
        lambda: keras_vdd.register_baseline(row("full")),
        lambda: keras_vdd.register_baseline("full"),
        "it must be a keras_vdd.evaluation.Baseline",
    ),
    Case(
        "set", SOURCES, "ucf11", "ucf101",
        lambda: keras_vdd.register_source("own", print),
        lambda: keras_vdd.register_source("ucf101", print),
        lambda: keras_vdd.register_source("own", "ucf101"),
        "must be a function, not 'ucf101'",
    ),
]  # fmt: skip
NAMES = {case.concept: case.registry.names() for case in CASES}
every = pytest.mark.parametrize("case", CASES, ids=lambda case: case.concept)


def test_all_are_told_without_keras_or_a_decoder():
    code = (
        "import json, sys\n"
        "from keras_vdd.data.sources import SOURCES\n"
        "from keras_vdd.evaluation.baselines import BASELINES\n"
        "from keras_vdd.memory import MEMORIES\n"
        "from keras_vdd.methods import METHODS\n"
        "from keras_vdd.models.registry import NETWORKS\n"
        "names = {r.concept: r.names() for r in (METHODS, MEMORIES, NETWORKS, BASELINES, SOURCES)}\n"
        "print(json.dumps([names, [name for name in ('keras', 'av', 'PIL') if name in sys.modules]]))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [NAMES, []]


@every
def test_one_of_ones_own_is_taken_and_told(case, forgetting):
    assert "own" not in case.registry
    case.add()
    case.add()
    assert case.registry.names() == sorted([*NAMES[case.concept], "own"])
    assert list(case.registry) == [case.registry.get(name) for name in case.registry.names()]


@every
def test_what_a_test_registers_is_forgotten(case):
    assert case.registry.names() == NAMES[case.concept]


@every
def test_an_unknown_name_offers_the_nearest(case):
    known = ", ".join(NAMES[case.concept])
    with pytest.raises(UsageError) as caught:
        case.registry.get(case.typo)
    told = f"The {case.concept} '{case.typo}' is unknown, did you mean '{case.near}': choose one of {known}."
    assert str(caught.value) == told
    with pytest.raises(UsageError, match=f"The {case.concept} 'zzz' is unknown: choose one of {known}"):
        case.registry.get("zzz")


@every
def test_a_name_is_given_once(case, forgetting):
    first = case.registry.get(case.near)
    with pytest.raises(
        UsageError, match=f"There is a {case.concept} '{case.near}' already: give yours another name"
    ):
        case.double()
    assert case.registry.get(case.near) is first


@every
def test_what_is_none_is_refused(case, forgetting):
    with pytest.raises(UsageError, match=case.words):
        case.wrong()
    assert case.registry.names() == NAMES[case.concept]


@every
@pytest.mark.parametrize("name", ["my own", "", "a/b", None, 3])
def test_a_name_is_one_that_a_recipe_can_have(case, name, forgetting):
    with pytest.raises(UsageError, match=f"A {case.concept} cannot be called {name!r}: take letters, digits"):
        case.registry.add(name, object())


def test_a_thread_that_asks_while_another_looks_waits_for_what_there_is():
    looking, found = threading.Event(), []

    def own():
        looking.set()
        assert "slow" not in registry  # the files that are being read may ask already
        time.sleep(0.2)
        yield "slow", 1

    registry = Registry("thing", own)
    first = threading.Thread(target=lambda: found.append(registry.names()))
    first.start()
    assert looking.wait(10)
    found.append(registry.names())
    first.join()
    assert found == [["slow"], ["slow"]]

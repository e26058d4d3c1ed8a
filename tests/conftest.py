"""What many tests share, which tests one backend's run leaves to another, and how processes of tests begin."""

import atexit
import functools
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import types

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

# Rooms whose tests come out alike whatever the backend, as do those that lie in no room; elsewhere the mark
# `once` says so of a test or a file.
TESTS = pathlib.Path(__file__).resolve().parent
ONCE = (
    "cards", "cli", "coreset", "data", "datasets_hook", "hub", "planning", "published", "recipe", "report"
)  # fmt: skip

# JAX and TensorFlow compile many small functions here, each run a few times: XLA's costly passes would not pay,
# nor its newer way of fusing loops, which takes four times as long to compile, nor parts compiled side by side.
# What JAX compiled once it finds again, within a process and in the processes that tests start.
XLA_FLAGS = (
    "--xla_backend_optimization_level=0",
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_cpu_parallel_codegen_split_count=1",
)
os.environ.setdefault("XLA_FLAGS", " ".join(XLA_FLAGS))
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    compiled = tempfile.mkdtemp(prefix="vdd-tests-jax-")
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = compiled
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.05"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"

# Begun by `nohup`, or in the background of a script, tests would ignore signals, and so would what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Two backends may be at work at once: how long an example takes tells nothing.
hypothesis.settings.register_profile("tests", deadline=None, database=None)
hypothesis.settings.load_profile("tests")
# What it keeps for itself, such as tables of letters, goes with the tests, not into the tree.
drawn = tempfile.mkdtemp(prefix="vdd-tests-hypothesis-")
atexit.register(shutil.rmtree, drawn, ignore_errors=True)
set_hypothesis_home_dir(drawn)


def pytest_addoption(parser):
    words = "tests that no backend changes: run with the others, not at all, or alone"
    parser.addoption("--once", choices=("too", "never", "only"), default="too", help=words)


def pytest_ignore_collect(collection_path, config):
    """Spare the time of importing rooms of which nothing would run."""
    whole = collection_path.parent == TESTS and _is_once(collection_path)
    return True if whole and config.getoption("once") == "never" else None


def _is_once(path):
    parts = path.relative_to(TESTS).parts
    return parts[0] in ONCE or (len(parts) == 1 and path.name.startswith("test_"))


def pytest_collection_modifyitems(config, items):
    for item in items:
        if _is_once(item.path):
            item.add_marker(pytest.mark.once)
    share = config.getoption("once")
    if share != "too":
        left = [item for item in items if (item.get_closest_marker("once") is None) == (share == "only")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    from small_run import small

    from keras_vdd.pipeline import distill

    place = tmp_path_factory.mktemp("whole")
    recipe = small(place)
    results = distill(recipe)
    folder = pathlib.Path(recipe.run.dir) / recipe.run_name
    store = place / "stores"
    return types.SimpleNamespace(recipe=recipe, results=results, folder=folder, place=place, store=store)


@pytest.fixture(scope="session")
def stores(tmp_path_factory):
    """The small run's videos, {"train": Store, "test": Store}."""
    from small_run import small

    from keras_vdd.data.sources import find_videos
    from keras_vdd.data.store import prepare
    from keras_vdd.progress import Silent

    data = small(tmp_path_factory.mktemp("stores")).data
    return prepare(find_videos(data, Silent()), data, Silent())


@pytest.fixture
def linear(monkeypatch):
    """`Linear` in MiniC3D's place, compiled in no time; gives the numbers of experts that were trained."""
    from small_experts import Linear

    from keras_vdd.experts import engine, worker
    from keras_vdd.experts.training import ExpertTrainer
    from keras_vdd.models.clips import mini_c3d

    trained = []

    class Trainer(ExpertTrainer):
        def train(self, number, update=None):
            trained.append(number)
            return super().train(number, update)

    monkeypatch.setattr(mini_c3d, "NETWORK", Linear)
    monkeypatch.setattr(worker, "ExpertTrainer", functools.cache(Trainer))
    # However many processors there are, in this process, where the network is another.
    monkeypatch.setattr(engine, "processor_count", lambda: 1)
    return trained


@pytest.fixture
def forgetting(monkeypatch):
    """What a test registers, or loads as a plugin, is forgotten when it ends; it begins without plugins.

    Gives a function that forgets it sooner.
    """
    from keras_vdd import plugins
    from keras_vdd.data.sources import SOURCES
    from keras_vdd.evaluation.baselines import BASELINES
    from keras_vdd.memory import MEMORIES
    from keras_vdd.methods import METHODS
    from keras_vdd.models.registry import NETWORKS

    registries = (BASELINES, MEMORIES, METHODS, NETWORKS, SOURCES)
    for registry in registries:
        registry.names()
    before = [registry._records for registry in registries]

    def forget():
        for registry, records in zip(registries, before, strict=True):
            monkeypatch.setattr(registry, "_records", dict(records))
        monkeypatch.setattr(plugins, "_LOADED", {})

    forget()
    return forget


@pytest.fixture
def vdd_here(forgetting, tmp_path, monkeypatch, capsys):
    """A function (words, *settings, code=0) -> what a command in this process and in the test's folder prints.

    That is `out` and `err`. As a process of its own, each begins without the plugins of another.
    """
    from keras_vdd.cli.main import main

    monkeypatch.chdir(tmp_path)

    def run(words, *settings, code=0):
        capsys.readouterr()
        forgetting()
        ended = main([*words, *settings])
        said = capsys.readouterr()
        assert ended == code, said.err
        return said

    return run


@pytest.fixture
def tensorflow_is_left_alone(monkeypatch):
    """Keras fails where it imports TensorFlow for itself, as if nothing had yet."""
    import keras
    from keras.src.utils import module_utils

    if keras.config.backend() != "tensorflow":
        monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
        monkeypatch.setattr(module_utils.tensorflow, "_available", None)
        monkeypatch.setattr(
            module_utils.tensorflow, "initialize", lambda: pytest.fail("TensorFlow is imported")
        )


@pytest.fixture(autouse=True, scope="module")
def plugins_of_a_module():
    """What a module's tests load as plugins is not told of the runs of the next module."""
    from keras_vdd import plugins

    before = dict(plugins._LOADED)
    yield
    plugins._LOADED.clear()
    plugins._LOADED.update(before)

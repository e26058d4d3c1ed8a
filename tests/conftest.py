"""What many tests share: a small run that nothing interrupted, decoded videos, a network that trains in no time.

JAX compiles many small functions here, each run a few times: XLA's costly passes would not pay.

What it compiled once it finds again, within a process and in the processes that tests start.
"""

import atexit
import functools
import os
import pathlib
import shutil
import tempfile
import types

import pytest

os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    compiled = tempfile.mkdtemp(prefix="vdd-tests-jax-")
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = compiled
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.2"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


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
    """`Linear` takes MiniC3D's place and compiles in no time; gives the numbers of the experts that were trained."""
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

"""A small run that nothing interrupted, decoded videos, and a network that trains in no time."""

import functools
import pathlib
import types

import pytest
from small_run import small


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    from keras_vdd.training.stages import distill

    place = tmp_path_factory.mktemp("whole")
    recipe = small(place)
    results = distill(recipe)
    folder = pathlib.Path(recipe.run.dir) / recipe.run_name
    store = place / "stores"
    return types.SimpleNamespace(recipe=recipe, results=results, folder=folder, place=place, store=store)


@pytest.fixture(scope="session")
def stores(tmp_path_factory):
    """The small run's videos, {"train": Store, "test": Store}."""
    from keras_vdd.data.sources import find_videos
    from keras_vdd.data.store import prepare
    from keras_vdd.progress import Silent

    data = small(tmp_path_factory.mktemp("stores")).data
    return prepare(find_videos(data, Silent()), data, Silent())


@pytest.fixture
def linear(monkeypatch):
    """`Linear` in MiniC3D's place, compiled in no time; gives the numbers of experts that were trained."""
    from small_experts import Linear

    from keras_vdd import models
    from keras_vdd.training import expert_worker, experts
    from keras_vdd.training.expert_training import ExpertTrainer

    trained = []

    class Trainer(ExpertTrainer):
        def train(self, number, update=None):
            trained.append(number)
            return super().train(number, update)

    monkeypatch.setattr(models, "MiniC3D", Linear)
    monkeypatch.setattr(expert_worker, "ExpertTrainer", functools.cache(Trainer))
    # However many processors there are, in this process, where the network is another.
    monkeypatch.setattr(experts, "worker_count", lambda: 1)
    return trained

"""A small run that nothing interrupted, made once for the tests that look at it or are compared with it."""

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

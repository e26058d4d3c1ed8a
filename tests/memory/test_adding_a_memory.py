"""The page on adding a memory, run as it is written; its memory then has the tests that every memory has."""

import json
import pathlib
import re
import subprocess
import sys

import memory_cases
import numpy as np
import pytest
import test_every_memory
import test_memory_gradients
import test_memory_layers

import keras_vdd
from keras_vdd.distilled import DistilledSet
from keras_vdd.errors import UsageError, VddError
from keras_vdd.recipe.load import load_recipe, parse_recipe, resolved_yaml

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "adding-a-memory.md").read_text(
    encoding="utf-8"
)
FILE, SCRIPT = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
FADE = ("memory.kind=fade", "static=null", "dynamic.learning_rates.ends=10", "evaluation.compare=[]")


def run(folder, *words):
    """The standard output of Python in another process, in a folder."""
    done = subprocess.run(
        [sys.executable, "-P", *words], cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def place(tmp_path):
    (tmp_path / "fade.py").write_text(FILE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def registered(place, monkeypatch, forgetting):
    """The page's memory in this process, and in the table of cases, until the test ends."""
    memory = keras_vdd.load_plugin(place / "fade.py").MEMORY
    for name, options in {"fade": {}, "fade, int4": {"quantise": "int4"}}.items():
        monkeypatch.setitem(memory_cases.CASES, name, ("fade", options))
    return memory


@pytest.mark.once
@pytest.mark.slow
def test_the_page_ends_with_a_set_that_loads_with_its_plugin(place):
    printed = run(place, "-c", SCRIPT)
    assert [line.rsplit(" ", 2)[0] for line in printed.splitlines()] == ["random clips", "DM + fade"]
    told = json.loads((place / "runs/fade/results.json").read_text())
    assert told["rows"][-1]["bytes"] == 8 * 2 * 2 * 32 * 32 * 3 * 4 and told["rows"][-1]["clips"] == 16
    with pytest.raises(VddError, match="kind 'fade'.*load the plugin"):
        keras_vdd.load(place / "runs/fade/distilled")
    code = (
        "import sys, numpy as np, keras_vdd; keras_vdd.load_plugin('fade.py'); "
        "s = keras_vdd.load('runs/fade/distilled'); videos, labels = s.videos(); "
        "assert np.array_equal(videos[:, 0], s.ends[:, :, 0].reshape(-1, 32, 32, 3)); "
        "assert 'keras' not in sys.modules; import datasets; "
        "rows = datasets.load_dataset('runs/fade/distilled', split='train', cache_dir='cache'); "
        "assert np.allclose(np.stack([row['video'] for row in rows]), videos, atol=1e-6); "
        "card = open('runs/fade/distilled/README.md').read(); "
        "print(videos.shape, s.nbytes(), '2 frame pairs a class are stored as' in card)"
    )
    assert run(place, "-c", code) == f"(16, 8, 32, 32, 3) {8 * 2 * 2 * 32 * 32 * 3 * 4} True\n"


@pytest.mark.once
@pytest.mark.slow
def test_in_a_folder_beside_the_others_it_is_found_by_itself(place):
    folder = place / "own" / "fade"
    folder.mkdir(parents=True)
    text, last = FILE.rstrip().rsplit("\n", 1)
    assert last == "keras_vdd.register_memory(MEMORY)"
    (folder / "__init__.py").write_text(text + "\n", encoding="utf-8")
    code = (
        "import keras_vdd.memory as m; m.__path__.append('own'); import keras_vdd; "
        "from keras_vdd.recipe.keys import known_keys; "
        "from keras_vdd.recipe.load import resolved_yaml; "
        "assert {'memory.start', 'dynamic.learning_rates.ends'} <= set(known_keys()); "
        f"recipe = keras_vdd.load_recipe('quickstart', {list(FADE)!r}); "
        "print(m.MEMORIES.names(), keras_vdd.plan(recipe)['title'], 'ends: 10' in resolved_yaml(recipe))"
    )
    assert (
        run(place, "-c", code)
        == "['fade', 'full-video', 'key-frames', 'static-dynamic', 'still'] DM + fade True\n"
    )


@pytest.mark.once
def test_the_schema_and_its_errors_know_it_while_it_is_registered(registered):
    recipe = load_recipe("quickstart", [*FADE, "memory.start=still"])
    assert recipe.memory.start == "still" and recipe.memory_kind is registered
    assert (recipe.method, recipe.title) == ("fade", "DM + fade")
    assert dict(recipe.dynamic.learning_rates)["ends"] == 10
    assert parse_recipe(resolved_yaml(recipe)) == recipe
    for overrides, sentence in {
        (
            "memory.kind=fad",
        ): "memory.kind=fad must be one of fade, full-video, key-frames, static-dynamic, still; "
        "did you mean fade?",
        (*FADE, "memory.start=end"): "memory.start=end must be one of clip, still",
        (*FADE, "memory.stat=clip"): "unknown key memory.stat; did you mean memory.start?",
        ("memory.start=clip",): "memory.kind=static-dynamic has no setting start; remove memory.start",
        (*FADE, "dynamic.learning_rates.ends=-1"): "dynamic.learning_rates.ends=-1 must be at least 0",
        (*FADE, "dynamic.learning_rates.ends=null"): "memory.kind=fade needs dynamic.learning_rates.ends",
        ("dynamic.learning_rates.ends=1",): "dynamic.learning_rates.ends=1 is for what is not learned here",
        (*FADE, "evaluation.compare=[static-only]"): "static-only, which is no row for memory.kind=fade",
        (*FADE, "export.dtype=uint8"): "uint8",
    }.items():
        with pytest.raises(UsageError, match=re.escape(sentence)):
            load_recipe("quickstart", overrides)
    # What only it has is left behind where another kind is chosen.
    assert load_recipe(
        "quickstart", [*FADE, "memory.start=still", "memory.kind=still", "dynamic=null", "static={}"]
    )


def test_without_it_the_name_is_unknown():
    with pytest.raises(
        UsageError, match="memory.kind=fade must be one of full-video, key-frames, static-dynamic, still"
    ):
        load_recipe("quickstart", ["memory.kind=fade"])


@pytest.mark.parametrize("name", ["fade", "fade, int4"])
def test_it_has_the_tests_of_every_memory(name, registered, tmp_path):
    test_every_memory.test_what_is_planned_is_what_is_stored(name)
    test_every_memory.test_files_give_back_the_set_and_each_cell_its_video(name, tmp_path)
    test_every_memory.test_what_is_learned_is_declared_and_has_a_rate(name)
    test_memory_layers.test_calls_equal_the_sets_reconstruction(name)
    test_memory_layers.test_samples_are_one_pair_a_slot_and_repeatable(name)
    if name == "fade":
        test_every_memory.test_its_settings_and_its_rows_say_what_they_are(name)
        test_memory_gradients.test_gradients_meet_differences(name)
    else:
        test_memory_gradients.test_straight_through_gradients_are_those_at_the_rounded_values(name)


def test_a_set_refuses_arrays_that_do_not_fit(registered):
    about = {"class_names": "ab", "frames": 3, "mean": (0,) * 3, "std": (1,) * 3, "videos_per_class": 2}
    made = DistilledSet("fade", **about, ends=np.zeros((2, 2, 2, 4, 5, 3)))
    assert (
        made.size == (4, 5) and made.static is None and (made.statics_per_class, made.integrators) == (0, 0)
    )
    for wrong, words in {
        (2, 1, 2, 4, 5, 3): "needs (2, 2, 2, 4, 5, 3)",
        (2, 2, 3, 4, 5, 3): "needs (2, 2, 2, 4, 5, 3)",
        (2, 2, 2, 4, 5): "needs 6 axes",
    }.items():
        with pytest.raises(UsageError, match=re.escape(words)):
            DistilledSet("fade", **about, ends=np.zeros(wrong))
    with pytest.raises(UsageError, match="needs the array 'ends'"):
        DistilledSet("fade", **about)
    with pytest.raises(UsageError, match="has no array 'static'"):
        DistilledSet("fade", **about, ends=np.zeros((2, 2, 2, 4, 5, 3)), static=np.zeros((2, 2, 4, 5, 3)))
    assert not hasattr(made, "nothing")

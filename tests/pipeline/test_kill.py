"""Runs that are killed, at once or by Ctrl-C, and the same command after it: nothing tells them apart."""

import shutil
import signal
import subprocess
import sys

import keras
import pytest
from small_run import contents, overrides, settings_of, small, small_of

from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import load_arrays
from keras_vdd.pipeline import distill
from keras_vdd.recipe.load import load_recipe

pytestmark = pytest.mark.slow
LIMIT_S = 180

# A process that sends itself a signal when it does something to a file for the n-th time: SIGKILL is as
# abrupt as from outside, and comes always at the same moment.
SIGNALLED = """
import os, sys
if "tensorflow" not in sys.argv:
    sys.modules["tensorflow"] = None  # Keras imports it to seed it, which takes seconds
number, action, ending, left = int(sys.argv[1]), sys.argv[2], sys.argv[3], [int(sys.argv[4])]

def watch(event, arguments):
    if event != action:
        return
    path = arguments[1 if event == "os.rename" else 0]
    if event == "open" and not str(arguments[1]).startswith("a"):
        return
    if not isinstance(path, int) and os.fspath(path).endswith(ending):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), number)

sys.addaudithook(watch)
from keras_vdd.cli.main import main
sys.exit(main(sys.argv[5:]))
"""
MOMENTS = {
    "preparing": ("os.remove", "0000010.u8", 1),
    "static": ("os.rename", "static/checkpoint.safetensors", 2),
    "dynamic": ("open", "log.jsonl", 3 + 3),
    "export": ("os.rename", "/distilled", 1),
    "evaluation": ("os.rename", "evaluation/random-stills.json", 2),
}
# What lies before and after learning is files alone, and how learning stops and goes on is tested on every backend
# with toys (`learning/test_fit.py`), and here by kills amid MTT and FRePo: the rest on the quickest backend.
QUICKEST = pytest.mark.skipif(
    keras.config.backend() != "torch", reason="runs on torch only: the suite's time"
)
INTERRUPTED = ("dynamic", "evaluation")
BRIEF = "evaluation.compare=[random-stills]"


@pytest.fixture(scope="module")
def unbroken(whole, tmp_path_factory):
    """A run with a short table that nothing interrupted; the value is where it lies."""
    place = tmp_path_factory.mktemp("unbroken")
    distill(small(place, BRIEF, store=whole.store))
    return place


def vdd_distill(settings, *signalled, recipe="quickstart"):
    """Run the command in a process of its own that sends itself a signal; without one, to its end."""
    never = (0, "never", "", 1)
    words = ["distill", "--backend", keras.config.backend(), "--recipe", recipe, *settings]
    command = [sys.executable, "-P", "-c", SIGNALLED, *map(str, signalled or never), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)


def same(place, unbroken, store, folders=("runs/quickstart",)):
    # What differs by right: where the files lie, which the recipe says.
    places = (store, place / "stores", place, unbroken)
    left, expected = (
        {
            f"{folder}/{name}": value
            for folder in folders
            for name, value in contents(p / folder, *places).items()
        }
        for p in (place, unbroken)
    )
    assert sorted(left) == sorted(expected)
    assert [name for name in expected if left[name] != expected[name]] == []


@QUICKEST
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_begun_again_it_ends_with_the_same_bytes(moment, whole, unbroken, tmp_path):
    store = None if moment == "preparing" else whole.store
    done = vdd_distill(overrides(tmp_path, BRIEF, store=store), signal.SIGKILL.value, *MOMENTS[moment])
    assert done.returncode == -signal.SIGKILL, done.stderr
    folder = tmp_path / "runs" / "quickstart"
    assert not (folder / "results.json").exists()
    distill(small(tmp_path, BRIEF, store=store))
    same(tmp_path, unbroken, whole.store)


@QUICKEST
@pytest.mark.parametrize("moment", INTERRUPTED)
def test_ctrl_c_ends_with_130_and_the_run_goes_on(moment, whole, unbroken, tmp_path):
    settings = overrides(tmp_path, BRIEF, store=whole.store)
    done = vdd_distill(settings, signal.SIGINT.value, *MOMENTS[moment])
    assert done.returncode == 130, done.stderr
    said = next(line for line in done.stderr.splitlines() if line.startswith("interrupted"))
    assert "the same command goes on: vdd distill --backend" in said and "Traceback" not in done.stderr
    folder = tmp_path / "runs" / "quickstart"
    if moment == "dynamic":
        assert "stage dynamic after iteration 3 of" in said
        # Not a multiple of run.checkpoint_every: it was saved because of the interrupt.
        assert load_arrays(folder / "dynamic" / "checkpoint.safetensors")[1]["iteration"] == 3
        again = vdd_distill(settings)
        assert again.returncode == 0 and "going on after iteration 3" in again.stderr, again.stderr
    else:
        distill(small(tmp_path, BRIEF, store=whole.store))
    same(tmp_path, unbroken, whole.store)


# Of MTT and FRePo in small: 4 iterations with a checkpoint after every second, 2 experts of 2 epochs.
STAGES = {
    "the second expert": ("mtt-shapes", ("os.rename", "expert-0001.safetensors", 1)),
    "MTT": ("mtt-shapes", ("open", "log.jsonl", 3)),
    "FRePo": ("frepo-shapes", ("open", "log.jsonl", 3)),
    "a checkpoint of FRePo": ("frepo-shapes", ("os.rename", "dynamic/checkpoint.safetensors", 2)),
}


@pytest.fixture(scope="module")
def unbroken_methods(whole, tmp_path_factory):
    """Runs of MTT and FRePo that nothing interrupted, by recipe: where they lie."""
    places = {}

    def made(name):
        if name not in places:
            places[name] = tmp_path_factory.mktemp(name)
            distill(small_of(name, places[name], "static=null", store=whole.store))
        return places[name]

    return made


@pytest.mark.parametrize(
    "stage", [name if name in ("MTT", "FRePo") else pytest.param(name, marks=QUICKEST) for name in STAGES]
)
def test_killed_in_the_stages_of_mtt_and_frepo(stage, whole, unbroken_methods, tmp_path):
    name, moment = STAGES[stage]
    settings = settings_of(name, tmp_path, "static=null", store=whole.store)
    done = vdd_distill(settings, signal.SIGKILL.value, *moment, recipe=name)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (tmp_path / "runs" / name / "dynamic" / "memory.safetensors").exists()
    kept = sorted(path.name for path in tmp_path.rglob("expert-*.safetensors"))
    assert len(kept) == {"the second expert": 1, "MTT": 2}.get(stage, 0)
    distill(small_of(name, tmp_path, "static=null", store=whole.store))
    folders = [f"runs/{name}", *(["experts"] if name.startswith("mtt") else [])]
    same(tmp_path, unbroken_methods(name), whole.store, folders)


@pytest.fixture
def of_a_folder(whole, tmp_path):
    """Settings of a small run on a copy of the videos, a folder of one's own, with all places in `tmp_path`."""
    (source,) = whole.store.glob("shapes-source-*")
    shutil.copytree(source, tmp_path / "videos")
    (tmp_path / "videos" / "shapes.json").unlink()

    def settings(place, root="videos"):
        own = [text for text in overrides(tmp_path / place, BRIEF) if not text.startswith("data.shapes")]
        return [*own, "data.set=folder", f"data.root={tmp_path / root}"]

    return settings


@QUICKEST
def test_a_killed_run_is_not_gone_on_with_on_other_videos(of_a_folder, tmp_path):
    settings = of_a_folder("killed")
    done = vdd_distill(settings, signal.SIGKILL.value, *MOMENTS["dynamic"])
    assert done.returncode == -signal.SIGKILL, done.stderr
    folder, videos = tmp_path / "killed" / "runs" / "quickstart", tmp_path / "videos"
    before = contents(folder)

    def refused(told):
        with pytest.raises(VddError) as caught:
            distill(load_recipe("quickstart", settings))
        assert str(caught.value) == (
            f"'{folder}' was begun with other videos: {told}. Put them back as they were, or give another run.name."
        )
        assert contents(folder) == before

    added = videos / "train" / "disk-up" / "x.mp4"
    shutil.copy(videos / "test" / "disk-up" / "disk-up-0000.mp4", added)
    refused("1 video was added to train (disk-up/x.mp4)")
    added.unlink()
    changed, other = (videos / "train" / "disk-up" / f"disk-up-000{number}.mp4" for number in (0, 1))
    content = changed.read_bytes()
    changed.write_bytes(other.read_bytes())
    refused("1 video was changed in train (disk-up/disk-up-0000.mp4)")
    changed.write_bytes(content)
    gone = videos / "test" / "ring-growing" / "ring-growing-0001.mp4"
    gone.rename(tmp_path / "aside.mp4")
    refused("1 video is gone from test (ring-growing/ring-growing-0001.mp4)")
    (tmp_path / "aside.mp4").rename(gone)

    # Elsewhere and with other times of their files they are the same videos.
    shutil.copytree(videos, tmp_path / "moved", copy_function=shutil.copyfile)
    shutil.rmtree(videos)
    distill(load_recipe("quickstart", of_a_folder("killed", "moved")))
    distill(load_recipe("quickstart", of_a_folder("unbroken", "moved")))
    left, expected = (
        contents(tmp_path / place / "runs", tmp_path / place, videos, tmp_path / "moved")
        for place in ("killed", "unbroken")
    )
    assert left.keys() == expected.keys() and [n for n in expected if left[n] != expected[n]] == []

"""What a saved classifier says of videos: arrays and files, in Python and on the command line."""

import errno
import json

import av
import keras
import numpy as np
import pytest
from PIL import Image

import keras_vdd
from keras_vdd.cli.main import main
from keras_vdd.data.decoding import video_file
from keras_vdd.data.decoding.decode import decode
from keras_vdd.data.sampling import clip_indices, spread_indices
from keras_vdd.errors import UsageError, VddError
from keras_vdd.models.portable import portable

pytestmark = pytest.mark.once
NAMES, FRAMES, SIZE = ("dark", "dim", "bright"), 4, 16


class Brightness:
    """A network that knows three classes by the mean of a clip, around which pixels are centred."""

    name = "brightness"

    def as_stock(self, x):
        flat = keras.layers.Flatten()(x)
        dense = keras.layers.Dense(3, name="dense")
        logits = dense(flat)
        values = flat.shape[-1]
        dense.set_weights([np.array([-8.0, 0, 8]) * np.ones((values, 1)) / values, np.array([0.0, 1, 0])])
        return logits


@pytest.fixture(scope="module")
def model():
    return portable(
        Brightness(), NAMES, (FRAMES, SIZE, SIZE, 3), (0.5,) * 3, (0.5,) * 3, (0.0, 1.0), interval=3
    )


@pytest.fixture(scope="module")
def file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("classifier") / "x.keras"
    model.save(path)
    return path


def write(path, levels):
    """A video whose frames are grey at these levels."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"qp": "4"})
        stream.width = stream.height = 32
        for level in levels:
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), level, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """A folder with a bright and a dark video, deeper down, a folder of images, and what is no video."""
    folder = tmp_path_factory.mktemp("videos")
    (folder / "deep" / "images").mkdir(parents=True)
    write(folder / "bright.mp4", [230] * 20)
    write(folder / "deep" / "dark.mp4", [20] * 9)
    (folder / "notes.txt").write_text("none")
    for number in range(5):
        Image.fromarray(np.full((20, 24, 3), 125, np.uint8)).save(
            folder / "deep" / "images" / f"{number:03}.png"
        )
    return folder


def firsts(found):
    return [video["top"][0]["class"] for video in found["videos"]]


def test_an_array_of_pixels_is_scored_as_the_model_scores_it(model):
    pixels = np.stack([np.full((FRAMES, SIZE, SIZE, 3), level, np.uint8) for level in (0, 128, 255)])
    found = keras_vdd.predict(model, pixels)
    assert firsts(found) == list(NAMES) == found["classes"]
    expected = model.predict_on_batch(pixels * 1.0)
    for number, video in enumerate(found["videos"]):
        assert video["video"] == number and len(video["top"]) == 3
        values = [entry["probability"] for entry in video["top"]]
        assert values == sorted(values, reverse=True) and sum(values) == pytest.approx(1, abs=1e-6)
        for entry in video["top"]:
            assert entry["probability"] == pytest.approx(
                expected[number, NAMES.index(entry["class"])], abs=1e-6
            )


def test_files_and_folders_are_read_and_the_top_is_as_long_as_asked(file, videos):
    found = keras_vdd.predict(file, videos, top=1)
    assert [video["video"] for video in found["videos"]] == [
        str(videos / name) for name in ("bright.mp4", "deep/dark.mp4", "deep/images")
    ]
    assert firsts(found) == ["bright", "dark", "dim"]
    assert all(len(video["top"]) == 1 for video in found["videos"])
    several = keras_vdd.predict(file, [videos / "deep" / "dark.mp4", str(videos / "bright.mp4")], top=1)
    assert firsts(several) == ["dark", "bright"]


@pytest.mark.parametrize("clips", [1, 2, 3])
def test_clips_are_cut_as_test_clips_are_and_their_probabilities_are_averaged(file, model, tmp_path, clips):
    path = write(tmp_path / "v.mp4", range(10, 250, 8))
    frames = decode(path, SIZE)
    chosen = spread_indices(len(frames), FRAMES, 3, clips)
    if clips == 1:
        np.testing.assert_array_equal(chosen[0], clip_indices(len(frames), FRAMES, 3))
    expected = model.predict_on_batch(frames[chosen].astype("float32")).mean(0)
    (video,) = keras_vdd.predict(file, path, clips=clips)["videos"]
    found = {entry["class"]: entry["probability"] for entry in video["top"]}
    np.testing.assert_allclose([found[name] for name in NAMES], expected, atol=1e-6)


def test_several_clips_spread_over_the_video():
    assert spread_indices(30, 4, 3, 3)[:, 0].tolist() == [3, 10, 16]
    assert spread_indices(30, 4, 3, 3)[1].tolist() == [10, 13, 16, 19]
    # Too short for one, then for its frames: as elsewhere.
    assert spread_indices(9, 4, 3, 2).tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert spread_indices(2, 4, 3, 2).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1]]


def test_another_interval_and_a_video_shorter_than_a_clip(file, tmp_path):
    path = write(tmp_path / "v.mp4", [20] * 10 + [230] * 10)
    # Of 20 frames 5 apart the four are 2, 7, 12, 17: half of each.
    (video,) = keras_vdd.predict(file, path, clips=1, interval=5)["videos"]
    assert video["top"][0]["class"] == "dim"
    short = write(tmp_path / "short.mp4", [230] * 2)
    assert firsts(keras_vdd.predict(file, short)) == ["bright"]


def test_scores_of_a_regression_are_called_scores():
    model = portable(
        Brightness(),
        NAMES,
        (FRAMES, SIZE, SIZE, 3),
        (0.5,) * 3,
        (0.5,) * 3,
        (0.0, 1.0),
        3,
        probabilities=False,
    )
    (video,) = keras_vdd.predict(model, np.full((1, FRAMES, SIZE, SIZE, 3), 255.0))["videos"]
    assert video["top"][0] == {"class": "bright", "score": pytest.approx(8, abs=1e-2)}


def test_an_unreadable_video_is_a_warning_among_others_and_an_error_alone(
    file, videos, tmp_path, caplog, capsys, monkeypatch
):
    bad = tmp_path / "bad.mp4"
    bad.write_text("nothing to see")
    found = keras_vdd.predict(file, [bad, videos / "bright.mp4"])
    assert firsts(found) == ["bright"]
    assert f"The video '{bad}' cannot be used" in caplog.text
    assert main(["predict", str(file), str(bad)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and f"error: The video '{bad}' cannot be used" in said.err
    worse = tmp_path / "worse.mp4"
    worse.touch()
    assert main(["predict", str(file), str(bad), str(worse)]) == 1
    assert "error: None of the videos can be read." in capsys.readouterr().err

    def refused(*args, **kwargs):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(video_file.av, "open", refused)
    with pytest.raises(VddError, match=r"bad.mp4' cannot be read: this process may open no more files"):
        keras_vdd.predict(file, [bad, videos / "bright.mp4"])


def test_the_command_prints_classes_and_probabilities(file, videos, capsys):
    assert main(["predict", str(file), str(videos / "bright.mp4"), "--top", "2"]) == 0
    path, first, second = capsys.readouterr().out.splitlines()
    assert path == str(videos / "bright.mp4")
    assert first.split()[0] == "bright" and second.split()[0] == "dim"
    assert float(first.split()[1]) > 0.9 > float(second.split()[1])
    assert main(["predict", str(file), str(videos / "bright.mp4"), "--json"]) == 0
    assert firsts(json.loads(capsys.readouterr().out)) == ["bright"]


def test_what_is_wrong_is_one_sentence(file, model, videos, tmp_path):
    pixels = np.zeros((1, FRAMES, SIZE, SIZE, 3))
    (tmp_path / "empty").mkdir()
    for given, words in (
        (pixels[:, :2], r"they must be numbers \(n, 4, 16, 16, 3\)"),
        (pixels - 1, "values from -1 to -1; they must be pixels, 0 to 255"),
        (pixels * np.nan, "they must be pixels"),
        (tmp_path / "none.mp4", "There is no video"),
        (tmp_path / "empty", "holds no video"),
    ):
        with pytest.raises(UsageError, match=words):
            keras_vdd.predict(model, given)
    for name in ("top", "clips", "interval"):
        with pytest.raises(UsageError, match=f"{name}=0 must be a whole number"):
            keras_vdd.predict(model, videos, **{name: 0})
    plain = keras.Sequential(
        [keras.Input((FRAMES, SIZE, SIZE, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    plain.save(tmp_path / "plain.keras")
    with pytest.raises(UsageError, match="plain.keras does not say its classes"):
        keras_vdd.predict(tmp_path / "plain.keras", videos)
    (tmp_path / "words.keras").write_text("words")
    with pytest.raises(VddError, match="words.keras is damaged, or no .keras file"):
        keras_vdd.predict(tmp_path / "words.keras", videos)


def test_a_file_that_does_not_say_its_interval_is_asked_for_it(model, videos, tmp_path):
    pixels = keras.Input((FRAMES, SIZE, SIZE, 3), name="pixels")
    other = keras.Model(
        pixels, model.get_layer("class_names")(keras.layers.Dense(3)(keras.layers.Flatten()(pixels)))["dim"]
    )
    with pytest.raises(UsageError, match="does not say how many frames apart"):
        keras_vdd.predict(other, videos)
    assert len(keras_vdd.predict(other, videos, interval=2)["videos"]) == 3

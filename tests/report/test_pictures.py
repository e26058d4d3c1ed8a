import numpy as np
import pytest
from PIL import Image

from keras_vdd.errors import UsageError
from keras_vdd.pictures.pixels import difference_pixels, motion_pixels, to_pixels
from keras_vdd.pictures.tiles import GAP
from keras_vdd.report import animate, class_panel, frame_strip, save_png
from keras_vdd.report.strips import HEADING, LABELS, MARGIN

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def normalised(pixels):
    return ((pixels / 255 - MEAN) / STD).astype("float32")


def random_clip(frames=4, size=16):
    return np.random.default_rng(0).integers(0, 256, (frames, size, size, 3), dtype=np.uint8)


def test_pixels_of_real_frames_come_back_exactly():
    clip = random_clip()
    assert (to_pixels(normalised(clip), MEAN, STD) == clip).all()
    assert to_pixels(clip, MEAN, STD) is clip


def test_learned_frames_are_fitted_not_cut():
    frames = np.random.default_rng(0).normal(0, 10, (4, 16, 16, 3)).astype("float32")
    pixels = to_pixels(frames, MEAN, STD)
    assert 0.005 < np.mean(pixels == 0) < 0.02 and 0.005 < np.mean(pixels == 255) < 0.02
    assert 110 < pixels.mean() < 145


def test_differences_are_grey_where_nothing_moves():
    clip = np.full((3, 8, 8, 3), 100, np.uint8)
    clip[1:, :4] = 200
    pixels = difference_pixels(clip)
    assert (pixels[0] == 128).all() and (pixels[2] == 128).all()
    assert (pixels[1, :4] == 255).all() and (pixels[1, 4:] == 128).all()
    assert (difference_pixels(clip[:1]) == 128).all()


def test_motion_is_grey_and_of_full_contrast():
    pixels = motion_pixels(np.linspace(-5, 5, 4 * 8 * 8).reshape(4, 8, 8, 1))
    assert pixels.shape == (4, 8, 8, 3) and (pixels.min(), pixels.max()) == (0, 255)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_strip_has_its_frames_in_place(tmp_path):
    clip = random_clip()
    video = normalised(clip)
    parts = {"real": clip, "stills": video[:2], "motion": video[..., :1], "video": video}
    panels = [class_panel(name, MEAN, STD, **parts) for name in ("Diving", "Swing")]
    assert [label for label, _ in panels[0].rows] == ["real", "stills", "motion", "synthetic", "difference"]
    path = tmp_path / "a" / "strip.png"
    save_png(frame_strip(panels, tile=32), path)
    with Image.open(path) as image:
        found = np.array(image)
    height = 2 * (HEADING + 5 * (32 + GAP) + MARGIN) + MARGIN
    assert found.shape == (height, 2 * MARGIN + LABELS + 4 * (32 + GAP), 3)
    x, y = MARGIN + LABELS + 2 * (32 + GAP), MARGIN + HEADING
    assert (found[y : y + 32 : 2, x : x + 32 : 2] == clip[2]).all()
    assert (found[y + 32 : y + 32 + GAP] == 255).all()
    assert (found[MARGIN : MARGIN + HEADING, : MARGIN + LABELS] < 128).any(), "no class name drawn"
    assert [p.name for p in path.parent.iterdir()] == ["strip.png"]


def test_long_clips_show_evenly_spaced_frames_and_large_ones_shrink():
    clip = np.broadcast_to(np.arange(0, 240, 10, dtype=np.uint8)[:, None, None, None], (24, 100, 100, 3))
    found = np.array(frame_strip([class_panel("x", MEAN, STD, real=clip)], tile=20, columns=4))
    y = MARGIN + HEADING + 10
    shown = [found[y, MARGIN + LABELS + i * (20 + GAP) + 10, 0] for i in range(4)]
    assert shown == [0, 80, 150, 230]


@pytest.mark.parametrize("name", ["videos.gif", "videos.webp"])
def test_animation(tmp_path, name):
    videos = np.stack([normalised(random_clip())] * 3)
    animate(videos, ["a", "b", "a very long name of a class"], MEAN, STD, tmp_path / name, tile=40, columns=2)
    with Image.open(tmp_path / name) as image:
        assert image.n_frames == 4
        assert image.size == (2 * (40 + GAP) + GAP, 2 * (40 + 16 + GAP) + GAP)
        assert image.info["loop"] == 0


def test_animation_kind_is_checked(tmp_path):
    with pytest.raises(UsageError, match=r"\.gif or \.webp"):
        animate(random_clip()[None], ["a"], MEAN, STD, tmp_path / "videos.mp4")

import os

import numpy as np
import pytest
from PIL import Image

from keras_vdd.data.decoding.decode import UnreadableVideo, decode
from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare, store_folder


def fill(folder, levels, name="frame{:06d}.png", size=(64, 48), **options):
    """Write one grey picture a level, numbered from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, level in enumerate(levels, 1):
        Image.new("RGB", size, (level, level, level)).save(folder / name.format(i), **options)
    return folder


def levels_of(video):
    return np.rint(video.mean((1, 2, 3))).astype(int).tolist()


@pytest.mark.parametrize(
    "name", ["frame{:06d}.png", "{:05d}.jpg", "{}.png", "img_{:05d}.bmp", "v_Swing_g01_{}.webp"]
)
def test_images_are_frames_in_the_order_of_their_numbers(tmp_path, name):
    video = decode(fill(tmp_path / "v", range(10, 190, 15), name), 16)
    assert video.dtype == np.uint8 and video.shape == (12, 16, 16, 3)
    np.testing.assert_allclose(levels_of(video), range(10, 190, 15), atol=1)


def test_images_are_scaled_and_cropped_as_frames_are(tmp_path, write_video):
    """The same noise as images and as a lossless video."""
    pictures = np.random.default_rng(0).integers(0, 256, (3, 90, 160, 3), dtype=np.uint8)
    path = write_video(tmp_path / "a.mkv", pictures, "ffv1", pixel_format="bgr0")
    (tmp_path / "v").mkdir()
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / "v" / f"{i}.png")
    difference = decode(tmp_path / "v", 32).astype(int) - decode(path, 32)
    assert abs(difference).max() <= 2


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_an_image_that_is_an_animation_is_no_frame(tmp_path, ending):
    folder, pictures = fill(tmp_path / "v", (10,)), [Image.new("RGB", (64, 48), (n, 0, 0)) for n in (9, 99)]
    pictures[0].save(folder / f"frame2.{ending}", save_all=True, append_images=pictures[1:])
    with pytest.raises(UnreadableVideo, match=f"its image 'frame2.{ending}' is an animation"):
        decode(folder, 16)


@pytest.mark.parametrize(
    "mode, value, expected",
    [
        ("L", 100, (100, 100, 100)), ("RGBA", (200, 30, 60, 0), (200, 30, 60)), ("P", 3, None),
        ("I;16", 100 << 8, (100, 100, 100)), ("1", 1, (255, 255, 255)), ("LA", (90, 10), (90, 90, 90)),
    ],
)  # fmt: skip
def test_images_of_any_mode(tmp_path, mode, value, expected):
    image = Image.new(mode, (40, 40), value)
    if mode == "P":
        image.putpalette([0, 0, 0, 9, 9, 9, 8, 8, 8, 10, 200, 30])
        expected = (10, 200, 30)
    (tmp_path / "v").mkdir()
    image.save(tmp_path / "v" / "1.png")
    assert (decode(tmp_path / "v", 16)[0] == expected).all()


def test_cmyk_and_the_orientation_of_a_camera(tmp_path):
    (tmp_path / "v").mkdir()
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:20] = 250
    image = Image.fromarray(picture)
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise: what is above goes to the right
    image.save(tmp_path / "v" / "1.jpg", exif=exif, quality=95)
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(tmp_path / "v" / "2.jpg", quality=95)
    turned, red = decode(tmp_path / "v", 16)
    assert turned[:, 10:].min() > 200 and turned[:, :6].max() < 50
    assert red[..., 0].min() > 200 and red[..., 1:].max() < 60


def reason(path):
    with pytest.raises(UnreadableVideo) as error:
        decode(path, 16)
    assert str(path) not in error.value.reason and "\n" not in error.value.reason
    return error.value.reason


def test_a_damaged_image_is_a_damaged_video(tmp_path):
    folder = fill(tmp_path / "v", range(0, 60, 10), "{:05d}.jpg")
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "00003.jpg")
    content = (folder / "00003.jpg").read_bytes()
    for damaged in (content[:400], content[:20], b"", b"no picture"):
        (folder / "00003.jpg").write_bytes(damaged)
        assert reason(folder).startswith("its image '00003.jpg' is damaged (")
    (folder / "00003.jpg").unlink()
    (folder / "00003.jpg").symlink_to("nowhere.jpg")
    assert "its image '00003.jpg' is damaged (no such file" in reason(folder)


def test_a_png_that_breaks_off(tmp_path):
    folder = fill(tmp_path / "v", [10, 20])
    content = (folder / "frame000002.png").read_bytes()
    (folder / "frame000002.png").write_bytes(content[: len(content) // 2])
    assert "its image 'frame000002.png' is damaged" in reason(folder)


def test_images_too_large_or_too_narrow(tmp_path):
    Image.new("1", (9000, 9000)).save(fill(tmp_path / "large", []) / "1.png")
    assert reason(tmp_path / "large") == "its image '1.png' is 9000x9000 pixels, which is no picture"
    assert "640x16 pixels" in reason(fill(tmp_path / "strip", [5], size=(640, 16)))


def test_two_series_are_no_video(tmp_path):
    fill(tmp_path / "v", [10], "left_{}.png")
    assert "2 series" in reason(fill(tmp_path / "v", [10], "right_{}.png"))


@pytest.mark.slow
def test_folders_of_images_are_videos_of_a_store(tmp_path, settings, listener):
    for split in ("train", "test"):
        for i in range(3):
            fill(tmp_path / "videos" / split / "a" / f"v{i}", range(50 * i, 50 * i + 40, 10))
    damaged = tmp_path / "videos" / "train" / "a" / "v1" / "frame000002.png"
    damaged.write_bytes(b"no")
    data = settings()
    listing = find_videos(data)
    assert len(listing.train) == 3
    stores = prepare(listing, data, listener)
    train = stores["train"]
    assert [levels_of(train.frames(i)) for i in range(2)] == [[0, 10, 20, 30], [100, 110, 120, 130]]
    assert "frame000002.png" in dict(train.failed)[listing.train[1].name]
    # Every folder was counted: 24 images, one of which proved no picture.
    assert f"{24 * 16 * 16 * 3:,} bytes" in " ".join(listener.said)
    # Another content is another store, also where the folder itself shows no change.
    before = store_folder(listing, data)
    stat = damaged.parent.stat()
    Image.new("RGB", (64, 48)).save(damaged)
    os.utime(damaged.parent, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert store_folder(listing, data) != before
    assert prepare(listing, data)["train"].failed == []

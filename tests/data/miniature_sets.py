"""Public sets in little, in the layout in which they are distributed, of real encoded videos.

Every class has a colour, so that a test can tell from the pixels alone whether a video got its label.
"""

import av
import numpy as np
from PIL import Image

from keras_vdd.data.decoding.decode import decode

COLOURS = np.array(
    [(230, 30, 30), (30, 200, 30), (40, 40, 230), (230, 230, 230), (20, 20, 20), (220, 200, 20)], np.uint8
)
CODECS = {".avi": "mpeg4", ".mp4": "libx264", ".webm": "libvpx-vp9"}
WIDTH, HEIGHT, FRAMES = 32, 24, 3


def paint(path, colour):
    """Write a video in the colour of that number; the ending says which container and codec."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = CODECS[path.suffix]
    # A path that begins with a protocol or a dash must not be taken for one: the file is opened here.
    with open(path, "wb") as file, av.open(file, "w", format=path.suffix[1:]) as container:
        options = {"deadline": "realtime"} if "vp9" in codec else {}
        stream = container.add_stream(codec, rate=12, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        picture = np.broadcast_to(COLOURS[colour], (HEIGHT, WIDTH, 3))
        for _ in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture.copy(), format="rgb24")))
        container.mux(stream.encode())
    return path


def paint_frames(folder, colour, pattern="frame{:06d}.jpg"):
    """Write the video as a folder of numbered images."""
    folder.mkdir(parents=True)
    picture = Image.fromarray(np.broadcast_to(COLOURS[colour], (HEIGHT, WIDTH, 3)).copy())
    for number in range(1, FRAMES + 1):
        picture.save(folder / pattern.format(number))
    return folder


def take_apart(video, colour, folder, pattern="frame{:06d}.jpg"):
    """Replace a video file by a folder of images."""
    video.unlink()
    return paint_frames(folder, colour, pattern)


def colour_of(video):
    """Return the number of the colour that a listed `Video` shows."""
    picture = decode(video.path, 16)[0]
    distance = np.abs(COLOURS.astype(int) - picture.reshape(-1, 3).mean(0)).sum(1)
    assert distance.min() < 60, picture.reshape(-1, 3).mean(0)
    return int(distance.argmin())


def shows(listing, colours):
    """Tell whether every video of a listing shows the colour that its class has in {class: colour}."""
    videos = listing.train + listing.test
    return all(colour_of(video) == colours[listing.class_names[video.label]] for video in videos)


def counts(listing):
    """Return (training, test) videos of each class, by name."""
    return {
        name: tuple(sum(v.label == label for v in videos) for videos in (listing.train, listing.test))
        for label, name in enumerate(listing.class_names)
    }

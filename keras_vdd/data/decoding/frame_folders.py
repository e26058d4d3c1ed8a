"""Videos that were taken apart beforehand: a folder of numbered images stands for a video.

`frame000001.jpg`, `00001.jpg` and `img_00001.png` are all common; what counts is the number at the end
of the name, read as a number, for not everyone pads with zeros.
"""

import errno
import os
import re
import stat

from keras_vdd.errors import VddError

# What stays as it is when tried again: nothing is there, nobody may look at it, a link leads to itself. Any other error
# is one of the disk or the network, of which nothing follows for what is there.
NOT_THERE = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL}
)
_FRAME = re.compile(r"(.*?)([0-9]+)\.(?:jpe?g|png|bmp|webp)", re.IGNORECASE | re.DOTALL)


def is_folder_at(path):
    """Tell whether a path leads to a folder; not where nobody may look.

    Raises:
        OSError: the disk or the network fails.
    """
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except ValueError:  # a zero byte in it
        return False
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        return False


def is_frame(name):
    """Tell by its name whether a file is a numbered image; hidden files are not."""
    return not name.startswith(".") and _FRAME.fullmatch(name) is not None


def holds_frames(folder):
    """Tell whether numbered images lie in `folder`; looks at names, and no further than the first one.

    Raises:
        OSError: the disk or the network fails.
    """
    try:
        with os.scandir(folder) as entries:
            return any(is_frame(entry.name) for entry in entries)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        return False


def frame_files(folder):
    """Return the paths of a video's images, in the order of their numbers.

    Pictures of optical flow (`flow_x_00001.jpg`) often lie beside them and are left out.

    Raises:
        VddError: there are none, or more than one series of them, or a number comes twice.
    """
    series = {}
    for name in os.listdir(folder):
        match = None if name.startswith(".") else _FRAME.fullmatch(name)
        if match and not match[1].lower().startswith("flow"):
            numbers = series.setdefault(match[1], {})
            number = int(match[2])
            if number in numbers:
                first, second = sorted((name, numbers[number]))
                raise VddError(
                    f"The folder '{folder}' has frame {number} twice ('{first}' and '{second}'): keep one."
                )
            numbers[number] = name
    if not series:
        raise VddError(f"The folder '{folder}' holds no numbered images such as frame000001.jpg.")
    if len(series) > 1:
        first, second = (next(iter(numbers.values())) for _, numbers in sorted(series.items())[:2])
        raise VddError(
            f"The folder '{folder}' holds {len(series)} series of images (such as '{first}' and '{second}'): "
            "keep that of the video."
        )
    (numbers,) = series.values()
    return [os.path.join(folder, numbers[number]) for number in sorted(numbers)]

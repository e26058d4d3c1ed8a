"""What no muxer writes when asked: edit lists and display matrices put into an MP4 or MOV whose `moov` is last."""

import math
import struct


def find(data, path, start=0, end=None):
    """Return (start, end) of the first box at a path such as `moov/trak/tkhd`."""
    end = len(data) if end is None else end
    name, _, rest = path.partition("/")
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", data[start : start + 8])
        if size == 1:
            size = struct.unpack(">Q", data[start + 8 : start + 16])[0]
        size = size or end - start
        if kind == name.encode():
            return find(data, rest, start + 8, start + size) if rest else (start, start + size)
        start += size
    raise ValueError(f"no box {path}")


def matrix(turns=0, mirrored=False, degrees=None):
    """Return a display matrix: clockwise turns by 90 degrees (or any `degrees`), then mirrored left to right."""
    angle = math.radians(90 * turns if degrees is None else degrees)
    a, b, c, d = (
        round(65536 * x) for x in (math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle))
    )
    if mirrored:
        a, c = -a, -c
    return struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)


def with_matrix(data, value):
    """Return an MP4 whose first track has the display matrix."""
    _, end = find(data, "moov/trak/tkhd")
    # The matrix is followed by width and height, whatever the version of the box.
    return data[: end - 44] + value + data[end - 8 :]


def with_aperture(data, width, height, across=0, down=0):
    """Return an MP4 whose first track shows a window of its frames: its clean aperture (ISO/IEC 14496-12, `clap`).

    Args:
        width, height: of the window, in pixels.
        across, down: how far its middle lies from that of the frame, in halves of a pixel.
    """
    clap = _box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, across, 2, down, 2))
    boxes = "moov trak mdia minf stbl stsd".split()
    _, end = find(data, "/".join(boxes))
    data = bytearray(data[:end] + clap + data[end:])
    # The one description in `stsd` grows with all that it lies in.
    places = [find(data, "/".join(boxes[: i + 1]))[0] for i in range(len(boxes))]
    for at in (*places, places[-1] + 16):
        data[at : at + 4] = struct.pack(">I", struct.unpack(">I", data[at : at + 4])[0] + len(clap))
    return bytes(data)


def with_edits(data, edits):
    """Return an MP4 whose first track shows parts of its media.

    Args:
        edits: pairs (seconds, start in seconds of the media; None for a pause).
    """
    movie, media = (_per_second(data, box) for box in ("moov/mvhd", "moov/trak/mdia/mdhd"))
    entries = b"".join(
        struct.pack(">Iihh", round(length * movie), -1 if start is None else round(start * media), 1, 0)
        for length, start in edits
    )
    edts = _box(b"edts", _box(b"elst", struct.pack(">II", 0, len(edits)) + entries))
    moov, trak = find(data, "moov"), find(data, "moov/trak")
    if moov[1] != len(data):
        raise ValueError("moov is not last")
    tkhd = find(data, "moov/trak/tkhd")
    try:
        old = find(data, "moov/trak/edts")
    except ValueError:
        old = (tkhd[1], tkhd[1])
    inside = data[trak[0] + 8 : old[0]] + edts + data[old[1] : trak[1]]
    return data[: moov[0]] + _box(
        b"moov", data[moov[0] + 8 : trak[0]] + _box(b"trak", inside) + data[trak[1] :]
    )


def first_shown(data):
    """Return when the first frame is shown, in seconds of the media: encoders with B-frames begin late."""
    try:
        start, _ = find(data, "moov/trak/edts/elst")
    except ValueError:
        return 0.0
    return struct.unpack(">i", data[start + 20 : start + 24])[0] / _per_second(data, "moov/trak/mdia/mdhd")


def _per_second(data, box):
    start, _ = find(data, box)
    at = start + (28 if data[start + 8] else 20)
    return struct.unpack(">I", data[at : at + 4])[0]


def _box(kind, content):
    return struct.pack(">I4s", 8 + len(content), kind) + content

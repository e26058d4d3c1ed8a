"""Which way up a frame is to be shown, by the display matrix that it carries."""

import math

from av.filter import Graph
from av.sidedata.sidedata import Type

from keras_vdd.data.decoding.graphs import form_of, source_of

# FFmpeg counts the kinds of side data up from 0; PyAV has names for some of them.
_UNNAMED = sorted(set(range(64)) - {kind.value for kind in Type})


def turning_of(frame):
    """Return the filters that show a frame as its display matrix says, as pairs (name, argument); None without one.

    They are those that the `ffmpeg` program puts in: right angles and mirrors move pixels about, any other
    angle turns the picture within its own borders.
    """
    try:
        side_data = frame.side_data
    except ValueError:
        # EXIF or the number of an eye, for two: PyAV gives none of it if it cannot name all of it.
        side_data = _without_unnamed(frame).side_data
    matrix = side_data.get("DISPLAYMATRIX")
    return None if matrix is None else _filters(memoryview(bytes(matrix)).cast("i"))


def is_upended(turning):
    """Tell whether width and height change places."""
    return any(name == "transpose" for name, _ in turning)


def _filters(matrix):
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if not (a or c) or not (b or d):
        return ()
    degrees = round(math.degrees(math.atan2(b / math.hypot(b, d), a / math.hypot(a, c)))) % 360
    if degrees == 90:
        return (("transpose", "cclock_flip" if c > 0 else "clock"),)
    if degrees == 270:
        return (("transpose", "clock_flip" if c < 0 else "cclock"),)
    if degrees in (0, 180):
        across = (("hflip", None),) if a < 0 and degrees else ()
        return across + ((("vflip", None),) if d < 0 else ())
    # One degree is none, there too.
    return () if degrees == 1 else (("rotate", f"{degrees}*PI/180"),)


def _without_unnamed(frame):
    graph = Graph()
    nodes = [source_of(graph, form_of(frame))]
    nodes += [graph.add("sidedata", f"mode=delete:type={kind}") for kind in _UNNAMED]
    nodes.append(graph.add("buffersink"))
    graph.link_nodes(*nodes).configure()
    nodes[0].push(frame)
    return nodes[-1].pull()

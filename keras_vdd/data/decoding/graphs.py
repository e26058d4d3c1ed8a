"""How frames enter a graph of FFmpeg's filters."""


def form_of(frame):
    """Return what a graph is built for, and a frame must be to enter it: size, format and colours."""
    return (frame.width, frame.height, frame.format.name, int(frame.colorspace), int(frame.color_range))


def source_of(graph, form):
    """Return the node by which frames of a form enter a graph."""
    width, height, pixels, colours, values = form
    return graph.add(
        "buffer", video_size=f"{width}x{height}", pix_fmt=pixels, time_base="1/90000",
        colorspace=str(colours), range=str(values),
    )  # fmt: skip

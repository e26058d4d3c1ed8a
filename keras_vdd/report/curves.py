"""A loss curve as inline SVG."""

import html
import math

import numpy as np

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 220, 64, 28, 12, 12
_POINTS = 400


def loss_curve(points, label):
    """Return an SVG element with one line: loss over iterations, logarithmic where all losses are positive.

    Args:
        points: sequence of (iteration, loss); losses that are not finite are left out. More than 400 points
            are drawn as means of neighbours.
        label: what the picture is called.
    """
    data = np.array([(i, v) for i, v in points if v is not None and math.isfinite(v)], float).reshape(-1, 2)
    if not len(data):
        return f"<p>{html.escape(label)}: no losses.</p>"
    data = np.array([part.mean(axis=0) for part in np.array_split(data, min(len(data), _POINTS))])
    logarithmic = data[:, 1].min() > 0
    values = np.log10(data[:, 1]) if logarithmic else data[:, 1]
    x = LEFT + (WIDTH - LEFT - RIGHT) * _unit(data[:, 0])
    y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * _unit(values)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y))
    ends = [(values.max(), TOP + 4), (values.min(), HEIGHT - BOTTOM)]
    marks = "".join(
        f'<text x="{LEFT - 6}" y="{at}" text-anchor="end">{10**v if logarithmic else v:.3g}</text>'
        for v, at in ends
    )
    first, last = round(data[0, 0]), round(data[-1, 0])
    scale = ", logarithmic" if logarithmic else ""
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(label, quote=True)}">'
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" class="axis"/>{marks}'
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{first}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{last}</text>'
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{html.escape(label)}: loss by iteration{scale}</text>"
        f'<polyline points="{line}" class="loss"/></svg>'
    )


def _unit(values):
    low, high = values.min(), values.max()
    return np.full(len(values), 0.5) if high <= low else (values - low) / (high - low)

"""Draw one video of the `shapes` set: a textured moving shape on a moving cluttered background.

Everything but the shape's own motion has the same distribution forwards and backwards in time:
drifts have no preferred direction, jitter and bobbing are sinusoids of random phase. The shape's
motion is symmetric about the middle of the video, where it is halfway: a square that goes left is on
the right before and on the left after. Reversing a video therefore changes direction and order, and
leaves the distribution of the stills, drawn from any time, as it was.

Lengths are in 64ths of the picture's side, times in frames.
"""

import colorsys

import numpy as np

KINDS = ("square", "disk", "bar", "ring")
SIDE = 64.0


def draw_scene(rng, kind, frames, size):
    """Draw a video in which a square goes left, a disk up, a bar turns clockwise or rings grow.

    Args:
        rng: numpy Generator; it decides everything.
        kind: one of `KINDS`.
        frames: number of frames.
        size: side of the square frames, in pixels.

    Returns:
        uint8 array (frames, size, size, 3), RGB.
    """
    time = np.arange(frames, dtype=np.float32)
    # A single pass over (frames, size, size) arrays of x to the right and y down, as the camera shakes.
    grid = (np.arange(size, dtype=np.float32) + 0.5) * np.float32(SIDE / size)
    x = grid[None, None, :] + _sway(rng, time, 1.0)[:, None, None] + np.zeros((1, size, 1), np.float32)
    y = grid[None, :, None] + _sway(rng, time, 1.0)[:, None, None] + np.zeros((1, 1, size), np.float32)
    softness = np.float32(SIDE / size)

    picture = _background(rng, x, y, time)
    for _ in range(int(rng.integers(4, 8))):
        _paint(picture, *_clutter(rng, x, y, time, softness))
    _paint(picture, *_SHAPES[kind](rng, x, y, time, softness))
    return np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)


def _background(rng, x, y, time):
    base = _colour(rng, (0.2, 0.7), (0.08, 0.25))
    picture = np.broadcast_to(base, (*x.shape, 3)).astype(np.float32)
    velocity = _any_direction(rng, 0.0, 0.8)
    for _ in range(3):
        # Whole waves across the side, so that the drifting texture has no seam.
        waves = rng.integers(-4, 5, 2)
        phase = rng.uniform(0, 2 * np.pi)
        across = waves[0] * (x - velocity[0] * time[:, None, None]) + waves[1] * (
            y - velocity[1] * time[:, None, None]
        )
        wave = np.sin(np.float32(2 * np.pi / SIDE) * across + np.float32(phase))
        picture += wave[..., None] * (_colour(rng, (0.2, 0.9), (0.02, 0.09)))
    return picture


def _clutter(rng, x, y, time, softness):
    velocity = _any_direction(rng, 0.2, 1.2)
    centre = rng.uniform(0, SIDE, 2)
    dx = _wrap(x - _path(centre[0], velocity[0], time))
    dy = _wrap(y - _path(centre[1], velocity[1], time))
    radius = rng.uniform(2.5, 6.0)
    away = np.hypot(dx, dy) if rng.random() < 0.5 else np.maximum(np.abs(dx), np.abs(dy))
    return _inside(away - np.float32(radius), softness), _colour(rng, (0.3, 0.9), (0.2, 0.45))


def _square(rng, x, y, time, softness):
    half = np.float32(rng.uniform(11.0, 15.0))
    dx = _wrap(x - _through_middle(rng, -rng.uniform(2.2, 3.4), time))
    dy = _wrap(y - np.float32(rng.uniform(22, 42)) - _sway(rng, time, 2.0)[:, None, None])
    away = np.maximum(np.abs(dx), np.abs(dy)) - half
    return _inside(away, softness), _texture(rng, dx, dy)


def _disk(rng, x, y, time, softness):
    radius = np.float32(rng.uniform(12.0, 16.0))
    dx = _wrap(x - np.float32(rng.uniform(22, 42)) - _sway(rng, time, 2.0)[:, None, None])
    dy = _wrap(y - _through_middle(rng, -rng.uniform(2.2, 3.4), time))
    return _inside(np.hypot(dx, dy) - radius, softness), _texture(rng, dx, dy)


def _bar(rng, x, y, time, softness):
    # A hand with a heavy end: a plain bar would look alike after half a turn.
    halfway = np.radians(rng.uniform(-120, -60))
    angle = halfway + np.radians(rng.uniform(7.0, 11.0)) * _from_middle(time)
    cos, sin = (f(angle).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    dx, dy = (x - np.float32(rng.uniform(28, 36)), y - np.float32(rng.uniform(28, 36)))
    along, across = dx * cos + dy * sin, dy * cos - dx * sin
    length, half, head = (np.float32(rng.uniform(*span)) for span in ((19, 23), (3.5, 5.0), (6.5, 8.5)))
    hand = np.maximum(np.abs(along - length / 2) - length / 2, np.abs(across) - half)
    away = np.minimum(hand, np.hypot(along - length, across) - head)
    return _inside(away, softness), _texture(rng, along, across)


def _ring(rng, x, y, time, softness):
    dx, dy = (x - np.float32(rng.uniform(26, 38)), y - np.float32(rng.uniform(26, 38)))
    distance = np.hypot(dx, dy)
    reach = np.float32(34.0)
    half = np.float32(rng.uniform(3.0, 4.2))
    radius = reach * rng.uniform(0.4, 0.6) + rng.uniform(1.3, 2.1) * _from_middle(time)
    radius = (radius % reach).astype(np.float32)[:, None, None]
    # The ring fades in at the centre and out at the rim, the same way in either direction.
    shown = np.clip(np.minimum(radius, reach - radius) / 5, 0, 1)
    return shown * _inside(np.abs(distance - radius) - half, softness), _texture(rng, dx, dy)


_SHAPES = {"square": _square, "disk": _disk, "bar": _bar, "ring": _ring}


def _texture(rng, dx, dy):
    """Bright stripes that move with the shape: two shades of one colour."""
    angle, pitch, phase = rng.uniform(0, np.pi), rng.uniform(6.0, 10.0), rng.uniform(0, 2 * np.pi)
    along = dx * np.float32(np.cos(angle)) + dy * np.float32(np.sin(angle))
    stripes = np.sin(along * np.float32(2 * np.pi / pitch) + np.float32(phase))
    return _colour(rng, (0.1, 0.6), (0.9, 1.0)) * (0.84 + 0.16 * stripes)[..., None]


def _paint(picture, alpha, colour):
    picture += alpha[..., None] * (colour - picture)


def _inside(away, softness):
    """Cover of a pixel whose centre lies `away` outside an edge (negative: inside)."""
    return np.clip(0.5 - away / softness, 0.0, 1.0)


def _sway(rng, time, reach):
    """A sum of two slow sinusoids of random phase, at most `reach` from 0: (frames,) float32."""
    sway = np.zeros_like(time)
    for _ in range(2):
        amplitude, speed, phase = rng.uniform(0, reach / 2), rng.uniform(0.15, 0.7), rng.uniform(0, 2 * np.pi)
        sway += np.float32(amplitude) * np.sin(np.float32(speed) * time + np.float32(phase))
    return sway


def _any_direction(rng, slowest, fastest):
    angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(slowest, fastest)
    return np.array([np.cos(angle), np.sin(angle)]) * speed


def _from_middle(time):
    return time - time[-1] / 2


def _through_middle(rng, velocity, time):
    """A straight way that is near the picture's middle halfway through the video."""
    return _path(SIDE / 2 + rng.uniform(-6, 6), velocity, _from_middle(time))


def _path(start, velocity, time):
    return (start + velocity * time).astype(np.float32)[:, None, None]


def _wrap(offset):
    """What leaves on one side comes back on the other: offsets in -32..32."""
    return (offset + np.float32(SIDE / 2)) % np.float32(SIDE) - np.float32(SIDE / 2)


def _colour(rng, saturation, value):
    rgb = colorsys.hsv_to_rgb(rng.random(), rng.uniform(*saturation), rng.uniform(*value))
    return np.array(rgb, np.float32)

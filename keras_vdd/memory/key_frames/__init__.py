"""Key frames that grow in number, with linear interpolation between them: PRISM (arXiv 2505.22564)."""

from keras_vdd.memory.key_frames.settings import KeyFrameSettings
from keras_vdd.memory.memory import Items, Memory
from keras_vdd.registry import on_call


def reconstruct(distilled, pairs):
    """Videos of pairs, of their key frames; arguments as `Memory.reconstruct` says."""
    import numpy as np  # which recipes do without

    from keras_vdd.temporal.key_frames import as_keys, between_key_frames

    moments = distilled.positions[pairs[:, 0], pairs[:, 1]]
    stored = distilled.key_frames[pairs[:, 0], pairs[:, 1]]
    matrices = between_key_frames(as_keys(moments, distilled.frames))
    shares = np.take_along_axis(matrices, np.maximum(moments, 0).astype(int)[:, None], axis=2)
    shares = shares * (moments >= 0)[:, None]
    videos = np.matmul(shares, stored.reshape(*stored.shape[:2], -1))
    return videos.reshape(len(pairs), distilled.frames, *stored.shape[2:])


def shapes(settings, classes, frames, size, count=None):
    """Shapes of what is stored at the start; arguments as `Memory.shapes` says."""
    slots = settings.videos_per_class, min(2, frames) if count is None else count
    return {"key_frames": (classes, *slots, size, size, 3), "positions": (classes, *slots)}


def most_shapes(settings, classes, frames, size):
    """Shapes of what is stored at most; arguments as `Memory.shapes` says."""
    return shapes(settings, classes, frames, size, settings.most_of(frames))


MEMORY = Memory(
    kind="key-frames",
    settings=KeyFrameSettings,
    layer=on_call(f"{__name__}.layer:KeyFrameMemory.of"),
    reconstruct=reconstruct,
    shapes=shapes,
    most_shapes=most_shapes,
    items=(
        Items(
            "key_frames",
            "key_frames",
            "key frame",
            ("height", "width", 3),
            single=True,
            moments="positions",
        ),
    ),
    learns={"key_frames": "Key frames of a memory of them."},
    formula="linear interpolation between key_frames, which lie at positions",
    shown=", and what lies between them in time is interpolated linearly.",
    title=" + key frames",
    learned=lambda stills, labels: (
        f"first and last frames and what is inserted between them{', with labels,' if labels else ','}"
    ),
    torch="""\
at, time = row["positions"], torch.arange({frames})
left = torch.searchsorted(at, time, right=True) - 1
right = (left + 1).clamp(max=len(at) - 1)
share = ((time - at[left]) / (at[right] - at[left]).clamp(min=1)).view(-1, 1, 1, 1)
return ((1 - share) * key_frames[left] + share * key_frames[right]).unsqueeze(0)""",
)

"""Whole videos, every frame learned: the naive baselines of "Dancing with Still Images" (CVPR 2024), and coresets."""

from keras_vdd.memory.full_video.settings import FullVideoSettings
from keras_vdd.memory.memory import Items, Memory
from keras_vdd.registry import on_call


def reconstruct(distilled, pairs):
    """Videos of pairs, of the frames that are stored; arguments as `Memory.reconstruct` says."""
    from keras_vdd.temporal import upsampling  # needs NumPy, which recipes do without

    stored = distilled.video[pairs[:, 0], pairs[:, 1]]
    rule = distilled.interpolation, distilled.interpolator
    over_time, *_ = upsampling.axis_matrices(stored.shape[1:4], (distilled.frames, *distilled.size), *rule)
    return upsampling.along_time(stored, over_time)


def shapes(settings, classes, frames, size):
    """Shapes of what is stored; arguments as `Memory.shapes` says."""
    return {"video": (classes, settings.videos_per_class, settings.frames_of(frames), size, size, 3)}


MEMORY = Memory(
    kind="full-video",
    settings=FullVideoSettings,
    layer=on_call(f"{__name__}.layer:FullVideoMemory.of"),
    reconstruct=reconstruct,
    shapes=shapes,
    items=(
        Items(
            "video",
            "video",
            "video",
            ("frames", "height", "width", 3),
            single=True,
            enlarged_before="it is shown",
            smaller=("frames",),
        ),
    ),
    learns={"video": "Videos of a full-video memory."},
    formula="video",
    shown=" as they were learned.",
    clips="video",
    pixels=True,
    naive=True,
    learned=lambda stills, labels: f"whole videos{' and their labels' if labels else ''}, from real clips,",
    torch="return video.unsqueeze(0)",
)

"""Stills and one-channel motion clips, joined by an integrator: "Dancing with Still Images" (CVPR 2024)."""

from keras_vdd.memory.memory import Items, Memory, Shared
from keras_vdd.memory.static_dynamic.settings import StaticDynamicSettings
from keras_vdd.registry import on_call


def shapes(settings, classes, frames, size):
    """Shapes of what is stored; arguments as `Memory.shapes` says."""
    side = settings.dynamic_size or size
    motion = (settings.frames_of(frames), side, side)
    return {
        "static": (classes, settings.statics_per_class, size, size, 3),
        "dynamic": (classes, settings.dynamics_per_class, *motion, 1),
        "kernels": (settings.integrators, 3, 3, 3, 4, 3),
        "biases": (settings.integrators, 3),
    }


MEMORY = Memory(
    kind="static-dynamic",
    settings=StaticDynamicSettings,
    layer=on_call(f"{__name__}.layer:StaticDynamicMemory.of"),
    reconstruct=on_call(f"{__name__}.reconstruction:reconstruct"),
    shapes=shapes,
    items=(
        Items("static", "statics", "still", ("height", "width", 3)),
        Items(
            "dynamic", "dynamics", "motion clip", ("frames", "height", "width", 1), index="dynamic",
            enlarged_before="the integrator",
        ),
    ),
    shared=(Shared("kernels", "kernel", (3, 3, 3, 4, 3)), Shared("biases", "bias", (3,))),
    shared_noun="integrator",
    learns={
        "dynamic": "Motion clips of a static-dynamic memory.",
        "integrator": "Integrators of a static-dynamic memory.",
    },
    formula="conv3d(concat(repeat(static, frames), dynamic)), kernel (3, 3, 3, 4, 3), same, bias",
    shown=", and an integrator of 327 numbers makes videos of their pairs.",
    title=" + static-dynamic",
    stills="start",
    learned=lambda stills, labels: f"{stills}, then motion{' and labels' if labels else ''}",
    torch="""\
weights = load(row["integrator"]["weights"])
kernel = weights["kernel"].permute(4, 3, 0, 1, 2)  # out, in, time, height, width
shown = statics.unsqueeze(1).expand(-1, {frames}, -1, -1, -1)
pairs = [torch.cat([still, motion.unsqueeze(-1)], dim=-1) for still in shown for motion in dynamics]
x = torch.stack(pairs).movedim(-1, 1)
return torch.nn.functional.conv3d(x, kernel, weights["bias"], padding=1).movedim(1, -1)
""",
)  # fmt: skip

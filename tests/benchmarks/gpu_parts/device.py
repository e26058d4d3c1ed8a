"""Torch's device under measurement: its arithmetic, its memory, and how long its kernels take."""

import contextlib
from unittest.mock import patch

import torch
from peak_memory import resident_at_peak


def on_gpu():
    return torch.cuda.is_available()


def wait():
    """Wait until all that was asked for is computed."""
    if on_gpu():
        torch.cuda.synchronize()


@contextlib.contextmanager
def tf32(allowed):
    """Whether float32 convolutions and products may round their factors to TF32.

    Torch as it starts allows it to convolutions and not to products; here both follow.
    """
    places = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [place.allow_tf32 for place in places]
    for place in places:
        place.allow_tf32 = allowed
    try:
        yield
    finally:
        for place, value in zip(places, before):
            place.allow_tf32 = value


def autocast():
    """Torch's own bfloat16, for the plain loop."""
    return torch.autocast("cuda" if on_gpu() else "cpu", dtype=torch.bfloat16)


def channels_last():
    """The memory format that this package gives convolutions on a processor, on every device."""
    from keras_vdd.backend import torch as shim

    def memory_format(x):
        return torch.channels_last if x.ndim == 4 else torch.channels_last_3d

    return patch.object(shim, "_memory_format", memory_format)


def peak_gigabytes(call):
    """GB that a call takes at its peak above what was taken before: of the device, or resident on a processor."""
    if not on_gpu():
        return resident_at_peak(call) / 1e9
    wait()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    call()
    wait()
    return (torch.cuda.max_memory_allocated() - before) / 1e9


def kernels(call):
    """How long the device computes and copies during a call; None on a processor.

    Returns:
        dict: `seconds`, `count`, and `longest`, the shares of those five that take most of them.
    """
    if not on_gpu():
        return None
    activities = [torch.profiler.ProfilerActivity.CUDA]
    wait()
    with torch.profiler.profile(activities=activities) as profile:
        call()
        wait()
    on_device = [
        event
        for event in profile.key_averages()
        if event.device_type != torch.autograd.DeviceType.CPU
        and not getattr(event, "is_user_annotation", False)
    ]
    total = sum(event.self_device_time_total for event in on_device)
    longest = sorted(on_device, key=lambda event: -event.self_device_time_total)[:5]
    shares = {event.key[:80]: event.self_device_time_total / total for event in longest} if total else {}
    return {"seconds": total / 1e6, "count": sum(event.count for event in on_device), "longest": shares}

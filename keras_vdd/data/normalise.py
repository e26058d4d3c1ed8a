"""Pixels to what networks see, and back, in numpy."""

import numpy as np


def normalise(frames, mean, std):
    """Scale pixels to 0..1, then by the set's mean and deviation.

    Args:
        frames: uint8 array (..., 3).
        mean, std: 3 floats each, of pixels scaled to 0..1.

    Returns:
        float32 array of the same shape.
    """
    pixels = np.asarray(frames).astype(np.float32)
    pixels /= np.float32(255)
    pixels -= np.asarray(mean, np.float32)
    pixels /= np.asarray(std, np.float32)
    return pixels


def denormalise(frames, mean, std):
    """Return the uint8 pixels nearest to normalised ones; what leaves 0..255 is clipped.

    Args:
        frames: float array (..., 3).
        mean, std: as `normalise`.

    Returns:
        uint8 array of the same shape.
    """
    pixels = np.asarray(frames, np.float32) * np.asarray(std, np.float32) + np.asarray(mean, np.float32)
    return np.clip(np.rint(pixels * np.float32(255)), 0, 255).astype(np.uint8)

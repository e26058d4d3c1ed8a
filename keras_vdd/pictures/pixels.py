"""From normalised videos and memories to pixels that can be looked at."""

import numpy as np

# Learned frames leave the range of pixels: where more than this share does, contrast is fitted, not cut.
_CUT_SHARE = 0.02
# Differences below this share of the pixel range are not magnified to full contrast.
_QUIET = 0.02


def to_pixels(frames, mean, std):
    """Return uint8 pixels of normalised frames, with the contrast of the whole array.

    Frames that stay in the range of pixels, as real ones do, come back exactly. Otherwise the 1st to
    the 99th percentile of all values, colours together so that hues stay, is spread over 0 to 255.

    Args:
        frames: float array (..., 3), normalised; uint8 is returned as it is.
        mean, std: of the set.
    """
    if frames.dtype == np.uint8:
        return frames
    values = np.asarray(frames, np.float32) * np.asarray(std, np.float32) + np.asarray(mean, np.float32)
    if np.mean((values < 0) | (values > 1)) > _CUT_SHARE:
        values = _spread(values)
    return _as_uint8(values)


def motion_pixels(dynamic):
    """Return uint8 grey pixels (..., 3) of one-channel motion (..., 1): 1st to 99th percentile."""
    return np.repeat(_as_uint8(_spread(np.asarray(dynamic, np.float32))), 3, axis=-1)


def difference_pixels(frames):
    """Return uint8 (T, H, W, 3): grey where a frame equals the one before it, brighter or darker elsewhere.

    Args:
        frames: uint8 (T, H, W, 3). The first frame has none before it and is grey.
    """
    change = np.diff(frames.astype(np.float32) / 255, axis=0, prepend=frames[:1].astype(np.float32) / 255)
    scale = max(float(np.percentile(np.abs(change[1:]), 99.5)), _QUIET) if len(frames) > 1 else 1.0
    return _as_uint8(0.5 + 0.5 * change / scale)


def _spread(values):
    low, high = np.percentile(values, (1, 99))
    return (values - low) / max(high - low, 1e-6)


def _as_uint8(values):
    return np.clip(np.rint(255 * values), 0, 255).astype(np.uint8)

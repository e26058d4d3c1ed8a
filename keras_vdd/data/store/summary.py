"""What a store holds and what it took to make it, in figures."""

import numpy as np

from keras_vdd.text import counted


def preparation_summary(stores):
    """Return the outcome of a `prepare`.

    Args:
        stores: `keras_vdd.data.store.Prepared`.

    Returns:
        dict: `splits`, by "train" and "test" the `videos`, `classes`, `frames`, `bytes` (on the disk) and
        `failed` (a count); `decoded`, the `videos` and `frames` decoded by this call, its `seconds`, how many
        videos were `taken` from other stores and, if any were decoded, `videos_per_second` and
        `frames_per_second`; `failures`, a list of dicts of `split`, `video` and `reason`.
    """
    splits = {
        name: {
            "videos": len(store),
            "classes": len(store.class_names),
            "frames": int(store.lengths.sum(dtype=np.int64)),
            "bytes": store.nbytes,
            "failed": len(store.failed),
        }
        for name, store in stores.items()
    }
    decoded = {**stores.decoded, "seconds": round(stores.decoded["seconds"], 3)}
    if decoded["videos"]:
        for what in ("videos", "frames"):
            decoded[f"{what}_per_second"] = round(decoded[what] / stores.decoded["seconds"], 1)
    failures = [
        {"split": name, "video": video, "reason": reason}
        for name, store in stores.items()
        for video, reason in store.failed
    ]
    return {"splits": splits, "decoded": decoded, "failures": failures}


def store_summary(store):
    """Return what one split holds.

    Returns:
        dict: `videos`, `classes`, `size`, `codec`, `part`, `frames`, `bytes`, `failed` (a count), the
        `shortest`, `median` and `longest` video in frames, and `videos of each class`, a dict of class name
        to count.
    """
    lengths = store.lengths
    none = not len(store)
    return {
        "videos": len(store),
        "classes": len(store.class_names),
        "size": store.size,
        "codec": store.codec,
        "part": "whole"
        if store.middle is None
        else f"middle, {counted(store.middle[0], 'frame')} {store.middle[1]} apart",
        "frames": int(lengths.sum(dtype=np.int64)),
        "shortest": 0 if none else int(lengths.min()),
        "median": 0 if none else float(np.median(lengths)),
        "longest": 0 if none else int(lengths.max()),
        "bytes": store.nbytes,
        "failed": len(store.failed),
        "videos of each class": dict(
            zip(store.class_names, (len(rows) for rows in store.by_class()), strict=True)
        ),
    }

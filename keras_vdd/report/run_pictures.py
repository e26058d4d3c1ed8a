"""The pictures and the page of a finished run."""

import itertools

import numpy as np

from keras_vdd.data.clips import read_clips
from keras_vdd.recipe.load import resolved_yaml
from keras_vdd.report import animate, class_panel, frame_strip, results_table, save_png, write_page

# More classes than this make a strip that nobody scrolls through.
SHOWN = 8


def draw_report(recipe, run, stores, distilled, results):
    """Write `report/`: `index.html` and, where a set was made, `strip.png` and `videos.gif`.

    Args:
        recipe: `Recipe`.
        run: `RunFolder`.
        stores: dict of `Store`.
        distilled: `DistilledSet`; None for a run of the full set.
        results: `keras_vdd.evaluation.Results`.
    """
    folder = run.stage("report")
    losses, stored = {}, []
    for record in run.log.records():
        losses.setdefault(record["stage"], []).append((record["iteration"], record["loss"]))
        if "key_frames" in record:
            stored.append((record["iteration"], record["key_frames"]))
    facts = {key: getattr(results, key) for key in ("set", "classes", "backend", "architecture")}
    write_page(
        folder / "index.html", recipe.run_name, results_table(results.rows, results.protocol),
        pictures=[] if distilled is None else _pictures(recipe, folder, stores, distilled),
        losses=losses, recipe=resolved_yaml(recipe),
        facts={**facts, **({"key frames": _growth(stored)} if stored else {})},
    )  # fmt: skip


def _growth(stored):
    """How many key frames there were, of (iteration, number): "16 at the start; 17 after iteration 40, 19 after 60"."""
    first = stored[0][1]
    changes = [
        (iteration, number)
        for (_, before), (iteration, number) in itertools.pairwise([(0, first), *stored])
        if number != before
    ]
    told = [f"{number} after {iteration}" for iteration, number in changes]
    if told:
        told[0] = told[0].replace("after", "after iteration")
    return f"{first} at the start; {', '.join(told) or 'none came to them'}"


def _pictures(recipe, folder, stores, distilled):
    pairs = distilled.pairs()
    firsts = [int(np.flatnonzero(pairs[:, 0] == label)[0]) for label in range(distilled.classes)]
    videos = distilled.reconstruct(pairs[firsts])
    shown = range(min(distilled.classes, SHOWN))
    panels = [_panel(recipe, stores["train"], distilled, label, videos[label]) for label in shown]
    save_png(frame_strip(panels), folder / "strip.png")
    animate(videos, distilled.class_names, distilled.mean, distilled.std, folder / "videos.gif")
    return [
        ("A real clip, what is stored, a synthetic video and its changes.", folder / "strip.png"),
        ("A synthetic video of each class.", folder / "videos.gif"),
    ]


def _key_frames(distilled, label):
    """Those of the first video of a class, (n, H, W, 3), of a set that has some."""
    if distilled.key_frames is None:
        return None
    return distilled.key_frames[label, 0][distilled.positions[label, 0] >= 0]


def _panel(recipe, store, distilled, label, video):
    first = store.by_class()[label][:1]
    real = read_clips(store, first, recipe.data.frames, recipe.data.interval)[0]
    return class_panel(
        distilled.class_names[label], distilled.mean, distilled.std, real=real,
        stills=None if distilled.static is None else distilled.static[label],
        motion=None if distilled.dynamic is None else distilled.motion(label, slice(0, 1))[0, ..., None],
        key_frames=_key_frames(distilled, label), video=video,
    )  # fmt: skip

"""The card of a published set: what it is, how to load it and train on it, what it scored."""

import importlib.resources
import string

from keras_vdd.cards import card_code, card_notes
from keras_vdd.cards.card_front import front_matter
from keras_vdd.cards.card_results import results_section, row_of_set
from keras_vdd.cards.card_text import code, details, plain, source_in_words
from keras_vdd.cards.preview import CARD_CLASSES
from keras_vdd.cards.provenance import provenance_of
from keras_vdd.text import counted

NO_NAME = "path/or/repository"
LISTED_CLASSES = 20
"""With more classes than this their list is folded."""
LEARNED_LIMITS = """\
- The videos are learned to train networks, not to be watched; they are no record of real events.
- They were learned with one architecture: other networks may gain less from them.
- They derive from the source videos, whose terms apply."""
REAL_LIMITS = """\
- The videos are real ones: whoever is seen in the source videos may be seen here.
- Where a network chose them, other networks may gain less from them.
- The terms of the source videos apply."""


def render(distilled, dtype, content, stored, license=None, results=None, name=None):
    """Return the text of `README.md`.

    Args:
        distilled: `DistilledSet`, with what its provenance knows of the keys of `keras_vdd.cards.provenance`.
        dtype: storage type of the memories.
        content: str, hash of the data files, which their names end with.
        stored: int, bytes of the data files on disk, previews included.
        license: str or None, the terms of the source videos.
        results: `keras_vdd.evaluation.Results`, or None.
        name: repository id or path to show in the examples, or None.
    """
    told = provenance_of(distilled, dtype)
    videos, name = len(distilled.pairs()), name or NO_NAME
    source = source_in_words(told["source"])
    height, width = distilled.size
    chosen = card_notes.coreset(distilled)
    title = f"{source}, distilled ({distilled.kind}, {distilled.videos_per_class} per class)"
    if chosen:
        title = f"{source}, a coreset ({chosen}, {distilled.videos_per_class} per class)"
    template = importlib.resources.files("keras_vdd.cards").joinpath("card_template.md").read_text("utf-8")
    install, url = card_code.install_line()
    recipe, protocol = card_code.evaluated_by(distilled)
    return string.Template(template).substitute(
        front_matter=front_matter(distilled, title, content, license),
        title=plain(title),
        introduction=_introduction(distilled, plain(source), videos),
        preview_note=_preview_note(distilled),
        project=f". Made with [keras-vdd]({url})." if url else ". Made with keras-vdd.",
        install=install,
        name=card_code.quoted(name),
        clip_shape=f"({distilled.frames}, {height}, {width}, 3)",
        row_note=_row_note(distilled),
        columns_note=card_notes.columns(distilled, dtype, distilled.memory),
        labels_note=card_notes.labels(distilled),
        mean=_numbers(distilled.mean),
        std=_numbers(distilled.std),
        training=_training(distilled, dtype, name, recipe, protocol, results),
        results=results_section(distilled, dtype, recipe, results),
        bytes=_bytes(distilled, dtype, stored, told),
        classes=_classes(distilled),
        origin=_origin(distilled, told, license),
        limits=REAL_LIMITS if chosen else LEARNED_LIMITS,
        source_citation=f"- The source videos: {plain(told['citation'])}.\n" if told["citation"] else "",
    )


def _introduction(distilled, source, videos):
    height, width = distilled.size
    chosen = card_notes.coreset(distilled)
    if chosen:
        return (
            f"{videos} real videos of {distilled.classes} classes, {distilled.frames} frames of {height} x "
            f"{width}, that were chosen from {source} ({chosen}) to train video classifiers in its place."
        )
    made = f"{_stored(distilled)} are stored{distilled.memory.shown}"
    return (
        f"{videos} synthetic videos of {distilled.classes} classes, {distilled.frames} frames of "
        f"{height} x {width}, that were learned from {source} to train video classifiers in its place. {made}"
    )


def _stored(distilled):
    """How many items are stored, in words: of a class, or where videos differ in it of all and of a video."""
    several = [items for items in distilled.memory.items if items.moments is not None]
    if not several:
        arrays = distilled.arrays
        items = [counted(arrays[items.array].shape[1], items.noun) for items in distilled.memory.items]
        return f"{' and '.join(items)} a class"
    counts = (distilled.arrays[several[0].moments] >= 0).sum(axis=2)
    least, most = int(counts.min()), int(counts.max())
    each = f"{least}" if least == most else f"{least} to {most}"
    return f"{counted(int(counts.sum()), several[0].noun)} ({each} a video)"


def _preview_note(distilled):
    shown = min(distilled.classes, CARD_CLASSES)
    return f"The first video of {'each class' if shown == distilled.classes else f'{shown} of the classes'}"


def _row_note(distilled):
    if len(distilled.pairs()) == distilled.classes * distilled.videos_per_class:
        return "Rows are ordered by class."
    return (
        f"The {' and '.join(f'{items.noun}s' for items in distilled.memory.items)} of a slot (a class has "
        f"{distilled.videos_per_class}) are paired in every way, each pair a row, in a fixed order."
    )


def _training(distilled, dtype, name, recipe, protocol, results):
    row = row_of_set(distilled, recipe, results, protocol)
    lines = ["The network, optimizer, steps and test clips are those of the table below"]
    if recipe is None:
        lines = ["The set has no recipe that this version reads, so these are the toolkit's defaults."]
    elif row is not None and row.score.top1["mean"] is not None:
        top1, count = row.score.top1, len(row.score.networks)
        reached = f"one such network reached {top1['mean']:.2f} %"
        if count > 1:
            reached = f"{count} such networks reached {top1['mean']:.2f} ± {top1['std']:.2f} % on average"
        stored = "" if row.dtype in (None, dtype) else f" with the set stored as {row.dtype}"
        lines[0] += f": {reached}{stored}, and this trains another."
    else:
        lines[0] += "." if results is not None else " once there is one."
    parts = [" ".join(lines), code(card_code.train_in_keras(distilled, name, recipe, protocol), "python")]
    in_torch = card_code.videos_in_torch(distilled, name, dtype)
    if in_torch:
        parts += [
            "### In plain PyTorch",
            f"Neither Keras nor this toolkit is needed: `pip install {' '.join(_needed(distilled))}`.",
            code(in_torch, "python"),
            "A small network trained on them, as any other would be:",
            code(card_code.train_in_torch(distilled, protocol), "python"),
        ]
    return "\n\n".join(parts)


def _needed(distilled):
    return ("datasets", "torch", "pillow", *(["safetensors"] if distilled.memory.shared else []))


def _bytes(distilled, dtype, stored, told):
    what, interpolator = "memories and integrator", distilled.interpolator
    if interpolator is not None:
        what = (
            f"memories, integrator and the interpolator of frames ({interpolator.nbytes:,} of them, float32)"
        )
    lines = [
        "| what | bytes |",
        "|---|---:|",
        f"| {what}, {dtype} | {told['memory_bytes']:,} |",
        f"| data files, with a preview picture a row | {stored:,} |",
    ]
    if told["real_bytes"]:
        videos = f"{int(told['real_videos']):,} videos, " if told["real_videos"] else ""
        share = int(told["real_bytes"]) / told["memory_bytes"]
        lines.append(
            f"| real training set: {videos}decoded at this size, one byte a value | {int(told['real_bytes']):,} |"
        )
        times = f"{share:,.0f}" if share >= 10 else f"{share:.1f}"
        lines += ["", f"The real set takes {times} times the bytes of the memories."]
    return "\n".join(lines)


def _classes(distilled):
    names = ", ".join(plain(name) for name in distilled.class_names)
    if distilled.classes <= LISTED_CLASSES:
        return f"{distilled.classes}, in the order of their labels: {names}."
    return details(f"{distilled.classes}, in the order of their labels", names)


def _origin(distilled, told, license):
    made_by = told["code"]
    at = f", commit `{plain(made_by['commit'])}`" if made_by.get("commit") else ""
    changed = " with changes of its own" if made_by.get("changed") else ""
    facts = {
        "source videos": source_in_words(told["source"]),
        "split": told["split"],
        "terms of the source videos": license,
        "what was learned": told["method"],
        "recipe": told["recipe"],
        "seed": told["seed"],
        "backend": told["backend"],
        "learned step size": told["step_size"],
    }
    lines = [f"- {what}: {plain(value)}" for what, value in facts.items() if value is not None]
    lines.append(f"- code: keras-vdd {plain(made_by.get('version'))}{at}{changed}")
    if not distilled.recipe.strip():
        return "\n".join(lines)
    return "\n".join(lines) + "\n\n" + details("The recipe, every setting", code(distilled.recipe, "yaml"))


def _numbers(values):
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"

"""The table of results on a card."""

from keras_vdd.cards.card_text import plain, source_in_words

HEADS = ("trained on", "network", "videos per class", "bytes", "top-1 %", "top-5 %", "networks", "note")
WORDS, TOP_5 = ("trained on", "network", "note"), HEADS.index("top-5 %")


def results_section(distilled, dtype, recipe, results):
    """Return the results with their protocols, or a sentence where there are none.

    Args:
        distilled: `DistilledSet`.
        dtype: storage type of its memories; rows that were scored with another say so.
        recipe: `Recipe` of the set, or None.
        results: `keras_vdd.evaluation.Results`, or None.
    """
    if results is None or not results.rows:
        return "None were given."
    own = {id(row) for row in results.rows if row.method in _names(distilled, recipe)}
    rules = ["---" if head in WORDS else "---:" for head in HEADS]
    table = [HEADS, rules]
    for row in results.rows:
        method = f"**{plain(row.method)}** (this set)" if id(row) in own else plain(row.method)
        cells = (
            method,
            plain(row.architecture),
            "-" if row.videos_per_class is None else plain(row.videos_per_class),
            f"{row.bytes:,}",
            _score(row.score, row.score.top1, "diverged"),
            _score(row.score, row.score.top5, "-"),
            str(len(row.score.networks)),
            plain(_note(row, dtype)),
        )
        table.append(cells)
    if not any(row.score.top5["values"] for row in results.rows):
        table = [(*cells[:TOP_5], *cells[TOP_5 + 1 :]) for cells in table]
    lines = [f"| {' | '.join(table[0])} |", f"|{'|'.join(table[1])}|"]
    lines += [f"| {' | '.join(cells)} |" for cells in table[2:]]
    protocols = list(dict.fromkeys(row.protocol for row in results.rows))
    source = (
        f"Tested on real clips of {plain(source_in_words(results.rows[-1].set))}; mean and standard deviation over "
        "networks."
    )
    if any(row.dtype not in (None, dtype) for row in results.rows):
        source += f" Rows scored as another type were made with the set stored so; here it is {dtype}."
    return "\n".join([*lines, "", source, "", *(f"- Protocol: {plain(protocol)}." for protocol in protocols)])


def row_of_set(distilled, recipe, results, protocol):
    """Return the set's own `ResultRow` that was scored by a `Protocol`, or None."""
    names, described = _names(distilled, recipe), _without_plurals(protocol.describe())
    rows = () if results is None or recipe is None else results.rows
    own = [row for row in rows if row.method in names and _without_plurals(row.protocol) == described]
    return own[-1] if own else None


def _without_plurals(protocol):
    # Earlier versions wrote of "1 fresh networks".
    return protocol.replace("s", "")


def _names(distilled, recipe):
    # A run calls its set by what was learned, `vdd evaluate` by its kind.
    return {f"{distilled.kind} set", distilled.provenance.get("method"), recipe and recipe.title} - {None}


def _note(row, dtype):
    scored = f"scored as {row.dtype}" if row.dtype not in (None, dtype) else ""
    diverged = (
        f"{len(row.score.diverged)} of {len(row.score.networks)} diverged" if row.score.diverged else ""
    )
    return "; ".join(note for note in (row.note, scored, diverged) if note)


def _score(score, figure, without):
    if figure["mean"] is None:
        return without if score.networks else "-"
    return f"{figure['mean']:.2f} ± {figure['std']:.2f}"

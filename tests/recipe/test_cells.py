"""The paper's table 1 and figures 5 and 6: a page has the settings of each cell, which resolve to it."""

import itertools
import re
import shlex
from pathlib import Path

import pytest

from keras_vdd.planning.paper_figures import figure_of
from keras_vdd.recipe.load import load_recipe

pytestmark = pytest.mark.once

PAGE = (Path(__file__).parents[2] / "docs" / "temporal-compression.md").read_text(encoding="utf-8")
BASE = shlex.split(re.search(r"--recipe dm-miniucf-naive[^`]*?(dynamic\.network.*)\n```", PAGE)[1])[:2]
COUNTS, RULES = (1, 2, 4, 8), ("duplicate", "linear", "parametric")


def cells_of_table():
    """{(N_syn, N_real, K, I): (line of settings, the paper's percent)} of table 1."""
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| (\S+) \| ([\d.]+) ± [\d.]+ \| `(.*)` \|$", PAGE, re.M)
    found = {(int(s), int(r), int(k), rule): (line, paper) for s, r, k, rule, paper, line in rows}
    assert len(found) == len(rows)
    return found


def cells_of_figure(number):
    """The same of a figure, whose row has letters for the numbers that change, and says which these are."""
    (row,) = re.findall(rf"^\| {number}, [^|]* \| (.*) \| `(.*)` \|$", PAGE, re.M)
    letters, numbers = re.findall(r"`([A-Z])`", row[0]), re.findall(r"\d+", row[0])
    found = {}
    for chosen in itertools.product(numbers, repeat=len(letters)):
        cell, line = {"S": "16", "R": "16", "K": "1", **dict(zip(letters, chosen))}, row[1]
        for letter in letters:
            line = line.replace(f"={letter} ", f"={cell[letter]} ")
        found[(*(int(cell[letter]) for letter in "SRK"), "duplicate")] = line, None
    return found


FOUND = {"table 1": cells_of_table(), "figure 5": cells_of_figure(5), "figure 6": cells_of_figure(6)}
EXPECTED = {
    "table 1": {(n, n, 1, rule) for rule in RULES for n in COUNTS} - {(1, 1, 1, "linear")},
    "figure 5": {(s, r, 1, "duplicate") for s in (*COUNTS, 16) for r in (*COUNTS, 16)},
    "figure 6": {(16, 16, k, "duplicate") for k in (*COUNTS, 16)},
}


@pytest.mark.parametrize("place", EXPECTED)
def test_every_cell_has_a_line_that_resolves_to_it(place):
    assert FOUND[place].keys() == EXPECTED[place]
    for cell, (line, paper) in FOUND[place].items():
        recipe = load_recipe("dm-miniucf-naive", [*BASE, *line.split()])
        memory, stage = recipe.memory, recipe.dynamic
        assert (memory.stored_frames, stage.real_frames, stage.segments, memory.interpolation) == cell
        assert stage.network == recipe.evaluation.architecture == "convnet_gru" and stage.loss == "dm"
        assert memory.kind == "full-video" and recipe.data.frames == 16
        if paper:
            figure = figure_of(recipe)
            assert f"{figure.mean:.1f}" == paper and str(figure).endswith("% top-1 on CNN+GRU (table 1)")


def test_the_cells_of_up_to_eight_frames_are_recipes_of_the_made_shapes_too():
    for (stored, real, count, rule), (line, _) in (FOUND["table 1"] | FOUND["figure 5"]).items():
        if max(stored, real) <= 8:
            recipe = load_recipe("dm-shapes-naive", [*BASE, *line.split()])
            assert (recipe.memory.stored_frames, recipe.dynamic.real_frames) == (stored, real)
            assert (recipe.dynamic.segments, recipe.memory.interpolation) == (count, rule)


def test_other_frames_than_those_of_the_table_have_no_figure():
    line = [*BASE, "memory.stored_frames=2", "dynamic.real_frames=2", "memory.interpolation=duplicate"]
    assert figure_of(load_recipe("dm-miniucf-naive", line)).mean == 18.0
    others = ["dynamic.real_frames=4", "dynamic.segments=2", "memory.interpolation=half-pixel"]
    others += ["memory.videos_per_class=5", "evaluation.architecture=mini_c3d", "memory.stored_frames=1"]
    for more in others:
        assert figure_of(load_recipe("dm-miniucf-naive", [*line, more])) is None, more
    for less in ("memory.stored_frames=2", "dynamic.segments=2", "dynamic.real_frames=8"):
        assert figure_of(load_recipe("dm-miniucf-naive", [less])) is None, less

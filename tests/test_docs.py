"""The pages for people: tables equal their CSV files, links lead somewhere, commands parse."""

import csv
import functools
import re
import shlex
import string
from pathlib import Path

import click
import pytest

from keras_vdd.cli import backend
from keras_vdd.cli.main import command as vdd
from keras_vdd.errors import UsageError
from keras_vdd.recipe.load import list_recipes, load_recipe
from keras_vdd.recipe.overrides import parse

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "results"
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "MODEL_CARD.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "tests" / "benchmarks" / "README.md",
    ]
)
# Settings that were taken out because of what these tables show; their figures stay, as the reason.
REMOVED = ("dynamic.networks=experts",)
TABLES = sorted(RESULTS.glob("*.csv"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


def named(path):
    return path.relative_to(ROOT).as_posix()


def rows_of(table):
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


# Tables. A heading such as "top-1 %" stands for the column `top1` of the CSV file, or for `top1_mean` and
# `top1_spread`.


def tables_of_pages():
    """Yield (page, CSV file, headings, rows of cells) of each table on a page of results but the README."""
    for page in sorted(RESULTS.glob("*.md")):
        if page.name == "README.md":
            continue
        lines = [*page.read_text(encoding="utf-8").splitlines(), ""]
        starts = [
            i for i, line in enumerate(lines) if line.startswith("|") and not lines[i - 1].startswith("|")
        ]
        for start in starts:
            end = lines.index("", start)
            cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end]]
            link = re.fullmatch(r"\[`(.+\.csv)`\]\(\1\)", lines[start - 2])
            assert link, f"{named(page)}:{start + 1}: no link to a CSV file two lines above the table"
            yield page, RESULTS / link[1], cells[0], cells[2:]


def column(heading):
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"[-%']", "", heading.lower())).strip("_")


def shown(row, heading):
    """Return the cell that a page shows of a row of a CSV file under this heading."""
    name = column(heading)
    value = row[f"{name}_mean"] if f"{name}_mean" in row else row[name]
    if name in ("bytes", "clips"):
        value = f"{int(value):,}"
    if row.get(f"{name}_spread"):
        value += f" ±{row[f'{name}_spread']}"
    if row.get(f"{name}_low"):
        value += f" ({row[f'{name}_low']} to {row[f'{name}_high']})"
    if note := row.get(f"{name}_note"):
        value = f"{value} ({note})" if value else note
    return value


def test_each_table_equals_its_csv_cell_by_cell():
    for page, table, headings, cells in tables_of_pages():
        rows = rows_of(table)
        for row, line in zip(rows, cells, strict=True):
            plain = [re.sub(r"\*\*|`", "", cell) for cell in line]
            assert plain == [shown(row, heading) for heading in headings], f"{named(page)}, {table.name}"


def test_each_csv_is_shown_once_and_listed_with_its_page():
    shows = {table.name: page.name for page, table, *_ in tables_of_pages()}
    assert len(shows) == len(list(tables_of_pages())), "a CSV file is shown twice"
    assert sorted(shows) == [table.name for table in TABLES]
    index = (RESULTS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[`(.+\.csv)`\]\(\1\) \| \[[^\]]+\]\((.+\.md)\) \|", index, flags=re.MULTILINE)
    assert dict(listed) == shows and len(listed) == len(shows)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_a_csv_is_well_formed(table):
    rows = rows_of(table)
    assert rows
    for row in rows:
        assert None not in row and None not in row.values(), "a row has more or fewer cells than the head"
    for name in rows[0]:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        if name.endswith(("_mean", "_spread", "_low", "_high", "_least")) or name == "bytes":
            assert all(float(row[name]) >= 0 for row in rows if row[name]), name
        if name.endswith("_spread"):
            mean = name.removesuffix("_spread") + "_mean"
            assert all(row[mean] for row in rows if row[name]), f"{name} without {mean}"
    assert all(row["version"] and row["command"] for row in rows)
    for row in rows:
        assert row.get("spread_of", "networks") in ("networks", "sets", "")
        # A spread over several distillations has several of them, and one over networks has one.
        if row.get("spread_of"):
            assert (row["spread_of"] == "sets") == (int(row["sets"]) > 1)
        if row.get("seeds"):
            assert len(row["seeds"].split()) == int(row["sets"])


# Links.


def slugs(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = [re.sub(r"[`*]", "", title) for title in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_relative_links_lead_to_files_and_headings(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists() and place.is_relative_to(ROOT), target
        if anchor:
            assert anchor in slugs(place), target


# What a reader puts there: names in capitals, and the files of the pages that make one.
PLACEHOLDER = re.compile(r"/(NAME|SET|KIND)\b|/(fade|moments)/")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=named)
def test_files_that_a_page_names_are_there(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    paths = re.findall(r"`((?:keras_vdd|cli|recipes|tests|docs)/[\w./-]+)`", text)
    assert [path for path in paths if not PLACEHOLDER.search(path) and not (ROOT / path).exists()] == []


# Commands.


def commands(page):
    """Return the words of each `vdd` command in a page's shell blocks, with the blocks' variables put in."""
    found, variables = [], {"SEED": "0"}
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if language not in ("bash", "sh", "console"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            line = string.Template(line.removeprefix("$ ")).substitute(variables)
            if assigned := re.fullmatch(r'([A-Z_]+)="(.*)"', line.strip()):
                variables[assigned[1]] = assigned[2]
                continue
            parts = [shlex.split(part, comments=True) for part in line.split("&&")]
            found += [words[1:] for words in parts if words[:1] == ["vdd"]]
    return found


def spoken_commands(page):
    """Return the words of each `vdd` command in the running text that has an option or a setting."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    spans = [" ".join(span.split()) for span in re.findall(r"`(vdd [^`]+)`", text)]
    return [shlex.split(span)[1:] for span in spans if re.search(r"--|=", span) and "..." not in span]


def leaves(group):
    """Yield the commands of `vdd` that do something, those of `vdd recipes` among them."""
    for name in group.list_commands(None):
        found = group.get_command(None, name)
        yield from leaves(found) if isinstance(found, click.Group) else [found]


@functools.cache
def packaged():
    return {recipe.name for recipe in list_recipes()}


@pytest.fixture
def check(monkeypatch):
    """A function that has `vdd` parse a command and checks its recipe, while nothing is run.

    It raises what `vdd` raises: click.UsageError for an unknown command, option or choice, UsageError for a
    recipe or a setting that is wrong.
    """
    asked = []
    for leaf in leaves(vdd):
        monkeypatch.setattr(leaf, "callback", lambda **given: asked.append(given))
    # --backend would choose one for this process.
    monkeypatch.setattr(backend, "choose", lambda name: None)

    def parsed(words):
        vdd.main(list(words), prog_name="vdd", standalone_mode=False)
        given = asked.pop() if asked else {}
        # A plugin that a page makes is not there, nor are its settings: other tests run such commands.
        if "--plugin" in words:
            return
        overrides = given.get("overrides", ())
        for text in overrides:
            parse(text)
        if given.get("recipe") in packaged():
            load_recipe(given["recipe"], overrides)

    return parsed


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_of_a_page_parse(page, check):
    for words in [*commands(page), *spoken_commands(page)]:
        check(words)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_commands_of_a_csv_parse(table, check):
    for text in sorted({row["command"] for row in rows_of(table)}):
        if any(setting in text for setting in REMOVED):
            continue
        program, *words = shlex.split(text.replace("SEED", "0"))
        if program == "vdd":
            check(words)
        else:
            assert program == "python" and (ROOT / words[0]).is_file(), text
            for setting in (word for word in words[1:] if "=" in word):
                parse(setting)


@pytest.mark.parametrize(
    "line",
    [
        "distil --recipe quickstart",
        "distill --recipe quickstart --dry",
        "distill",
        "distill --recipe quickstart --seed one",
        "distill --recipe quickstart dynamic.iteration=3",
        "distill --recipe quickstart static.iterations=few",
        "recipes list --sets ucf101",
        "evaluate",
    ],
)
def test_a_wrong_command_is_found(line, check):
    with pytest.raises((click.UsageError, UsageError, ValueError)):
        check(shlex.split(line))

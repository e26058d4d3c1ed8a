from keras_vdd.report import results_table

ROWS = [
    {
        "method": "dm + static-dynamic",
        "videos_per_class": 1,
        "bytes": 95_335_708,
        "top1": {"mean": 17.52, "std": 0.14, "values": [17.4, 17.6]},
        "top5": {"mean": 40.0, "std": 1.0, "values": []},
        "pairs": None,
        "diverged": 0,
        "seeds": [0, 1, 2],
    },
    {
        "method": "random|clips",
        "videos_per_class": "2-3",
        "bytes": 1_204,
        "top1": {"mean": None, "std": None, "values": []},
        "top5": {"mean": None, "std": None, "values": []},
        "diverged": 3,
        "seeds": [0, 1, 2],
        "note": "odd",
    },
]


def test_cells():
    table = results_table(ROWS, "evaluator paper: all of it")
    assert table.header == ["method", "videos per class", "bytes", "top-1 %", "top-5 %", "diverged", "note"]
    assert table.rows[0] == ["dm + static-dynamic", "1", "95,335,708", "17.5 ±0.1", "40.0 ±1.0", "0 of 3", ""]
    assert table.rows[1] == ["random|clips", "2-3", "1,204", "diverged", "-", "3 of 3", "odd"]


def test_columns_that_no_row_has_are_left_out():
    plain = {**ROWS[0], "pairs": {"mean": 98.0, "std": 0.5, "values": []}}
    assert results_table([plain], "t").header[-1] == "pairs %"
    assert results_table([], "t").rows == []


def test_text_is_aligned_and_opens_with_the_title():
    lines = results_table(ROWS, "evaluator paper: " + "long words " * 30).text().splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("method"))
    assert lines[0].startswith("evaluator paper") and lines[head - 1] == ""
    ends = {line.index(end) + len(end) for line, end in zip(lines[head + 2 :], ("95,335,708", " 1,204"))}
    assert ends == {lines[head].index("bytes") + len("bytes")}
    assert max(map(len, lines)) <= max(72, len(lines[head + 1]))


def test_markdown_escapes_bars():
    lines = results_table(ROWS, "the title").markdown().splitlines()
    assert lines[0] == "the title" and lines[1] == ""
    assert lines[3] == "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    assert "random\\|clips" in lines[5]

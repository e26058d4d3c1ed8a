from made_rows import row

from keras_vdd.report import results_table

ROWS = [
    row(17.4, 17.5, 17.66, top5=40.0, method="dm + static-dynamic"),
    row(None, None, None, method="random|clips", videos_per_class="2-3", bytes=1_204, note="odd"),
]


def test_cells():
    table = results_table(ROWS, "evaluator paper: all of it")
    assert table.header == ["method", "videos per class", "bytes", "top-1 %", "top-5 %", "diverged", "note"]
    assert table.rows[0] == ["dm + static-dynamic", "1", "95,335,708", "17.5 ±0.1", "40.0 ±0.0", "0 of 3", ""]
    assert table.rows[1] == ["random|clips", "2-3", "1,204", "diverged", "-", "3 of 3", "odd"]


def test_columns_that_no_row_has_are_left_out():
    table = results_table([row(50.0, pairs=98.0)], "t")
    assert table.header[-1] == "pairs %" and table.rows[0][-1] == "98.0 ±0.0"
    # With fewer than six classes nobody counts the five best.
    assert "top-5 %" in table.header and "top-5 %" not in results_table([row(50.0, top5=None)], "t").header
    assert results_table([], "t").rows == []


def test_text_is_aligned_and_opens_with_the_title():
    lines = results_table(ROWS, "evaluator paper: " + "long words " * 30).text().splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("method"))
    assert lines[0].startswith("evaluator paper") and lines[head - 1] == ""
    ends = {line.index(end) + len(end) for line, end in zip(lines[head + 2 :], ("95,335,708", " 1,204"))}
    assert ends == {lines[head].index("bytes") + len("bytes")}
    assert max(map(len, lines)) <= max(72, len(lines[head + 1]))

from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from made_rows import row

from keras_vdd.errors import VddError
from keras_vdd.report import class_panel, frame_strip, results_table, save_png, write_page
from keras_vdd.report.curves import loss_curve


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.sources, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.text += data


def test_page_holds_everything_itself(tmp_path):
    clip = np.zeros((2, 8, 8, 3), np.uint8)
    save_png(frame_strip([class_panel("x", (0, 0, 0), (1, 1, 1), real=clip)]), tmp_path / "strip.png")
    write_page(
        tmp_path / "report" / "index.html",
        "quick & small",
        results_table([row(49.0, 51.0, method="<dm>", bytes=1234)], "evaluator stable"),
        pictures=[("strip", tmp_path / "strip.png")],
        losses={"static": [(0, 2.0), (10, 1.0)], "dynamic": [(0, float("nan"))]},
        recipe="name: <quick>\n",
        facts={"keras": "3.15"},
    )
    reader = Reader()
    reader.feed((tmp_path / "report" / "index.html").read_text(encoding="utf-8"))
    assert all(text in reader.text for text in ("quick & small", "<dm>", "1,234", "50.0 ±1.0"))
    assert all(text in reader.text for text in ("evaluator stable", "name: <quick>", "no losses", "3.15"))
    assert "svg" in reader.tags and len(reader.sources) == 1
    assert reader.sources[0].startswith("data:image/png;base64,")
    assert not {"dm", "quick", "script", "link"} & set(reader.tags)


def test_page_needs_its_pictures(tmp_path):
    with pytest.raises(VddError, match="Cannot read picture"):
        write_page(tmp_path / "index.html", "x", None, pictures=[("gone", tmp_path / "gone.png")])
    assert not (tmp_path / "index.html").exists()


def test_loss_curve_stays_in_its_frame_and_averages_long_runs():
    svg = ElementTree.fromstring(loss_curve([(i, 100.0 / (i + 1)) for i in range(5000)], "a<b"))
    points = [tuple(map(float, p.split(","))) for p in svg.find("polyline").get("points").split()]
    assert len(points) == 400
    assert all(64 <= x <= 628 and 12 <= y <= 192 for x, y in points)
    assert points[0][1] == 12 and points[-1][1] == 192
    assert "logarithmic" in "".join(svg.itertext())
    assert "logarithmic" not in loss_curve([(0, 0.0), (1, 1.0)], "x")

"""Results for people: tables, frame strips, animations and one HTML page. numpy and Pillow only."""

from keras_vdd.report.animation import animate
from keras_vdd.report.page import write_page
from keras_vdd.report.strips import Panel, class_panel, frame_strip, save_png
from keras_vdd.report.tables import Table, results_table

__all__ = [
    "Panel",
    "Table",
    "animate",
    "class_panel",
    "frame_strip",
    "results_table",
    "save_png",
    "write_page",
]

"""Drawings as text: ticks, scales, and nothing that gets out of its quotes."""

import xml.etree.ElementTree as ET

import pytest

pytest.importorskip("markupsafe")

from workbench.report.charts import draw_calibration, draw_precision, draw_series
from workbench.report.marks import draw_range
from workbench.report.svg import Scale, find_ticks, tag
from workbench.report.table import Measure


def test_a_scale_maps_its_ends_onto_its_ends():
    up = Scale(0, 2, 100, 0)
    assert (up(0), up(1), up(2)) == (100, 50, 0)


@pytest.mark.parametrize(
    ("low", "high", "count", "ticks"),
    [
        (0, 1, 4, [0, 0.5, 1]),
        (0, 400, 4, [0, 100, 200, 300, 400]),
        (0, 7.3, 4, [0, 2, 4, 6]),
        (3, 3, 4, [3]),
        (0, 0.0004, 2, [0, 0.0002, 0.0004]),
    ],
)
def test_ticks_are_round_and_inside(low, high, count, ticks):
    assert find_ticks(low, high, count) == ticks


def test_what_stands_in_an_element_cannot_leave_it():
    text = str(tag("text", '</text><script>"', title='" onload="x', class_="a"))
    assert text == ('<text title="&#34; onload=&#34;x" class="a">&lt;/text&gt;&lt;script&gt;&#34;</text>')


def test_every_drawing_is_well_formed_and_says_what_it_shows():
    curve = {"recall": [0, 0.5, 1], "precision": [1, 0.9, 0.2], "score": [0.9, 0.5, 0.1]}
    bins = [{"low": 0.9, "high": 1.0, "score": 0.95, "precision": 0.8, "count": 40}]
    drawings = {
        draw_precision(
            "<b>", curve, {"score": 0.5, "precision": 0.9, "recall": 0.5}
        ): "precision 90.0 % and recall 50.0 %",
        draw_calibration(bins, 0.15): "15.0 points off",
        draw_series("Loss", {"train": [(1, 2.0), (2, 1.0)]}, share=False): "at the end: train 1",
    }
    for drawing, words in drawings.items():
        root = ET.fromstring(str(drawing))
        assert root.get("role") == "img"
        assert words in root.get("aria-label")


def test_no_value_is_no_drawing_and_one_step_is_one():
    assert draw_range(Measure(None)) == ""
    assert "<circle" in draw_series("AP", {"mask AP": [(5, 0.3)]}, share=True)

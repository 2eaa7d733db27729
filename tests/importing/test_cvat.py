"""CVAT for images 1.1."""

from math import hypot
from pathlib import Path

import pytest

from tests.importing.sources import bring_in
from workbench.errors import DatasetError

META = (
    "<meta><job><labels><label><name>dog</name></label><label><name>cat</name></label></labels></job></meta>"
)


def cvat(*shapes: str, attributes: str = 'id="0" name="a.jpg" width="40" height="30"') -> str:
    return f"<annotations><version>1.1</version>{META}<image {attributes}>{''.join(shapes)}</image></annotations>"


def bring(tmp_path: Path, *shapes: str):
    return bring_in(tmp_path, "cvat", {"annotations.xml": cvat(*shapes), "a.jpg": (40, 30)})


def test_every_kind_has_its_form(tmp_path: Path):
    result = bring(
        tmp_path,
        '<box label="cat" xtl="1" ytl="2" xbr="11" ybr="7" z_order="3" occluded="1" group_id="4"/>',
        '<polygon label="cat" points="1,1;9,1;9,8"><attribute name="old">true</attribute>'
        '<attribute name="age">7</attribute></polygon>',
        '<polyline label="dog" points="1,1;9,1"/>',
        '<points label="dog" points="1,1;9,1"/>',
        '<ellipse label="cat" cx="10" cy="10" rx="4" ry="4"/>',
        '<tag label="blurred"/>',
    )
    box, polygon, line, one, other, circle = result.only().shapes
    assert (box.kind, box.points, box.group, box.flags) == (
        "rectangle",
        ((1, 2), (11, 7)),
        4,
        {"occluded": True},
    )
    assert box.extra == {"z_order": "3"}
    assert (polygon.flags, polygon.extra) == ({"old": True}, {"attributes": {"age": "7"}})
    assert [shape.kind for shape in (line, one, other, circle)] == ["linestrip", "point", "point", "circle"]
    assert one.group == other.group is not None
    assert result.only().flags == {"blurred": True}
    assert result.labels == ["dog", "cat"]


def test_a_turned_box_has_four_corners(tmp_path: Path):
    (shape,) = (
        bring(tmp_path, '<box label="cat" xtl="10" ytl="10" xbr="20" ybr="14" rotation="90"/>').only().shapes
    )
    assert shape.kind == "oriented_rectangle"
    expected = [(17, 7), (17, 17), (13, 17), (13, 7)]  # upper left goes to upper right: clockwise as seen
    assert [value for point in shape.points for value in point] == pytest.approx(
        [v for p in expected for v in p]
    )


def test_an_ellipse_stays_within_a_tenth_of_a_pixel(tmp_path: Path):
    (shape,) = (
        bring(tmp_path, '<ellipse label="cat" cx="500" cy="0" rx="400" ry="100" rotation="0"/>').only().shapes
    )
    for (x0, y0), (x1, y1) in zip(shape.points, shape.points[1:], strict=False):
        x, y = (x0 + x1) / 2 - 500, (y0 + y1) / 2
        share = hypot(x / 400, y / 100)
        assert (1 - share) * hypot(x, y) / share < 0.1


def test_a_mask_is_laid_out_row_by_row(tmp_path: Path):
    result = bring(tmp_path, '<mask label="cat" rle="1, 2, 3" left="5" top="6" width="3" height="2"/>')
    (shape,) = result.only().shapes
    assert (shape.kind, shape.points) == ("mask", ((6, 6), (7, 6)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<box label="cat" xtl="1" ytl="2" xbr="inf" ybr="7"/>', "non-finite"),
        ('<box label="cat" xtl="1" ytl="2"/>', "bad-number"),
        ('<box label="cat" xtl="1" ytl="2" xbr="9" ybr="7" rotation="x"/>', "bad-number"),
        ('<polygon label="cat" points="1,1;9"/>', "bad-points"),
        ('<polygon label="cat" points=""/>', "too-few-points"),
        ('<points label="cat" points=""/>', "too-few-points"),
        ('<ellipse label="cat" cx="1" cy="1" rx="-4" ry="4"/>', "zero-size"),
        ('<cuboid label="cat"/>', "unknown-kind"),
        ('<skeleton label="cat"/>', "unknown-kind"),
        ('<mask label="cat" rle="1, 2" left="5" top="6" width="3" height="2"/>', "bad-rle"),
        ('<mask label="cat" rle="6, -2, 2" left="5" top="6" width="3" height="2"/>', "bad-rle"),
        ('<mask label="cat" rle="6" left="39" top="6" width="3" height="2"/>', "bad-rle"),
        ('<mask label="cat" rle="6" left="0" top="0" width="3" height="2"/>', "empty-mask"),
        ('<mask label="cat" rle="1" left="0" top="0" width="999999" height="999999"/>', "bad-rle"),
        ('<box xtl="1" ytl="2" xbr="9" ybr="7"/>', "bad-label"),
    ],
)
def test_what_makes_no_sense_has_a_reason(tmp_path: Path, text: str, reason: str):
    result = bring(tmp_path, text, '<box label="cat" xtl="1" ytl="2" xbr="11" ybr="7"/>')
    assert (result.summary.skipped, result.summary.shapes) == ({reason: 1}, 1)


@pytest.mark.parametrize("text", ["<annotations><track id='0'/></annotations>", "<annotation/>"])
def test_tracks_and_other_xml_are_refused(tmp_path: Path, text: str):
    with pytest.raises(DatasetError, match=r"CVAT for images 1\.1"):
        bring_in(tmp_path, "cvat", {"a.xml": text})

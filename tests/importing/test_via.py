"""VGG Image Annotator."""

import json
from pathlib import Path

import pytest

from tests.importing.sources import bring_in
from workbench.errors import DatasetError

SQUARE = {"name": "polygon", "all_points_x": [1, 9, 9, 1], "all_points_y": [2, 2, 8, 8]}


def entry(*regions, name="a.jpg", as_dict=False, **more):
    regions = [{"shape_attributes": shape, "region_attributes": attributes} for shape, attributes in regions]
    listed = {str(k): region for k, region in enumerate(regions)} if as_dict else regions
    return {"filename": name, "size": 1, "regions": listed, "file_attributes": {}, **more}


@pytest.mark.parametrize("as_dict", [True, False])
def test_regions_may_be_an_object_or_a_list(tmp_path: Path, as_dict: bool):
    result = bring_in(
        tmp_path, "via", {"v.json": {"a.jpg1": entry((SQUARE, {}), as_dict=as_dict)}, "a.jpg": (40, 30)}
    )
    (shape,) = result.only().shapes
    assert (shape.kind, shape.label) == ("polygon", "object")
    assert shape.points == ((1, 2), (9, 2), (9, 8), (1, 8))


def test_a_project_file_is_read_too(tmp_path: Path):
    project = {"_via_settings": {}, "_via_img_metadata": {"a.jpg1": entry((SQUARE, {"class": "cat"}))}}
    result = bring_in(tmp_path, "via", {"v.json": project, "a.jpg": (40, 30)})
    assert result.labels == ["cat"]


def test_every_kind_has_its_form(tmp_path: Path):
    regions = [
        ({"name": "rect", "x": 1, "y": 2, "width": 10, "height": 5}, {}),
        ({"name": "circle", "cx": 10, "cy": 10, "r": 4}, {}),
        ({"name": "ellipse", "cx": 10, "cy": 10, "rx": 8, "ry": 4, "theta": 0.5}, {}),
        ({"name": "point", "cx": 3, "cy": 4}, {}),
        ({"name": "polyline", "all_points_x": [1, 2], "all_points_y": [3, 4]}, {}),
    ]
    shapes = bring_in(tmp_path, "via", {"v.json": {"k": entry(*regions)}, "a.jpg": (40, 30)}).only().shapes
    assert [shape.kind for shape in shapes] == ["rectangle", "circle", "polygon", "point", "linestrip"]
    assert shapes[0].points == ((1, 2), (11, 7))
    assert shapes[1].points == ((10, 10), (14, 10))
    assert shapes[2].extra["ellipse"]["radii"] == [8, 4]


def test_a_region_without_class_takes_the_only_one_there_is(tmp_path: Path):
    regions = [(SQUARE, {}), (SQUARE, {"label": "balloon"})]
    result = bring_in(tmp_path, "via", {"v.json": {"k": entry(*regions)}, "a.jpg": (40, 30)})
    assert [shape.label for shape in result.only().shapes] == ["balloon", "balloon"]


def test_the_only_line_of_the_labels_names_regions_without_class(tmp_path: Path):
    files = {"v.json": {"k": entry((SQUARE, {}))}, "a.jpg": (40, 30)}
    assert bring_in(tmp_path, "via", files, labels="__ignore__\nballoon\n").labels == ["balloon"]


def test_ticked_boxes_are_classes_and_flags(tmp_path: Path):
    attributes = {"class": {"cat": True, "dog": False}, "hidden": "true", "colour": "red"}
    files = {
        "v.json": {
            "k": entry(
                (SQUARE, attributes), file_attributes={"night": "yes", "by": "Ann", "x": {"blur": True}}
            )
        }
    }
    annotation = bring_in(tmp_path, "via", {**files, "a.jpg": (40, 30)}).only()
    (shape,) = annotation.shapes
    assert (shape.label, shape.flags, shape.extra) == (
        "cat",
        {"hidden": True},
        {"attributes": {"colour": "red"}},
    )
    assert annotation.flags == {"night": True, "x.blur": True}
    assert annotation.extra["file_attributes"] == {"by": "Ann"}


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ({"name": "polygon", "all_points_x": [1, 2, 3], "all_points_y": [1, 2]}, "bad-points"),
        ({"name": "polygon", "all_points_x": [1, 2], "all_points_y": [1, 2]}, "too-few-points"),
        ({"name": "polygon", "all_points_x": "abc", "all_points_y": [1]}, "bad-number"),
        ({"name": "rect", "x": 1, "y": 1, "width": 0, "height": 4}, "zero-size"),
        ({"name": "rect", "x": 1, "y": 1, "width": 1e12, "height": 4}, "absurd-coordinate"),
        ({"name": "circle", "cx": float("nan"), "cy": 1, "r": 2}, "non-finite"),
        ({"name": "circle", "cx": True, "cy": 1, "r": 2}, "bad-number"),
        ({"name": "cloud"}, "unknown-kind"),
        (7, "unknown-kind"),
    ],
)
def test_what_makes_no_sense_has_a_reason(tmp_path: Path, shape, reason: str):
    result = bring_in(tmp_path, "via", {"v.json": {"k": entry((shape, {}), (SQUARE, {}))}, "a.jpg": (40, 30)})
    assert result.summary.skipped == {reason: 1}
    assert result.summary.shapes == 1


def test_images_are_looked_for_beside_their_own_file_first(tmp_path: Path):
    files = {}
    for part, x in (("train", 5), ("val", 6)):
        files |= {
            f"{part}/a.jpg": (40, 30),
            f"{part}/via.json": {"k": entry(({**SQUARE, "all_points_x": [x, 9, 9, x]}, {}))},
        }
    result = bring_in(tmp_path, "via", files)
    assert [result.annotation(f"{part}/a.json").shapes[0].points[0][0] for part in ("train", "val")] == [5, 6]


def test_another_json_is_refused_in_one_line(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"v\.json: a VIA file must map keys to images"):
        bring_in(tmp_path, "via", {"v.json": {"shapes": []}}, source="v.json")


def test_the_balloons_are_305(tmp_path: Path, shared: Path):
    out = tmp_path / "out"
    from workbench.commands.import_ import build_source, import_source

    summary = import_source(build_source(shared / "balloon", out), "via", out)
    assert (summary.images, summary.shapes, summary.skipped) == (74, 305, {})
    assert [len(json.loads(path.read_text())["shapes"]) for path in sorted(out.glob("val/*.json"))].count(
        0
    ) == 0
    assert sum(len(json.loads(path.read_text())["shapes"]) for path in out.glob("train/*.json")) == 255

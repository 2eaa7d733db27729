"""Label Studio's JSON export."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.importing.sources import bring_in
from tests.importing.test_coco import draw
from workbench.errors import DatasetError
from workbench.importing.brush import decode_brush


def pack_brush(array: np.ndarray) -> list[int]:
    """Encode a mask as Label Studio does: runs of the bytes of an RGBA picture (literal runs between repeated ones)."""
    values = np.zeros((*array.shape, 4), np.uint8)
    values[..., 2] = 7  # colours say nothing
    values[array > 0, 3] = 255
    flat, widths = values.ravel().tolist(), (3, 4, 8, 16)
    bits = f"{len(flat):032b}" + f"{7:05b}" + "".join(f"{width - 1:04b}" for width in widths)
    place = 0
    while place < len(flat):
        end = place
        while end < len(flat) and flat[end] == flat[place] and end - place < 60_000:
            end += 1
        if end - place < 2:
            end = min(place + 3, len(flat))
            bits += "0" + _count(end - place, widths) + "".join(f"{value:08b}" for value in flat[place:end])
        else:
            bits += "1" + _count(end - place, widths) + f"{flat[place]:08b}"
        place = end
    bits += "0" * (-len(bits) % 8)
    return [int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)]


def _count(count: int, widths: tuple[int, ...]) -> str:
    which = next(k for k, width in enumerate(widths) if count <= 1 << width)
    return f"{which:02b}" + f"{count - 1:0{widths[which]}b}"


def result(kind: str, value: dict, **more) -> dict:
    return {
        "type": kind,
        "value": value,
        "original_width": 40,
        "original_height": 30,
        "image_rotation": 0,
        **more,
    }


def task(*results: dict, image: str = "/data/upload/1/0a1b2c3d-a.jpg") -> dict:
    return {"id": 1, "data": {"image": image}, "annotations": [{"result": list(results)}]}


def bring(tmp_path: Path, *tasks: dict):
    return bring_in(tmp_path, "labelstudio", {"x.json": list(tasks), "a.jpg": (40, 30)})


def test_percent_become_pixels(tmp_path: Path):
    box = {"x": 10, "y": 10, "width": 50, "height": 20, "rotation": 0, "rectanglelabels": ["dog"]}
    ellipse = {"x": 50, "y": 50, "radiusX": 15, "radiusY": 20, "rotation": 0, "ellipselabels": ["dog"]}
    results = (
        result("polygonlabels", {"points": [[10, 10], [50, 10], [50, 90]], "polygonlabels": ["cat"]}),
        result("rectanglelabels", box),
        result("ellipselabels", ellipse),
        result("keypointlabels", {"x": 50, "y": 50, "width": 1, "keypointlabels": ["eye"]}),
    )
    polygon, rectangle, circle, point = bring(tmp_path, task(*results)).only().shapes
    assert [shape.label for shape in (polygon, rectangle, circle, point)] == ["cat", "dog", "dog", "eye"]
    assert (polygon.kind, polygon.points) == ("polygon", ((4, 3), (20, 3), (20, 27)))
    assert (rectangle.kind, rectangle.points) == ("rectangle", ((4, 3), (24, 9)))
    assert (circle.kind, circle.points) == ("circle", ((20, 15), (26, 15)))
    assert (point.kind, point.points) == ("point", ((20, 15),))


def test_a_box_is_turned_about_its_upper_left_corner(tmp_path: Path):
    value = {"x": 50, "y": 50, "width": 25, "height": 10, "rotation": 90, "rectanglelabels": ["cat"]}
    (shape,) = bring(tmp_path, task(result("rectanglelabels", value))).only().shapes
    assert shape.kind == "oriented_rectangle"
    assert [v for point in shape.points for v in point] == pytest.approx([20, 15, 20, 25, 17, 25, 17, 15])


def test_a_brush_is_the_alpha_of_its_picture(tmp_path: Path):
    array = np.zeros((30, 40), np.uint8)
    array[3:20, 5:11] = 1
    value = {"format": "rle", "rle": pack_brush(array), "brushlabels": ["cat"]}
    (shape,) = bring(tmp_path, task(result("brushlabels", value))).only().shapes
    assert (draw(shape) == array).all()


@settings(max_examples=100, deadline=None)
@given(arrays(np.uint8, (9, 5), elements=st.integers(0, 1)))
def test_any_brush_comes_back(array: np.ndarray):
    assert (decode_brush(pack_brush(array), 5, 9) == array).all()


def test_shape_and_label_may_be_two_results_of_one_id(tmp_path: Path):
    box = {"x": 10, "y": 10, "width": 50, "height": 20}
    pair = [result("rectangle", box, id="q"), result("labels", {**box, "labels": ["cat"]}, id="q")]
    (shape,) = bring(tmp_path, task(*pair)).only().shapes
    assert shape.label == "cat"


def test_the_ground_truth_counts_where_several_people_labelled(tmp_path: Path):
    one, other = (task(result("keypointlabels", {"x": x, "y": 1, "keypointlabels": ["k"]})) for x in (10, 20))
    both = {**one, "annotations": [*one["annotations"], {**other["annotations"][0], "ground_truth": True}]}
    outcome = bring(tmp_path, both)
    assert outcome.only().shapes[0].points == ((8, 0.3),)
    assert outcome.summary.skipped == {"other-annotator": 1}


def test_choices_are_flags_of_the_image(tmp_path: Path):
    assert bring(tmp_path, task({"type": "choices", "value": {"choices": ["night"]}})).only().flags == {
        "night": True
    }


@pytest.mark.parametrize(
    "image",
    ["https://example.org/x/a.jpg", "s3://bucket/y/a.jpg", "/data/local-files/?d=x/a.jpg", "../../a.jpg"],
)
def test_the_image_is_looked_up_by_its_name(tmp_path: Path, image: str):
    assert bring(tmp_path, task(image=image)).summary.images == 1


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (result("polygonlabels", {"points": [[1, 2, 3]], "polygonlabels": ["a"]}), "bad-points"),
        (result("polygonlabels", {"points": [1, 2], "polygonlabels": ["a"]}), "bad-number"),
        (result("polygonlabels", {"polygonlabels": ["a"]}), "too-few-points"),
        (result("rectanglelabels", {"x": 1e300, "y": 1, "width": 5, "height": 5}), "absurd-coordinate"),
        (
            result("rectanglelabels", {"x": 1, "y": 1, "width": 5, "height": 5}, image_rotation=90),
            "turned-view",
        ),
        (result("brushlabels", {"format": "rle", "rle": [0, 0]}), "bad-rle"),
        (result("brushlabels", {"format": "rle", "rle": [0, 0, 18, 192, 56] + [255] * 9}), "bad-rle"),
        (result("brushlabels", {"format": "rle", "rle": ["x"]}), "bad-rle"),
        (result("brushlabels", {"format": "png"}), "bad-rle"),
        (result("brushlabels", {"format": "rle", "rle": []}, original_width=99), "size-mismatch"),
        (result("videorectangle", {"x": 1}), "unknown-kind"),
        (result("rectanglelabels", None), "no-geometry"),
    ],
)
def test_what_makes_no_sense_has_a_reason(tmp_path: Path, one: dict, reason: str):
    assert bring(tmp_path, task(one)).summary.skipped == {reason: 1}


def test_the_short_export_is_refused(tmp_path: Path):
    with pytest.raises(DatasetError, match="export it as JSON"):
        bring_in(tmp_path, "labelstudio", {"x.json": [{"image": "a.jpg", "label": []}]})

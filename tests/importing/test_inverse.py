"""Labelme → another format → Labelme, through the commands; what is lost is said here."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.importing.sources import paint
from workbench.cli import main
from workbench.data.annotation import Annotation, Shape
from workbench.data.mask import array_to_png
from workbench.formats.labelme import read_annotation, write_annotation


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """An image with a group, each closed kind, a mask with a hole, and a point."""
    donut = np.ones((5, 4), np.uint8)
    donut[2, 2] = 0
    shapes = (
        Shape(
            label="cat",
            kind="polygon",
            points=((1, 1), (9.5, 1), (9, 8)),
            group=3,
            flags={"old": True},
            description="d",
        ),
        Shape(label="cat", kind="polygon", points=((20, 1), (29.5, 1), (29, 8)), group=3),
        Shape(label="dog", kind="rectangle", points=((1, 12), (9, 18))),
        Shape(label="dog", kind="circle", points=((30, 20), (34, 20))),
        Shape(label="dog", kind="mask", points=((10, 20), (13, 24)), mask=array_to_png(donut)),
        Shape(label="dog", kind="point", points=((3, 3),)),
    )
    folder = tmp_path / "drawn"
    paint(folder / "sub" / "a.jpg")
    paint(folder / "b.jpg")
    night = Annotation(image_path="a.jpg", image_size=(40, 30), shapes=shapes, flags={"night": True})
    write_annotation(folder / "sub" / "a.json", night)
    write_annotation(folder / "b.json", Annotation(image_path="b.jpg", image_size=(40, 30)))
    return folder


def convert(folder: Path, out: Path, *words: str) -> Path:
    assert main(["convert", str(folder), "--out", str(out), *words]) == 0
    return out


def bring_back(source: Path, kind: str, out: Path, *words: str) -> Path:
    assert main(["import", str(source), "--format", kind, "--out", str(out), "--strict", *words]) == 0
    return out


def content(path: Path) -> dict:
    """Return a COCO file without the way back to the shapes: that leads to another folder now."""
    raw = json.loads(path.read_bytes())
    return {
        **raw,
        "annotations": [{k: v for k, v in one.items() if k != "shapes"} for one in raw["annotations"]],
    }


def test_coco_keeps_every_instance_to_the_pixel(tmp_path: Path, drawn: Path):
    """Lost: the kind (a rectangle is a polygon now), group numbers, flags and descriptions of shapes, points."""
    coco = convert(drawn, tmp_path / "c.json")
    back = bring_back(coco, "coco", tmp_path / "back", "--images", str(drawn))
    assert content(convert(back, tmp_path / "again.json")) == content(coco)
    annotation = read_annotation(back / "sub" / "a.json")
    assert annotation.flags == {"night": True}
    assert [shape.points for shape in annotation.shapes][:2] == [
        ((1, 1), (9.5, 1), (9, 8)),
        ((20, 1), (29.5, 1), (29, 8)),
    ]
    assert [shape.group for shape in annotation.shapes] == [1, 1, None, None, None]
    assert read_annotation(back / "b.json").shapes == ()


def test_yolo_keeps_one_ring_of_each_instance(tmp_path: Path, drawn: Path):
    """Lost besides: the second part of the group, the hole of the mask, flags of images; coordinates to 1e-9 px."""
    yolo = convert(drawn, tmp_path / "y", "--to", "yolo")
    back = bring_back(yolo, "yolo", tmp_path / "back")
    (path,) = back.rglob("a.json")
    shapes = read_annotation(path).shapes
    assert [(shape.label, shape.kind) for shape in shapes] == [("cat", "polygon")] + [("dog", "polygon")] * 3
    assert [v for point in shapes[1].points for v in point] == pytest.approx(
        [1, 12, 9, 12, 9, 18, 1, 18], abs=1e-6
    )
    assert (back / "labels.txt").read_text() == "cat\ndog\n"


def test_voc_keeps_the_boxes(tmp_path: Path, drawn: Path):
    """Lost besides: every outline; boxes are those of the pixels."""
    voc = convert(drawn, tmp_path / "v", "--to", "voc")
    back = bring_back(voc, "voc", tmp_path / "back")
    (path,) = back.rglob("a.json")
    boxes = [[*shape.points[0], *shape.points[1]] for shape in read_annotation(path).shapes]
    truth = json.loads(convert(drawn, tmp_path / "c.json").read_bytes())["annotations"]
    assert boxes == [[x, y, x + w, y + h] for x, y, w, h in (one["bbox"] for one in truth)]


def test_what_a_tool_says_besides_is_kept_as_far_as_json_can_hold_it():
    from workbench.importing.folder import _writable

    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    kept = _writable({"plain": [1, {"a": None}], "nan": [float("nan")], "deep": deep, "long": 10**5000})
    assert kept == {
        "plain": [1, {"a": None}],
        "nan": "[nan]",
        "deep": "list that JSON cannot hold",
        "long": "int that JSON cannot hold",
    }

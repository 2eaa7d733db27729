"""YOLO boxes and polygons, both ways."""

from pathlib import Path

import numpy as np
import pytest

from tests.importing.sources import bring_in
from workbench.commands.import_ import build_source, import_source
from workbench.data.dataset import Category, Image, ImageInstances, Instance
from workbench.data.geometry import Outline
from workbench.data.mask import Mask, area, array_to_mask, box, iou, outline_to_mask
from workbench.errors import DatasetError
from workbench.formats.contours import trace_rings
from workbench.formats.yolo import write_data_yaml, write_yolo
from workbench.importing.class_names import read_yaml_names


def test_a_box_is_centre_and_size_in_shares(tmp_path: Path):
    files = {
        "labels/a.txt": "1 0.5 0.5 0.5 0.2\n\n",
        "images/a.jpg": (40, 30),
        "data.yaml": "names: [x, y]\n",
    }
    result = bring_in(tmp_path, "yolo", files)
    (shape,) = result.only().shapes
    assert (shape.label, shape.kind, shape.points) == ("y", "rectangle", ((10, 12), (30, 18)))
    assert result.labels == ["x", "y"]


def test_a_polygon_is_pairs_of_shares(tmp_path: Path):
    (shape,) = (
        bring_in(tmp_path, "yolo", {"labels/a.txt": "0 0 0 1 0 1 1", "images/a.jpg": (40, 30)}).only().shapes
    )
    assert (shape.label, shape.points) == ("class_0", ((0, 0), (40, 0), (40, 30)))


def test_a_sixth_number_is_the_score(tmp_path: Path):
    (shape,) = bring_in(tmp_path, "yolo", {"a.txt": "0 .5 .5 .5 .5 .9", "a.jpg": (40, 30)}).only().shapes
    assert shape.extra == {"score": 0.9}


def test_images_without_a_label_file_are_negatives(tmp_path: Path):
    files = {
        "labels/a.txt": "0 .5 .5 .5 .5",
        "images/a.jpg": (40, 30),
        "images/b.jpg": (40, 30),
        "chart.png": (9, 9),
    }
    result = bring_in(tmp_path, "yolo", files)
    assert result.summary.images == 2
    assert result.annotation("images/b.json").shapes == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0.5 0.5 0.5", "bad-line"),
        ("0 1 1 2 2 3 3 4", "bad-line"),
        ("0 100 100 20 20", "outside-unit"),
        ("0 0.5 nan 0.5 0.5", "non-finite"),
        ("0 0.5 1e999 0.5 0.5", "non-finite"),
        ("0 0.5 x 0.5 0.5", "bad-number"),
        ("0.5 0.5 0.5 0.5 0.5", "bad-class"),
        ("-1 0.5 0.5 0.5 0.5", "bad-class"),
        ("2 0.5 0.5 0.5 0.5", "unknown-label"),
        ("0 0.5 0.5 0 0", "zero-size"),
        ("0 .1 .1 .1 .1 .1 .1", "too-few-points"),
    ],
)
def test_what_makes_no_sense_has_a_reason(tmp_path: Path, line: str, reason: str):
    files = {"labels/a.txt": f"{line}\n0 .5 .5 .5 .5\n", "images/a.jpg": (40, 30)}
    result = bring_in(tmp_path, "yolo", files, labels="a\nb\n")
    assert (result.summary.skipped, result.summary.shapes) == ({reason: 1}, 1)


def test_shares_just_outside_are_taken_and_noted(tmp_path: Path):
    result = bring_in(tmp_path, "yolo", {"labels/a.txt": "0 0 0 1.001 0 1 1", "images/a.jpg": (40, 30)})
    assert (result.summary.noted, result.summary.shapes) == ({"outside-unit": 1}, 1)


@pytest.mark.parametrize(
    "text",
    [
        "names: [cat, 'big dog']",
        'names: ["cat", "big dog"]  # two',
        "nc: 2\nnames:\n- cat\n- big dog\nval: x",
        "names:\n  0: cat\n  1: 'big dog'\n",
        "names: {0: cat, 1: big dog}",
        "# comment\nnames:\n  # inner\n  1: big dog\n  0: cat",
    ],
)
def test_the_names_of_a_data_yaml(tmp_path: Path, text: str):
    path = tmp_path / "data.yaml"
    path.write_text(text)
    assert read_yaml_names(path) == ("cat", "big dog")


@pytest.mark.parametrize(
    "text",
    [
        "names: !!python/object/apply:os.system ['touch x']",
        "names: *anchor",
        "names:\n  0: cat\n  2: dog",
        "names: []",
        "names: [a, a]",
        "names:\n  nested:\n    - a",
        "kpt_shape: [17, 3]\nnames: [person]",
        "path: x",
    ],
)
def test_other_yaml_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "data.yaml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=r"data\.yaml"):
        read_yaml_names(path)


def make_instance(segmentation: Outline | Mask, category: int = 1) -> Instance:
    mask = segmentation if isinstance(segmentation, Mask) else outline_to_mask(segmentation, 40, 30)
    return Instance(
        category_id=category, segmentation=segmentation, mask=mask, box=box(mask), area=area(mask)
    )


def write(tmp_path: Path, *instances: Instance, boxes: bool = False) -> tuple[list[str], str]:
    item = ImageInstances(
        image=Image(path="a.jpg", width=40, height=30, annotation="a.json"), instances=instances, ledger=()
    )
    losses = list(
        write_yolo(
            [item], [Category(id=1, name='a "b"'), Category(id=4, name="c")], tmp_path / "y", boxes=boxes
        )
    )
    write_data_yaml(tmp_path / "y", [Category(id=1, name='a "b"'), Category(id=4, name="c")], ["train"])
    return [loss.what for loss in losses], (tmp_path / "y" / "labels" / "a.txt").read_text()


def test_a_polygon_comes_back_as_it_was(tmp_path: Path):
    ring = (1.25, 2.5, 30.1, 3.3, 7.7, 29.9)
    losses, text = write(tmp_path, make_instance(Outline((ring,)), category=4))
    files = {
        "labels/a.txt": text,
        "images/a.jpg": (40, 30),
        "data.yaml": (tmp_path / "y" / "data.yaml").read_text(),
    }
    (shape,) = bring_in(tmp_path, "yolo", files).only().shapes
    assert (losses, shape.label) == ([], "c")
    assert [value for point in shape.points for value in point] == pytest.approx(ring, abs=1e-6)


def test_holes_and_parts_are_lost_and_said(tmp_path: Path):
    array = np.zeros((30, 40), np.uint8)
    array[2:20, 2:20] = 1
    array[8:12, 8:12] = 0
    array[25:28, 30:33] = 1
    losses, text = write(tmp_path, make_instance(array_to_mask(array)))
    (shape,) = bring_in(tmp_path, "yolo", {"labels/a.txt": text, "images/a.jpg": (40, 30)}).only().shapes
    assert losses == ["parts", "holes"]
    assert {tuple(round(v, 6) for v in point) for point in shape.points} == {
        (2, 2),
        (20, 2),
        (20, 20),
        (2, 20),
    }


def test_boxes_lose_the_outline(tmp_path: Path):
    losses, text = write(
        tmp_path, make_instance(Outline(((4.0, 3.0, 8.0, 3.0, 8.0, 9.0, 4.0, 9.0),))), boxes=True
    )
    assert (losses, text) == (["outline"], "0 0.15 0.2 0.1 0.2\n")


def test_traced_rings_give_the_mask_back():
    random = np.random.default_rng(7)
    for _ in range(200):
        array = (random.random((12, 17)) < random.random()).astype(np.uint8)
        outer, holes = trace_rings(array)
        assert sum(map(signed, outer)) + sum(map(signed, holes)) == array.sum()
    assert (
        len(trace_rings(np.eye(3, dtype=np.uint8))[0]) == 1
    )  # pixels that touch by a corner belong together
    array = np.zeros((30, 40), np.uint8)
    array[3:20, 5:30] = 1
    array[3:8, 5:9] = 0
    (ring,), holes = trace_rings(array)
    assert not holes
    assert iou(outline_to_mask(Outline((ring,)), 40, 30), array_to_mask(array)) == 1


def signed(ring) -> float:
    xs, ys = ring[::2], ring[1::2]
    return sum(xs[k - 1] * ys[k] - xs[k] * ys[k - 1] for k in range(len(xs))) / 2


def test_the_954_faces_are_all_accounted_for(tmp_path: Path, shared: Path):
    summary = import_source(build_source(shared / "faces_maskwearing_full", tmp_path), "yolo", tmp_path)
    assert (summary.images, summary.objects, summary.shapes) == (149, 954, 953)
    assert summary.skipped == {"zero-size": 1}  # train_img_7.txt has a box of 0 x 0


def test_real_polygons_are_all_taken(tmp_path: Path, shared: Path):
    folder = shared / "coco_panoptic" / "coco100"
    source = build_source(folder / "instance_segmentation", tmp_path, folder / "images")
    lines = [path.read_text().split("\n") for path in (folder / "instance_segmentation").rglob("*.txt")]
    summary = import_source(source, "yolo", tmp_path)
    assert (summary.images, summary.shapes) == (
        100,
        sum(bool(line.strip()) for file in lines for line in file),
    )

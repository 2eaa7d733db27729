"""COCO instances and panoptic segments to Labelme."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from tests.importing.sources import bring_in
from workbench.commands.import_ import build_source, import_source
from workbench.data.mask import png_to_array
from workbench.errors import DatasetError

RING = [1, 1, 9, 1, 9, 8]


def dataset(*annotations, categories=({"id": 0, "name": "cat"}, {"id": 5, "name": "dog"}), **image):
    full = [{"id": k, "image_id": 0, "category_id": 0, **one} for k, one in enumerate(annotations)]
    picture = {"id": 0, "file_name": "a.jpg", "width": 40, "height": 30, **image}
    return {"images": [picture], "annotations": full, "categories": list(categories)}


def donut() -> np.ndarray:
    array = np.zeros((30, 40), np.uint8)
    array[5:20, 10:31] = 1
    array[9:12, 15:20] = 0
    return array


def spell(array: np.ndarray, how: str):
    rle = coco.encode(np.asfortranarray(array))
    if how == "list":
        flat = array.ravel(order="F")
        edges = np.flatnonzero(np.diff(np.concatenate([[0], flat])))
        return np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return rle["counts"].decode() if how == "text" else str(rle["counts"])


def draw(shape, height: int = 30, width: int = 40) -> np.ndarray:
    """Lay a mask shape out again, as Labelme does."""
    (x0, y0), (x1, y1) = shape.points
    array = np.zeros((height, width), np.uint8)
    array[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] = png_to_array(shape.mask)
    return array


@pytest.mark.parametrize("how", ["list", "text", "bytes"])
def test_run_lengths_become_masks_without_loss(tmp_path: Path, how: str):
    rle = {"size": [30, 40], "counts": spell(donut(), how)}
    (shape,) = (
        bring_in(tmp_path, "coco", {"c.json": dataset({"segmentation": rle}), "a.jpg": (40, 30)})
        .only()
        .shapes
    )
    assert shape.points == ((10, 5), (30, 19))
    assert (draw(shape) == donut()).all()


def test_rings_of_one_annotation_share_a_group(tmp_path: Path):
    data = dataset({"segmentation": [RING, [20, 20, 25, 20, 25, 25]]}, {"segmentation": [RING]})
    shapes = bring_in(tmp_path, "coco", {"c.json": data, "a.jpg": (40, 30)}).only().shapes
    assert [shape.group for shape in shapes] == [1, 1, None]


def test_a_short_ring_is_reported_and_the_others_stay(tmp_path: Path):
    result = bring_in(
        tmp_path, "coco", {"c.json": dataset({"segmentation": [RING, [1, 1, 2, 2]]}), "a.jpg": (40, 30)}
    )
    assert result.summary.skipped == {"too-few-points": 1}
    assert result.summary.shapes == 1


def test_a_bare_ring_a_box_and_a_crowd(tmp_path: Path):
    keypoints = {"bbox": [1, 2, 10, 5], "keypoints": [3, 4, 2], "num_keypoints": 1, "category_id": 5}
    data = dataset({"segmentation": RING, "iscrowd": 1}, keypoints)
    crowd, box = bring_in(tmp_path, "coco", {"c.json": data, "a.jpg": (40, 30)}).only().shapes
    assert crowd.flags == {"crowd": True}
    assert (box.kind, box.points, box.label) == ("rectangle", ((1, 2), (11, 7)), "dog")
    assert box.extra["coco"] == {"keypoints": [3, 4, 2], "num_keypoints": 1}


def test_ids_may_start_at_0_and_labels_keep_the_order_of_ids(tmp_path: Path):
    categories = [{"id": 7, "name": "z"}, {"id": 0, "name": "cat"}, {"id": 3, "name": "unused"}]
    data = dataset({"segmentation": [RING]}, categories=categories)
    assert bring_in(tmp_path, "coco", {"c.json": data, "a.jpg": (40, 30)}).labels == ["cat", "unused", "z"]


def test_an_unused_class_that_only_heads_others_is_left_out(tmp_path: Path):
    categories = [
        {"id": 0, "name": "People", "supercategory": "none"},
        {"id": 1, "name": "mask", "supercategory": "People"},
    ]
    data = dataset({"bbox": [1, 1, 4, 4], "category_id": 1}, categories=categories)
    assert bring_in(tmp_path, "coco", {"c.json": data, "a.jpg": (40, 30)}).labels == ["mask"]


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ({"segmentation": [[1, 2, 3]]}, "bad-points"),
        ({"segmentation": [[1, 2, 3, 4, 5, 1e12]]}, "absurd-coordinate"),
        ({"segmentation": [[1, 2, 3, 4, 5, float("inf")]]}, "non-finite"),
        ({"segmentation": [["a"]]}, "bad-number"),
        ({"segmentation": {"size": [30, 40], "counts": [5]}}, "bad-rle"),
        ({"segmentation": {"size": [30, 40], "counts": [-5, 1205]}}, "bad-rle"),
        ({"segmentation": {"size": [30, 40], "counts": "~~~"}}, "bad-rle"),
        ({"segmentation": {"size": [30, 40], "counts": "b'\\x"}}, "bad-rle"),
        ({"segmentation": {"size": [30, 40], "counts": [1200]}}, "empty-mask"),
        ({"segmentation": {"size": [10, 40], "counts": [400]}}, "size-mismatch"),
        ({"segmentation": []}, "no-geometry"),
        ({"bbox": [1, 2, 3]}, "bad-points"),
        ({"bbox": [1, 2, 0, 3]}, "zero-size"),
        ({"bbox": [1, 2, 3, 4], "category_id": 99}, "unknown-category"),
        ({"bbox": [1, 2, 3, 4], "image_id": 99}, "no-image"),
    ],
)
def test_what_makes_no_sense_has_a_reason(tmp_path: Path, annotation, reason: str):
    result = bring_in(tmp_path, "coco", {"c.json": dataset(annotation), "a.jpg": (40, 30)})
    assert result.summary.skipped == {reason: 1}


def test_an_image_of_another_size_is_not_guessed_at(tmp_path: Path):
    result = bring_in(
        tmp_path, "coco", {"c.json": dataset({"bbox": [1, 2, 3, 4]}, width=80, height=60), "a.jpg": (40, 30)}
    )
    assert (result.summary.images, result.summary.skipped) == (0, {"size-mismatch": 1})


def test_a_size_that_only_rounding_changed_is_noted(tmp_path: Path):
    result = bring_in(
        tmp_path, "coco", {"c.json": dataset({"bbox": [1, 2, 3, 4]}, width=41), "a.jpg": (40, 30)}
    )
    assert (result.summary.shapes, result.summary.noted) == (1, {"size-rounded": 1})


def test_labels_measured_on_the_unturned_photograph_are_refused(tmp_path: Path):
    photo = Image.new("RGB", (40, 30))
    exif = photo.getexif()
    exif[0x0112] = 6
    photo.save(tmp_path / "a.jpg", exif=exif)
    files = {"c.json": dataset({"bbox": [1, 2, 3, 4]}), "a.jpg": (tmp_path / "a.jpg").read_bytes()}
    assert bring_in(tmp_path, "coco", files).summary.skipped == {"exif-orientation": 1}


def test_two_categories_of_one_id_are_an_error(tmp_path: Path):
    categories = [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]
    with pytest.raises(DatasetError, match=r"categories\[1\]"):
        bring_in(
            tmp_path, "coco", {"c.json": dataset(categories=categories), "a.jpg": (40, 30)}, source="c.json"
        )


def panoptic(ids: np.ndarray, *segments):
    categories = [{"id": 9, "name": "sky", "isthing": 0}, {"id": 10, "name": "cat", "isthing": 1}]
    picture = np.stack([ids >> shift & 255 for shift in (0, 8, 16)], axis=-1).astype(np.uint8)
    annotation = {"image_id": 0, "file_name": "a.png", "segments_info": list(segments)}
    data = {**dataset(categories=categories), "annotations": [annotation]}
    return {"p.json": data, "p/a.png": Image.fromarray(picture), "a.jpg": (40, 30)}


def test_segments_become_masks_and_things_come_first(tmp_path: Path):
    ids = np.full((30, 40), 70000, np.int64)
    ids[3:9, 4:8] = 300
    files = panoptic(ids, {"id": 70000, "category_id": 9}, {"id": 300, "category_id": 10, "iscrowd": 1})
    result = bring_in(tmp_path, "coco", files, source="p.json")
    sky, cat = result.only().shapes
    assert (cat.label, cat.points, cat.flags) == ("cat", ((4, 3), (7, 8)), {"crowd": True})
    assert (draw(sky) == (ids == 70000)).all()
    assert (result.labels, result.summary.stuff) == (["cat", "sky"], ("sky",))


def test_painted_and_listed_segments_must_agree(tmp_path: Path):
    ids = np.zeros((30, 40), np.int64)
    ids[0, 0] = 5
    files = panoptic(ids, {"id": 6, "category_id": 9}, {"id": 7, "category_id": 1}, {"id": "x"})
    expected = {"bad-segment": 1, "empty-mask": 1, "unknown-category": 1, "unlisted-segment": 1}
    assert bring_in(tmp_path, "coco", files, source="p.json").summary.skipped == expected


def test_real_panoptic_segments_keep_their_areas(tmp_path: Path, shared: Path):
    folder = shared / "coco_panoptic" / "coco100"
    path = folder / "panoptic_segmentation" / "annotations" / "panoptic_train2017.json"
    source = build_source(path, tmp_path, folder / "images")
    summary = import_source(source, "coco", tmp_path)
    assert (summary.images, summary.shapes, summary.skipped) == (100, 1111, {})
    truth = json.loads(path.read_text())
    areas: Counter[int] = Counter(
        segment["area"] for one in truth["annotations"] for segment in one["segments_info"]
    )
    shapes = [shape for file in tmp_path.rglob("*.json") for shape in json.loads(file.read_text())["shapes"]]
    assert Counter(int(png_to_array(shape["mask"]).sum()) for shape in shapes) == areas


def test_real_instances_keep_their_points(tmp_path: Path, shared: Path):
    path = shared / "coco_panoptic" / "coco128_instances" / "instances_train100_derived.json"
    images = shared / "coco_panoptic" / "coco100" / "images" / "train2017"
    summary = import_source(build_source(path, tmp_path, images), "coco", tmp_path)
    truth = json.loads(path.read_text())["annotations"]
    rings = [ring for one in truth if isinstance(one["segmentation"], list) for ring in one["segmentation"]]
    masks = [one for one in truth if isinstance(one["segmentation"], dict)]
    assert (summary.shapes, summary.skipped) == (len(rings) + len(masks), {})
    shapes = [shape for file in tmp_path.rglob("*.json") for shape in json.loads(file.read_text())["shapes"]]
    assert sum(len(s["points"]) for s in shapes if s["shape_type"] == "polygon") == sum(
        len(ring) // 2 - (ring[:2] == ring[-2:]) for ring in rings
    )
    # lost: a last point that repeats the first, since Labelme closes polygons itself
    referee = [coco.frPyObjects(one["segmentation"], *one["segmentation"]["size"]) for one in masks]
    areas = Counter(int(png_to_array(shape["mask"]).sum()) for shape in shapes if shape["mask"])
    assert areas == Counter(int(coco.area(rle)) for rle in referee)


def test_the_29_faces_keep_162_boxes(tmp_path: Path, shared: Path):
    source = build_source(shared / "faces_maskwearing_coco", tmp_path)
    summary = import_source(source, "coco", tmp_path)
    assert (summary.images, summary.shapes, summary.labels) == (29, 162, ("mask", "no-mask"))

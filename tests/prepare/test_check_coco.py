"""Rules of COCO files made elsewhere, each wrong in one way; then anything at all."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.mask import array_to_mask
from workbench.data.survey import ImageFacts
from workbench.prepare.check_coco import check_coco
from workbench.prepare.check_coco_images import check_coco_images, count_coco, list_image_names

SIZE = {"width": 100, "height": 80}
SQUARE = [10, 10, 30, 10, 30, 30, 10, 30]


def annotation(number=1, **more):
    fine = {"image_id": 1, "category_id": 1, "segmentation": [SQUARE], "bbox": [10, 10, 20, 20], "area": 400}
    return {"id": number, "iscrowd": 0, **fine, **more}


def coco(*annotations, images=None, categories=None):
    return {
        "images": images or [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 80}],
        "annotations": list(annotations) or [annotation()],
        "categories": categories or [{"id": 1, "name": "cat"}],
    }


def twice(**fields):
    return [{"id": number, **fields} for number in (1, 2)]


def rules(raw):
    return [finding.rule for finding in check_coco(raw, "x.json")]


def test_a_sound_file_has_no_findings():
    rle = array_to_mask(np.pad(np.ones((20, 20)), ((10, 50), (10, 70)))).to_rle()
    packed = {"size": rle["size"], "counts": rle["counts"].decode()}
    assert rules(coco(annotation(), annotation(2, segmentation=packed, iscrowd=1))) == []


def test_a10_annotation_ids_that_start_at_0_are_an_error():
    (finding,) = check_coco(coco(annotation(0)), "x.json")
    assert (finding.rule, finding.level) == ("zero-annotation-id", "error")


def test_a10_categories_and_images_from_0_are_a_warning():
    raw = coco(
        annotation(image_id=0, category_id=0),
        images=[{"id": 0, "file_name": "a.jpg", "width": 100, "height": 80}],
        categories=[{"id": 0, "name": "cat"}],
    )
    assert rules(raw) == ["zero-id", "zero-id"]


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ([], "bad-structure"),
        ("text", "bad-structure"),
        ({"images": [], "annotations": []}, "bad-structure"),
        (coco(annotation(), annotation()), "duplicate-id"),
        (coco(annotation(1.0)), "bad-id"),
        (coco(annotation("one")), "bad-id"),
        (coco(annotation(True)), "bad-id"),
        (coco(annotation(), 7), "bad-structure"),
        (coco(annotation(), annotation(2, image_id=9)), "unknown-image"),
        (coco(annotation(), annotation(2, category_id=9)), "unknown-category"),
        (coco(annotation(), annotation(2, category_id=None)), "unknown-category"),
        (coco(categories=[{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]), "unused-class"),
        (coco(annotation(), annotation(2, category_id=2), categories=twice(name="cat")), "repeated-category"),
        (coco(annotation(), annotation(2, image_id=2), images=twice(file_name="a", **SIZE)), "repeated-image"),
        (coco(images=[{"id": n, "file_name": str(n), **SIZE} for n in (1, 2)]), "empty-image"),
        (coco(annotation(segmentation=[[1, 2, 3, 4]])), "bad-segmentation"),
        (coco(annotation(segmentation=[[1, 2, 3, 4, 5, 6, 7]])), "bad-segmentation"),
        (coco(annotation(segmentation=[[1, 2, 3, 4, 5, math.nan]])), "bad-segmentation"),
        (coco(annotation(segmentation=[[1, 2, 3, 4, 5, math.inf]])), "bad-segmentation"),
        (coco(annotation(segmentation=[[1, 2, 3, 4, 5, 1e12]])), "bad-segmentation"),
        (coco(annotation(segmentation=[[1, 2, 3, 4, 5, None]])), "bad-segmentation"),
        (coco(annotation(segmentation=SQUARE)), "bad-segmentation"),
        (coco(annotation(segmentation="mask.png")), "bad-segmentation"),
        (coco(annotation(segmentation=[[200, 10, 300, 10, 300, 30]])), "outside"),
        (coco(annotation(segmentation=[[5, 5, 5, 5, 5, 5]], bbox=None, area=None)), "no-pixels"),
        (coco(annotation(segmentation={"size": [80, 100], "counts": [5, 5]})), "bad-rle"),
        (coco(annotation(segmentation={"size": [100, 80], "counts": [8000]})), "bad-rle"),
        (coco(annotation(segmentation={"size": [80, 100], "counts": [-1, 8001]})), "bad-rle"),
        (coco(annotation(segmentation={"size": [80, 100], "counts": "\x00"})), "bad-rle"),
        (coco(annotation(segmentation={"counts": [8000]})), "bad-rle"),
        (coco(annotation(segmentation={"size": [80, 100], "counts": [8000]})), "no-pixels"),
        (coco(annotation(bbox=[10, 10, 0, 20])), "bad-box"),
        (coco(annotation(bbox=[10, 10, 20])), "bad-box"),
        (coco(annotation(bbox=[10, 10, 20, math.nan])), "bad-box"),
        (coco(annotation(bbox=[10, 10, 30, 30])), "box-differs"),
        (coco(annotation(area=441)), "area-differs"),
        (coco(annotation(area="big")), "area-differs"),
        (coco(annotation(area=10**400)), "area-differs"),
        (coco(annotation(area=math.nan)), "area-differs"),
        (coco(annotation(segmentation=[[10**400, 2, 3, 4, 5, 6]])), "bad-segmentation"),
        (coco(annotation(bbox=[10**400, 10, 20, 20])), "bad-box"),
        (coco(annotation(segmentation={"size": [80, 100], "counts": [10**400]})), "bad-rle"),
        (coco(annotation(segmentation=[])), "box-only"),
        (coco(annotation(iscrowd=1)), "crowd-polygon"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_rule(raw, rule):
    assert rules(raw) == [rule]


def test_a_polygon_over_the_edge_is_told_with_how_far_and_rounding_is_not():
    over = coco(annotation(segmentation=[[80, 10, 105.5, 10, 105.5, 30, 80, 30]], bbox=[80, 10, 20, 20]))
    (finding,) = check_coco(over, "x.json")
    assert (finding.rule, "5.5 px" in finding.message) == ("partly-outside", True)
    rounded = coco(annotation(segmentation=[[80, 10, 100.5, 10, 100.5, 30, 80, 30]], bbox=[80, 10, 20, 20]))
    assert rules(rounded) == []


def test_a_result_list_is_told_apart_from_a_truth():
    (finding,) = check_coco([{"image_id": 1, "score": 0.5}], "x.json")
    assert "results of a model" in finding.message


def test_panoptic_segments_are_checked_by_their_categories():
    raw = coco({"image_id": 1, "file_name": "a.png", "segments_info": [{"id": 5, "category_id": 1}]})
    assert rules(raw) == []
    raw["annotations"][0]["segments_info"].append({"id": 6, "category_id": 3})
    assert rules(raw) == ["unknown-category"]


def test_images_are_held_against_what_the_file_says():
    raw = coco()
    assert list_image_names(raw) == ["a.jpg"]
    looks = ImageFacts(width=100, height=80), ImageFacts(width=50, height=80), ("image-missing", "not there")
    found = [[one.rule for one in check_coco_images(raw, "x.json", {"a.jpg": look})] for look in looks]
    assert found == [[], ["size-disagrees"], ["image-missing"]]


def test_annotations_and_images_of_each_category_are_counted():
    raw = coco(annotation(), annotation(2), categories=[{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}])
    assert count_coco(raw) == [("cat", 2, 1), ("dog", 0, 0)]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([0, 1, 1.0]),
    lambda inner: (
        st.lists(inner, max_size=8) | st.dictionaries(st.sampled_from(["id", "size", "counts", "x"]), inner)
    ),
    max_leaves=10,
)
KEYS = [
    "id",
    "image_id",
    "category_id",
    "segmentation",
    "bbox",
    "area",
    "iscrowd",
    "segments_info",
    "file_name",
    "width",
    "height",
    "name",
]
entries = st.dictionaries(st.sampled_from(KEYS), anything) | anything
fine = st.just(annotation()) | st.just(
    {"id": 1, "file_name": "a.jpg", "width": 100, "height": 80, "name": "cat"}
)
mixed = st.builds(lambda one, other: {**one, **other} if isinstance(other, dict) else other, fine, entries)
files = st.dictionaries(
    st.sampled_from(["images", "annotations", "categories"]), st.lists(mixed, max_size=4) | anything
)


def test_an_id_that_is_a_fraction_by_its_type_alone_is_the_same_id():
    assert rules(coco(annotation(1.0), annotation(1))) == ["bad-id", "duplicate-id"]


@settings(max_examples=150, deadline=None)
@given(files | anything)
def test_nothing_makes_it_stumble(raw):
    looks = dict.fromkeys(list_image_names(raw), ("image-missing", ""))
    found = [*check_coco(raw, "x.json"), *check_coco_images(raw, "x.json", looks)]
    assert all(one.message for one in found if one.rule != "image-missing")
    assert all(shapes >= images for _, shapes, images in count_coco(raw))

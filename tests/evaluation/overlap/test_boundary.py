"""Masks and their borders as bits: by hand, then as painted masks and OpenCV have them, to the last bit."""

import cv2
import numpy as np
import pytest

pytest.importorskip("pycocotools")

from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from tests.evaluation.scenes import answer, make_truth, runs_of, scene_of, truth_row
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.evaluation.coco.run_lengths import read_runs
from workbench.evaluation.overlap.bit_masks import count_each, count_shared, paint, read_masks
from workbench.evaluation.overlap.boundary import narrow_to_boundary
from workbench.evaluation.overlap.mask_overlaps import find_borders, find_depths
from workbench.evaluation.overlap.objects import build_scene
from workbench.evaluation.overlap.pairs import Pairs, compute_mask_pairs, compute_pairs


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Several of OpenCV's wait for each other where other programs work, too: half a minute in place of a second."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


def encode(picture):
    found = coco_mask.encode(np.asfortranarray(picture, dtype=np.uint8))
    return {"size": list(found["size"]), "counts": found["counts"].decode()}


def make_scene(pictures, crowd=()):
    """A scene of images, each with some predicted and some true masks."""
    rows, answers, images = [], [], []
    for number, (found, truths) in enumerate(pictures, 1):
        height, width = (found + truths)[0].shape
        images.append({"id": number, "height": height, "width": width, "file_name": f"{number}.jpg"})
        for picture in truths:
            is_crowd = int(len(rows) in crowd)
            rows.append(
                truth_row(
                    len(rows) + 1, [0, 0, 1, 1], image=number, crowd=is_crowd, segmentation=encode(picture)
                )
            )
        answers += [answer([0, 0, 1, 1], image=number, segmentation=encode(picture)) for picture in found]
    return scene_of(make_truth(*rows) | {"images": images}, answers)


def box_picture(height, width, x, y, w, h):
    picture = np.zeros((height, width), bool)
    picture[y : y + h, x : x + w] = True
    return picture


# by hand


def test_the_border_is_as_wide_as_two_percent_of_the_diagonal_and_never_less_than_a_pixel():
    assert find_depths(np.array([[480, 640], [3, 4], [300, 400], [75, 101]])).tolist() == [16, 1, 10, 3]


def test_two_boxes_side_by_side():
    """On 120 x 100 the border is 3 wide: 40² - 34² = 444 pixels. Common are the three rows at top and at bottom.

    At the sides nothing is: the left box has its border in columns 0 to 2 and 37 to 39, the right one 4 later.
    """
    scene = make_scene([([box_picture(120, 100, 0, 0, 40, 40)], [box_picture(120, 100, 4, 0, 40, 40)])])
    masks, borders = compute_mask_pairs(scene)
    assert masks.iou.tolist() == [1440 / 1760]
    assert borders.iou.tolist() == [216 / (444 * 2 - 216)]


def test_a_hole_has_a_border_too():
    whole = box_picture(120, 100, 10, 10, 60, 60)
    ring = whole & ~box_picture(120, 100, 35, 35, 10, 10)
    scene = make_scene([([ring], [whole])])
    masks, borders = compute_mask_pairs(scene)
    assert masks.iou.tolist() == [3500 / 3600]
    outer, inner = 60**2 - 54**2, 16**2 - 10**2
    assert borders.iou.tolist() == [outer / (outer + inner)]


def test_masks_that_overlap_by_less_than_half_are_no_pair_of_borders():
    scene = make_scene([([box_picture(90, 90, 0, 0, 40, 40)], [box_picture(90, 90, 0, 20, 40, 40)])])
    masks, borders = compute_mask_pairs(scene)
    assert masks.iou.tolist() == [1 / 3]
    assert len(borders) == 0


def test_against_a_crowd_the_part_that_lies_in_it_counts():
    crowd = truth_row(1, [0, 0, 90, 90], crowd=1, segmentation=runs_of((0, 0, 90, 90)))
    scene = scene_of(make_truth(crowd), [answer([0, 0, 20, 20], segmentation=runs_of((80, 0, 20, 20)))])
    masks, borders = compute_mask_pairs(scene)
    assert masks.iou.tolist() == [0.5]
    corner = (
        10 * 20 - 7 * 14
    )  # of the prediction's border in the crowd, where the crowd's own border covers 3 columns
    covered = 10 * 3 + 3 * 17  # the three top rows, and the three last columns of the crowd below them
    assert borders.iou[0] < 0.5
    assert corner > 0 < covered


def test_pairs_of_masks_can_be_narrowed_later():
    rng = np.random.default_rng(1)
    scene = make_scene([draw_image(rng, 70, 90, 4, 3) for _ in range(3)])
    masks, borders = compute_mask_pairs(scene)
    again = narrow_to_boundary(scene, compute_pairs(scene, "mask"))
    assert (again.found.tolist(), again.iou.tolist()) == (borders.found.tolist(), borders.iou.tolist())
    alone = compute_pairs(scene, "boundary")
    assert (alone.kind, alone.iou.tolist()) == ("boundary", borders.iou.tolist())
    few = Pairs(kind="mask", found=masks.found[:3], truth=masks.truth[:3], iou=masks.iou[:3])
    assert len(narrow_to_boundary(scene, few)) <= 3 < len(borders)


def test_what_nobody_can_compare_by_is_refused():
    scene = scene_of(make_truth(truth_row(1, [0, 0, 9, 9])), [answer([0, 0, 9, 9])])
    with pytest.raises(ValueError, match="box, mask or boundary, but got 'color'"):
        compute_pairs(scene, "color")


def test_masks_that_are_not_there_cannot_be_compared():
    scene = scene_of(make_truth(truth_row(1, [0, 0, 9, 9])), [{**answer([0, 0, 9, 9]), "segmentation": None}])
    with pytest.raises(ValueError, match="only where truth and predictions have them"):
        compute_pairs(scene, "mask")


# the referee


def draw_mask(rng, height, width):
    """A blob, noise, a stripe over the whole height, everything or nothing."""
    y, x = np.mgrid[:height, :width]
    kind = rng.integers(0, 8)
    blob = ((x - rng.uniform(0, width)) / rng.uniform(1, width)) ** 2
    blob = blob + ((y - rng.uniform(0, height)) / rng.uniform(1, height)) ** 2 < 1
    if kind == 0:
        return rng.random((height, width)) < rng.random()
    if kind == 1:
        return (x > width // 3) & (x < width // 2 + 2)
    if kind == 2:
        return np.full((height, width), bool(rng.integers(0, 2)))
    if kind == 3:
        return blob & (rng.random((height, width)) < 0.98)
    return blob


def draw_image(rng, height, width, found, truths):
    masks = [draw_mask(rng, height, width) for _ in range(truths)]
    near = [
        np.roll(masks[rng.integers(truths)], rng.integers(-3, 4), rng.integers(0, 2)) for _ in range(found)
    ]
    return near, masks


def find_border(mask):
    """The published algorithm, on a painted mask."""
    height, width = mask.shape
    depth = max(1, round(0.02 * np.sqrt(height**2 + width**2)))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=depth)[1 : height + 1, 1 : width + 1]
    return mask & (eroded == 0)


def referee(pictures, crowd):
    masks, borders, first, second = {}, {}, 0, 0
    for found, truths in pictures:
        flags = [int(second + place in crowd) for place in range(len(truths))]
        whole = coco_mask.iou([encode(one) for one in found], [encode(one) for one in truths], flags)
        edge = coco_mask.iou(
            [encode(find_border(one)) for one in found], [encode(find_border(one)) for one in truths], flags
        )
        for row, column in np.argwhere(whole > 0).tolist():
            pair = first + row, second + column
            masks[pair] = whole[row, column]
            if whole[row, column] >= 0.5 and edge[row, column] > 0:
                borders[pair] = min(whole[row, column], edge[row, column])
        first, second = first + len(found), second + len(truths)
    return masks, borders


def to_dict(pairs):
    return dict(
        zip(zip(pairs.found.tolist(), pairs.truth.tolist(), strict=True), pairs.iou.tolist(), strict=True)
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), crowds=st.booleans(),
    sizes=st.lists(
        st.tuples(st.sampled_from([1, 2, 31, 63, 64, 65, 128, 150, 257]), st.integers(1, 140)), min_size=1, max_size=4
    ),
)  # fmt: skip
def test_every_pair_is_that_of_painted_masks(seed, crowds, sizes):
    rng = np.random.default_rng(seed)
    pictures = [draw_image(rng, *size, 4, 3) for size in sizes]
    crowd = set(rng.integers(0, 12, 4).tolist()) if crowds else set()
    masks, borders = compute_mask_pairs(make_scene(pictures, crowd))
    expected = referee(pictures, crowd)
    assert to_dict(masks) == expected[0]
    assert to_dict(borders) == expected[1]
    assert list(to_dict(masks)) == sorted(expected[0])


def test_every_pair_of_cocos_own_example_is_that_of_painted_masks(shared):
    """Photographs of several sizes, with crowds and objects of many parts."""
    folder = shared / "coco_metrics_reference"
    truth = rasterise(
        read_truth(folder / "faster_coco_eval_dataset" / "cocoapi" / "instances_val2014_100.json")
    )
    file = folder / "cocoapi" / "results" / "instances_val2014_fakesegm100_results.json"
    scene = build_scene(truth, read_predictions(file, truth))
    masks, borders = compute_mask_pairs(scene)
    found, truths = scene.found.to_rles(), scene.truths.to_rles()
    near, bordered = np.flatnonzero(masks.iou >= 0.5)[::4], to_dict(borders)
    for one, other, iou in zip(masks.found[near], masks.truth[near], masks.iou[near], strict=True):
        flags = [int(scene.truths.crowd[other])]
        assert iou == coco_mask.iou([found[one]], [truths[other]], flags)[0, 0]
        edges = [
            encode(find_border(coco_mask.decode(rle).astype(bool))) for rle in (found[one], truths[other])
        ]
        expected = min(iou, coco_mask.iou([edges[0]], [edges[1]], flags)[0, 0])
        assert bordered.get((one, other), 0) == expected
    assert len(near) > 150


def test_large_images_have_borders_wider_than_a_word():
    rng = np.random.default_rng(2)
    pictures = [draw_image(rng, 2600, 3000, 2, 2)]
    assert find_depths(np.array([[2600, 3000]])) == [79]
    masks, borders = compute_mask_pairs(make_scene(pictures))
    assert (to_dict(masks), to_dict(borders)) == referee(pictures, set())
    assert len(borders)


@pytest.mark.parametrize("whole", [
    [2, 3, 0, 20, 5, 0, 4, 3, 0, 0, 0, 3, 60, 0], [0, 33, 0, 30, 37, 0], [0, 100], [10, 0, 90], [0, 0, 100], [100, 0],
])  # fmt: skip
def test_masks_with_runs_of_no_length_and_runs_that_touch_are_what_their_pixels_are(whole):
    """Whatever its runs are, pycocotools decodes a mask to the pixels that a painted one has."""
    text = coco_mask.frPyObjects({"size": [10, 10], "counts": whole}, 10, 10)["counts"]
    picture = coco_mask.decode({"size": [10, 10], "counts": text}).astype(bool)
    runs = read_runs([encode(picture)["counts"].encode(), text, encode(np.ones((10, 10)))["counts"].encode()])
    strips, layout = read_masks(runs, np.array([10, 10, 10]))
    words = paint(strips, layout)
    pair = np.array([0]), np.array([1])
    assert count_shared(words, layout, *pair).tolist() == [picture.sum()]
    assert count_each(words, layout).tolist() == layout.frames.area.tolist() == [*[picture.sum()] * 2, 100]
    borders = find_borders(words, strips, layout, 1)
    assert count_each(borders, layout).tolist() == [*[find_border(picture).sum()] * 2, 36]
    assert count_shared(borders, layout, *pair).tolist() == [find_border(picture).sum()]


def test_a_mask_without_pixels_leaves_those_of_others_alone():
    """A run of no length at the top of a column, behind a mask that has a strip below the first 64 rows."""
    picture = box_picture(130, 2, 0, 70, 1, 10) | box_picture(130, 2, 1, 5, 1, 5)
    nothing = coco_mask.frPyObjects({"size": [130, 2], "counts": [130, 0, 130]}, 130, 2)["counts"]
    strips, layout = read_masks(
        read_runs([encode(picture)["counts"].encode(), nothing]), np.array([130, 130])
    )
    assert count_each(paint(strips, layout), layout).tolist() == [15, 0]

"""Who is matched with whom: by hand, then as pycocotools matches, pair for pair."""

import contextlib
import copy
import io

import numpy as np
import pytest

pytest.importorskip("hotcoco")
pytest.importorskip("pycocotools")

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.evaluation.scenes import answer, draw_case, make_truth, runs_of, scene_of, truth_row
from workbench.evaluation.overlap.matching import EVERY_SIZE, match
from workbench.evaluation.overlap.pairs import compute_pairs


def match_boxes(truth, answers, **more):
    scene = scene_of(truth, answers)
    return match(scene, compute_pairs(scene, "box"), **more)


def test_a_prediction_takes_what_it_overlaps_most():
    truth = make_truth(truth_row(5, [0, 0, 40, 40]), truth_row(6, [0, 10, 40, 40]))
    found = match_boxes(truth, [answer([0, 8, 40, 40])])
    assert found.truth[0].tolist() == [1] * 9 + [-1]
    assert found.found_of[:, 0].tolist() == [-1, 0]
    assert found.iou[0] == pytest.approx(38 / 42)


def test_the_higher_score_chooses_first_and_the_other_takes_what_is_left():
    truth = make_truth(truth_row(5, [0, 0, 40, 40]), truth_row(6, [0, 10, 40, 40]))
    found = match_boxes(truth, [answer([0, 9, 40, 40], 0.5), answer([0, 8, 40, 40], 0.9)])
    assert found.truth[:, 0].tolist() == [0, 1]
    assert found.truth[:, 5].tolist() == [-1, 1]  # 31/49 with the other one is below 0.75
    assert found.iou.tolist() == pytest.approx(
        [31 / 49, 38 / 42]
    )  # with its match, not 39/41 with the other's


def test_of_equal_scores_the_earlier_one_chooses_and_the_other_finds_nothing():
    found = match_boxes(
        make_truth(truth_row(5, [0, 0, 40, 40])), [answer([0, 0, 40, 40]), answer([0, 0, 40, 40])]
    )
    assert found.truth[:, 0].tolist() == [0, -1]
    assert found.rank.tolist() == [0, 1]
    assert found.iou.tolist() == [1, 1]  # the other one overlaps it as well


def test_of_equal_overlaps_the_later_truth_is_taken():
    truth = make_truth(truth_row(5, [0, 0, 40, 40]), truth_row(6, [0, 0, 40, 40]))
    assert match_boxes(truth, [answer([0, 0, 40, 40])]).truth[0, 0] == 1


def test_a_crowd_takes_any_number_and_they_do_not_count():
    crowd = truth_row(5, [0, 0, 90, 90], crowd=1, segmentation=runs_of((0, 0, 90, 90)))
    answers = [answer([0, 0, 20, 20]), answer([30, 30, 20, 20]), answer([0, 100, 20, 20])]
    found = match_boxes(make_truth(crowd), answers)
    assert found.truth[:, 9].tolist() == [0, 0, -1]
    assert found.ignored[:, 9].tolist() == [True, True, False]
    assert found.iou.tolist() == [1, 1, 0]


def test_lying_in_a_crowd_by_less_than_half_is_no_overlap_with_an_object():
    crowd = truth_row(5, [0, 0, 90, 90], crowd=1, segmentation=runs_of((0, 0, 90, 90)))
    found = match_boxes(make_truth(crowd), [answer([80, 0, 40, 20])])
    assert (found.truth[0, 0], found.iou[0]) == (-1, 0)


def test_what_counts_is_taken_before_a_crowd_that_overlaps_more():
    crowd = truth_row(5, [0, 0, 90, 90], crowd=1, segmentation=runs_of((0, 0, 90, 90)))
    found = match_boxes(make_truth(crowd, truth_row(6, [0, 0, 40, 30])), [answer([0, 0, 40, 40])])
    assert found.truth[0].tolist() == [1] * 6 + [0] * 4  # 0.75, then the crowd


def test_classes_and_images_keep_to_themselves():
    truth = make_truth(truth_row(5, [0, 0, 40, 40]))
    answers = [answer([0, 0, 40, 40], image=2), answer([0, 0, 40, 40], category=2)]
    found = match_boxes(truth, answers)
    assert (found.truth == -1).all()
    assert found.iou.tolist() == [0, 0]


def test_only_the_best_hundred_are_considered():
    answers = [answer([0, 0, 40, 40], 0.1), *(answer([50, 50, 9, 9], 0.9) for _ in range(100))]
    found = match_boxes(make_truth(truth_row(5, [0, 0, 40, 40])), answers)
    assert found.truth[0, 0] == -1
    assert found.considered.tolist() == [False] + [True] * 100
    assert match_boxes(make_truth(truth_row(5, [0, 0, 40, 40])), answers, limit=101).truth[0, 0] == 0


def test_sizes_that_are_not_asked_for_do_not_count():
    truth = make_truth(truth_row(5, [0, 0, 40, 40]), truth_row(6, [50, 50, 10, 10]))
    answers = [answer([0, 0, 40, 40]), answer([50, 50, 10, 10]), answer([0, 80, 40, 40])]
    found = match_boxes(truth, answers, sizes=(0, 32**2))
    assert found.unwanted.tolist() == [True, False]
    assert found.ignored[:, 0].tolist() == [True, False, True]


@pytest.mark.parametrize(("truth", "answers"), [
    (make_truth(), []), (make_truth(), [answer([0, 0, 9, 9])]), (make_truth(truth_row(1, [0, 0, 9, 9])), []),
    (make_truth(images=0, categories=0), []),
])  # fmt: skip
def test_where_there_is_nothing_nothing_is_matched(truth, answers):
    for kind in ("box", "mask") if answers and truth["annotations"] else ("box",):
        scene = scene_of(truth, answers)
        found = match(scene, compute_pairs(scene, kind))
        assert (found.truth == -1).all()
        assert found.truth.shape == (len(answers), 10)
        assert found.found_of.shape == (len(truth["annotations"]), 10)


# the referee


def referee(truth, answers, kind, sizes, limit):
    """pycocotools' matches: (row of the answer, threshold) -> (annotation id, ignored)."""
    with contextlib.redirect_stdout(io.StringIO()):
        right = COCO()
        right.dataset = copy.deepcopy(truth)
        right.createIndex()
        judge = COCOeval(right, right.loadRes(copy.deepcopy(answers)), {"box": "bbox", "mask": "segm"}[kind])
        judge.params.areaRng, judge.params.areaRngLbl, judge.params.maxDets = [sizes], ["all"], [limit]
        judge.evaluate()
    found, ids = {}, {row["id"]: place for place, row in enumerate(answers, 1) for row in [{"id": place}]}
    for one in judge.evalImgs:
        for place, number in enumerate(one["dtIds"] if one else ()):
            row = ids[number] - 1
            for threshold in range(10):
                found[row, threshold] = (
                    int(one["dtMatches"][threshold, place]) or None,
                    bool(one["dtIgnore"][threshold, place]),
                )
    return found


@pytest.mark.parametrize("kind", ["box", "mask"])
@pytest.mark.parametrize("sizes", [EVERY_SIZE, (0, 32**2), (32**2, 96**2)])
@pytest.mark.parametrize("seed", range(12))
def test_every_match_is_that_of_pycocotools(seed, kind, sizes):
    truth, answers = draw_case(seed, near=5, crowds=0.3)
    limit = 3 if seed % 3 == 0 else 100
    scene = scene_of(truth, answers)
    ours = match(scene, compute_pairs(scene, kind), sizes=sizes, limit=limit)
    theirs = referee(truth, answers, kind, sizes, limit)
    assert len(theirs) == 10 * ours.considered.sum()
    for (row, threshold), (number, ignored) in theirs.items():
        place = ours.truth[row, threshold]
        assert (None if place < 0 else scene.truths.number[place]) == number
        assert ours.ignored[row, threshold] == ignored


@pytest.mark.parametrize("seed", range(4))
def test_both_sides_of_a_match_know_each_other(seed):
    truth, answers = draw_case(seed, crowds=0)
    scene = scene_of(truth, answers)
    found = match(scene, compute_pairs(scene, "box"))
    row, threshold = np.nonzero(found.truth >= 0)
    assert (found.found_of[found.truth[row, threshold], threshold] == row).all()
    assert (found.found_of >= 0).sum() == len(row) > 0

"""How good a run is on one image, and what changed: worked by hand."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.noisy import read_scene
from workbench.evaluation.comparing.image_changes import compare_images
from workbench.evaluation.image_scores import ImageScores, score_objects
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs


def truth(*rows, images=3):
    """Rows: image, box."""
    return {
        "images": [{"id": n, "width": 640, "height": 640} for n in range(1, images + 1)],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {
                "id": place,
                "image_id": image,
                "category_id": 1,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": crowd,
            }
            for place, (image, box, *rest) in enumerate(rows, 1)
            for crowd in [rest[0] if rest else 0]
        ],
    }


def score(right, *found):
    rows = [{"image_id": image, "category_id": 1, "bbox": box, "score": value} for image, box, value in found]
    scene = read_scene(right, rows)
    return score_objects(scene, match(scene, compute_pairs(scene, "box")))


FIRST, SECOND = [0, 0, 100, 100], [300, 300, 100, 100]


def test_one_of_two_found_is_an_f1_of_two_thirds():
    scores = score(truth((1, FIRST), (1, SECOND)), (1, FIRST, 0.9))
    assert scores.score == pytest.approx([2 / 3, 1, 1])
    assert (scores.found[0], scores.missed[0], scores.false[0]) == (1, 1, 0)


def test_a_box_that_overlaps_by_80_percent_is_right_at_seven_of_ten_thresholds():
    scores = score(truth((1, FIRST)), (1, [0, 0, 100, 80], 0.9))
    assert scores.score[0] == pytest.approx(0.7)
    assert (scores.found[0], scores.missed[0], scores.false[0]) == (1, 0, 0)


def test_what_scores_less_than_where_the_run_is_best_does_not_count():
    """All three are best told apart from the alarm at 0.6, so the alarm at 0.3 is not made."""
    scores = score(
        truth((1, FIRST), (2, FIRST), (3, FIRST)),
        *((n, FIRST, 0.6 + n / 100) for n in (1, 2, 3)),
        (3, SECOND, 0.3),
    )
    assert scores.sure == pytest.approx(0.61)
    assert scores.score == pytest.approx([1, 1, 1])
    assert scores.false.tolist() == [0, 0, 0]


def test_what_is_found_with_too_low_a_score_is_missed():
    """Two alarms at 0.3 for one more object at 0.1 are not worth it."""
    scores = score(
        truth((1, FIRST), (2, FIRST), (3, FIRST), (4, FIRST), images=4),
        *((n, FIRST, 0.6) for n in (1, 2, 3)),
        *((n, SECOND, 0.3) for n in (1, 2)),
        (4, FIRST, 0.1),
    )
    assert scores.sure == pytest.approx(0.6)
    assert scores.score == pytest.approx([1, 1, 1, 0])
    assert (scores.found[3], scores.missed[3]) == (0, 1)


def test_an_alarm_on_an_empty_image_makes_it_nought():
    scores = score(truth((1, FIRST)), (1, FIRST, 0.5), (2, FIRST, 0.9))
    assert scores.score == pytest.approx([1, 0, 1])
    assert scores.false.tolist() == [0, 1, 0]


def test_crowds_are_neither_missed_nor_is_what_lies_in_them_false():
    scores = score(truth((1, FIRST), (2, FIRST, 1)), (1, FIRST, 0.9), (2, FIRST, 0.9))
    assert scores.score == pytest.approx([1, 1, 1])
    assert (scores.missed.tolist(), scores.false.tolist()) == ([0, 0, 0], [0, 0, 0])


def test_nothing_found_at_all_misses_everything():
    scores = score(truth((1, FIRST)))
    assert scores.score == pytest.approx([0, 1, 1])
    assert (scores.sure, scores.missed[0]) == (None, 1)


def columns(*values, missed=None, false=None):
    return ImageScores(score=np.array(values), missed=missed, false=false)


def test_the_largest_change_comes_first_and_counts_say_what_became_of_it():
    first = columns(0.5, 0.5, 0.5, 0.5, missed=np.array([2, 0, 1, 0]), false=np.array([0, 0, 0, 3]))
    other = columns(0.6, 0.5, 0.1, 0.9, missed=np.array([1, 0, 3, 0]), false=np.array([0, 0, 1, 1]))
    changes = compare_images(first, other)
    assert [(one.place, one.missed, one.false) for one in changes.better] == [(3, 0, -2), (0, -1, 0)]
    assert [(one.place, one.missed, one.false) for one in changes.worse] == [(2, 2, 1)]
    assert changes.same == 1


def test_what_cannot_be_seen_in_a_tenth_of_a_point_is_the_same():
    changes = compare_images(columns(0.5, 0.5), columns(0.5004, 0.5006))
    assert (len(changes.better), changes.same) == (1, 1)


def test_pixels_have_no_counts():
    (change,) = compare_images(columns(0.5), columns(0.7)).better
    assert (change.missed, change.false) == (None, None)

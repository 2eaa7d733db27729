"""What was taken for what: by hand, then equal to hotcoco's matrix."""

import math

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.referee import drawn_cases, judge
from tests.evaluation.scenes import answer, make_truth, scene_of, truth_row
from workbench.evaluation.one_iou.confusion import count_confusion
from workbench.evaluation.overlap.pairs import compute_pairs

BOX, FAR = (0, 0, 20, 20), (60, 60, 20, 20)


def count(truth, answers, score=0.0, kind="box"):
    scene = scene_of(truth, answers)
    return count_confusion(scene, compute_pairs(scene, kind), score)


def test_right_wrong_missed_and_invented_each_have_their_cell():
    truth = make_truth(truth_row(1, BOX), truth_row(2, FAR, category=2), truth_row(3, BOX, image=2))
    answers = [answer(BOX), answer(FAR), answer(FAR, image=2, category=2)]
    found = count(truth, answers)
    assert found["labels"] == ["class 1", "class 2", "background"]
    assert found["matrix"] == [[1, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_the_surest_takes_the_truth_though_another_is_of_its_class():
    truth = make_truth(truth_row(1, BOX))
    found = count(truth, [answer(BOX, 0.5), answer(BOX, 0.9, category=2)])
    assert found["matrix"] == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]


def test_who_loses_its_first_wish_takes_the_second():
    """Both like truth 1 best; the less sure one also reaches truth 2."""
    truth = make_truth(truth_row(1, (0, 0, 20, 20)), truth_row(2, (4, 0, 20, 20), category=2))
    found = count(truth, [answer((1, 0, 20, 20), 0.5), answer((0, 0, 20, 20), 0.9)])
    assert found["matrix"] == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_who_is_sent_away_later_asks_again():
    """The second goes on to what the third has already; the third then takes what is left."""
    truth = make_truth(*(truth_row(n, (6 * n, 0, 20, 20), category=1 + n % 2) for n in range(3)))
    found = count(
        truth, [answer((0, 0, 20, 20), 0.9), answer((2, 0, 20, 20), 0.8), answer((8, 0, 20, 20), 0.7)]
    )
    assert found["matrix"] == [[2, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_only_what_is_sure_enough_is_asked():
    truth = make_truth(truth_row(1, BOX))
    assert count(truth, [answer(BOX, 0.5)], 0.5)["matrix"][0] == [1, 0, 0]
    assert count(truth, [answer(BOX, 0.5)], 0.51)["matrix"][0] == [0, 0, 1]


def test_a_crowd_is_neither_found_nor_missed():
    truth = make_truth(truth_row(1, BOX, crowd=1))
    assert count(truth, [answer(BOX)])["matrix"] == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_without_predictions_all_is_missed_and_without_truth_all_is_invented():
    assert count(make_truth(truth_row(1, BOX)), [])["matrix"][0] == [0, 0, 1]
    assert count(make_truth(), [answer(BOX)])["matrix"][2] == [1, 0, 0]


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_the_matrix_is_hotcocos(kind):
    for truth, answers, scene in drawn_cases():
        pairs, referee = compute_pairs(scene, kind), judge(truth, answers, kind)
        for score in (None, 0.3, 0.7):
            wanted = referee.confusion_matrix(max_det=10**6, min_score=score)["matrix"]
            found = count_confusion(scene, pairs, -math.inf if score is None else score)
            assert (wanted == np.array(found["matrix"])).all()

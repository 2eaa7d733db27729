"""TIDE's six kinds: one of each by hand, then counts and costs equal to hotcoco's."""

import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.referee import drawn_cases, judge, matched
from tests.evaluation.scenes import answer, make_truth, scene_of, truth_row
from workbench.evaluation.kinds import KINDS
from workbench.evaluation.one_iou.error_kinds import RIGHT, find_error_kinds

NAMES = dict(zip(KINDS, ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"), strict=True))
BOX = (0, 0, 20, 20)


def sort(truth, answers, kind="box"):
    scene = scene_of(truth, answers)
    return find_error_kinds(scene, *matched(scene, kind))


def only(truth, answers):
    """The kind of the last prediction, the truth it is about, and what is missed."""
    found = sort(truth, answers)
    kind = found.kind[-1]
    return "" if kind == RIGHT else KINDS[kind], int(found.truth[-1]), found.missed.tolist()


# by hand


def test_right_is_no_error():
    assert only(make_truth(truth_row(1, BOX)), [answer(BOX)]) == ("", -1, [False])


def test_the_wrong_name_on_the_right_place_is_a_class_error_and_what_it_lies_on_is_not_missed():
    assert only(make_truth(truth_row(1, BOX)), [answer(BOX, category=2)]) == ("class", 0, [False])


def test_the_right_name_beside_its_place_is_a_place_error():
    """Shifted by half a box: IoU 1/3."""
    assert only(make_truth(truth_row(1, BOX)), [answer((10, 0, 20, 20))]) == ("place", 0, [False])


def test_exactly_half_and_exactly_a_tenth_belong_to_the_place_errors():
    """A box of a tenth of the truth's height, inside it: IoU 0.1."""
    tenth = answer((0, 0, 20, 2))
    assert only(make_truth(truth_row(1, BOX)), [tenth])[0] == "place"
    taken = [answer(BOX, 0.9), answer((0, 0, 20, 10), 0.5)]
    assert only(make_truth(truth_row(1, BOX)), taken)[0] == "place"


def test_wrong_name_and_wrong_place_are_both_and_the_truth_is_missed():
    found = only(make_truth(truth_row(1, BOX)), [answer((10, 0, 20, 20), category=2)])
    assert found == ("class-and-place", 0, [True])


def test_the_second_on_one_truth_is_a_duplicate():
    assert only(make_truth(truth_row(1, BOX)), [answer(BOX, 0.9), answer((1, 0, 20, 20), 0.5)]) == (
        "duplicate",
        0,
        [False],
    )


def test_what_touches_nothing_is_background_and_the_truth_missed():
    assert only(make_truth(truth_row(1, BOX)), [answer((60, 60, 9, 9))]) == ("background", -1, [True])


def test_what_is_in_a_crowd_is_no_error_and_a_crowd_is_not_missed():
    assert only(make_truth(truth_row(1, (0, 0, 50, 50), crowd=1)), [answer(BOX)]) == ("", -1, [False])


def test_the_nearest_truth_is_the_one_that_the_error_is_about():
    truth = make_truth(truth_row(1, (0, 0, 20, 20)), truth_row(2, (22, 0, 20, 20)))
    assert only(truth, [answer((13, 0, 20, 20))])[:2] == ("place", 1)


def test_mending_the_only_error_brings_ap_to_one():
    found = sort(make_truth(truth_row(1, BOX), categories=1), [answer((10, 0, 20, 20))])
    assert (found.base, found.counts["place"]) == (0, 1)
    assert found.costs["place"] == pytest.approx(1)
    assert found.costs["missed"] == 0


def test_a_false_alarm_costs_what_its_absence_would_bring():
    """Right at 0.5 behind a false one at 0.9: AP50 is 1/2, without the false one 1."""
    found = sort(make_truth(truth_row(1, BOX), categories=1), [answer((60, 60, 9, 9), 0.9), answer(BOX, 0.5)])
    assert found.base == pytest.approx(0.5)
    assert found.costs["background"] == pytest.approx(0.5)


def test_a_mended_class_counts_for_the_class_that_it_is():
    """Class 2 has no truth of its own; the one prediction that was called so is then right for class 1."""
    found = sort(make_truth(truth_row(1, BOX)), [answer(BOX, category=2)])
    assert found.costs["class"] == pytest.approx(1)


def test_one_truth_is_found_once_however_many_errors_were_about_it():
    """Two place errors on one truth: the second goes, so mending brings no more than that truth."""
    truth = make_truth(truth_row(1, BOX), truth_row(2, (60, 60, 20, 20)), categories=1)
    found = sort(truth, [answer((10, 0, 20, 20), 0.9), answer((0, 10, 20, 20), 0.8)])
    assert found.counts["place"] == 2
    assert found.costs["place"] == pytest.approx(51 / 101)


def test_nothing_there_costs_nothing():
    found = sort(make_truth(), [])
    assert (found.base, set(found.costs.values()), set(found.counts.values())) == (0.0, {0.0}, {0})


# the referee


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_counts_and_costs_are_hotcocos(kind):
    for truth, answers, scene in drawn_cases():
        wanted = judge(truth, answers, kind).tide_errors()
        found = find_error_kinds(scene, *matched(scene, kind))
        assert found.base == pytest.approx(wanted["ap_base"], abs=1e-12)
        assert found.counts == {kind: wanted["counts"][name] for kind, name in NAMES.items()}
        for each, name in NAMES.items():
            assert found.costs[each] == pytest.approx(wanted["delta_ap"][name], abs=1e-12)

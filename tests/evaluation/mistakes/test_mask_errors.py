"""What is wrong with a mask: each kind and each near miss by hand, then truths that were spoiled in a known way."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.masks import look, paint, scene_of_masks
from tests.evaluation.spoil import SPOILS, count_recognised, draw_spoiled
from workbench.evaluation.kinds import MASK_KINDS
from workbench.evaluation.mistakes.mask_errors import find_mask_errors
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs

BOX = paint((20, 20, 40, 40))


def said(truths, answers, least=0.0):
    """The kinds and the places, one truth and one answer if they are pictures."""
    pictures = [
        [one if isinstance(one, dict) else {"picture": one} for one in some] for some in (truths, answers)
    ]
    return [(one.kind, one.found, one.truth, one.others) for one in look(*pictures, least)]


# outlines


def test_an_exact_mask_has_nothing_wrong():
    assert said([BOX], [BOX]) == []


def test_a_rim_of_four_pixels_all_around_is_loose():
    found = look([{"picture": BOX}], [{"picture": paint((16, 16, 48, 48))}])
    assert [one.kind for one in found] == ["outline-loose"]
    assert found[0].amount == pytest.approx((48 * 48 - 40 * 40) / 160)


def test_a_mask_that_stays_four_pixels_inside_is_tight():
    assert said([BOX], [paint((24, 24, 32, 32))]) == [("outline-tight", 0, 0, ())]


def test_one_pixel_is_how_anybody_draws():
    assert said([BOX], [paint((19, 19, 42, 42))]) == []
    assert said([BOX], [paint((21, 21, 38, 38))]) == []


def test_three_pixels_around_a_large_object_are_nothing():
    large = paint((50, 50, 200, 200), size=(300, 300))
    assert said([large], [paint((47, 47, 206, 206), size=(300, 300))]) == []
    assert said([large], [paint((40, 40, 220, 220), size=(300, 300))]) == [("outline-loose", 0, 0, ())]


def test_a_shifted_mask_is_neither_loose_nor_tight():
    assert said([BOX], [paint((24, 24, 40, 40))]) == []


def test_a_mask_that_is_wider_and_less_high_is_neither():
    assert said([BOX], [paint((14, 24, 52, 32))]) == []


def test_what_sticks_out_on_two_sides_only_is_no_rim():
    assert said([BOX], [paint((20, 20, 48, 48))]) == []


def test_a_lump_on_one_side_is_no_rim():
    assert said([BOX], [paint((20, 20, 40, 40), (60, 25, 20, 30))]) == []


def test_what_is_loose_on_three_sides_and_lacks_the_end_of_the_fourth_is_not_loose():
    assert said([paint((10, 40, 80, 20))], [paint((6, 36, 64, 28))]) == []
    assert said([paint((10, 40, 80, 20))], [paint((6, 36, 88, 28))]) == [("outline-loose", 0, 0, ())]


def test_a_few_pixels_that_poke_out_do_not_hide_a_rim():
    loose = paint((16, 16, 48, 48), without=[(16, 16, 48, 1), (30, 16, 3, 6)])
    assert said([BOX], [loose]) == [("outline-loose", 0, 0, ())]


def test_an_object_at_the_edge_of_the_image_can_only_be_loose_where_there_is_image():
    """Three sides have a rim, the fourth is the image's own edge."""
    edge = paint((0, 20, 40, 40))
    assert said([edge], [paint((0, 16, 44, 48))]) == [("outline-loose", 0, 0, ())]
    corner = paint((0, 0, 40, 40))
    assert said([corner], [paint((0, 0, 44, 44))]) == [("outline-loose", 0, 0, ())]
    whole = paint((0, 0, 100, 120))
    assert said([whole], [whole]) == []


@pytest.mark.parametrize("turns", range(4))
def test_all_four_edges_are_alike(turns):
    truth, answer = paint((0, 20, 40, 40), size=(100, 100)), paint((0, 16, 44, 48), size=(100, 100))
    assert said([np.rot90(truth, turns)], [np.rot90(answer, turns)]) == [("outline-loose", 0, 0, ())]
    assert said([np.rot90(answer, turns)], [np.rot90(truth, turns)]) == [("outline-tight", 0, 0, ())]


@pytest.mark.parametrize("turns", range(4))
def test_a_rim_that_the_edge_of_the_image_cuts_is_as_wide_as_it_can_be(turns):
    """One pixel to the edge along its long side, five or six on the others."""
    truth, answer = paint((10, 1, 80, 10), size=(100, 100)), paint((5, 0, 90, 17), size=(100, 100))
    assert said([np.rot90(truth, turns)], [np.rot90(answer, turns)]) == [("outline-loose", 0, 0, ())]


def test_a_loose_mask_that_matches_nothing_any_more_is_still_compared():
    """IoU (20/36)² = 0.31: a place error, and why it is one."""
    assert said([paint((20, 20, 20, 20))], [paint((12, 12, 36, 36))]) == [("outline-loose", 0, 0, ())]
    assert said([paint((20, 20, 20, 20))], [paint((10, 10, 42, 42))]) == []


def test_the_mask_of_a_duplicate_or_of_another_class_is_not_looked_at():
    loose = paint((16, 16, 48, 48))
    twice = [{"picture": BOX, "score": 0.9}, {"picture": loose, "score": 0.8}]
    assert said([BOX], twice) == []
    assert said([BOX], [{"picture": loose, "category": 2}]) == []


def test_a_rim_inside_a_crowd_is_nothing():
    assert said([{"picture": BOX, "crowd": 1}], [paint((16, 16, 48, 48))]) == []


def test_a_thin_object_may_be_loose_along_its_sides():
    thin = paint((20, 10, 4, 100))
    assert said([thin], [paint((17, 9, 10, 102))]) == [("outline-loose", 0, 0, ())]


# holes

RING = paint((20, 20, 40, 40), without=[(32, 32, 12, 12)])


def test_a_hole_that_is_filled_is_missed():
    found = look([{"picture": RING}], [{"picture": BOX}])
    assert [(one.kind, one.amount) for one in found] == [("hole-missed", 144)]


def test_a_hole_that_is_seen_is_not_missed():
    assert said([RING], [RING]) == []
    assert said([RING], [paint((20, 20, 40, 40), without=[(32, 32, 8, 8)])]) == []


def test_three_quarters_filled_is_missed():
    assert said([RING], [paint((20, 20, 40, 40), without=[(32, 32, 6, 6)])]) == [("hole-missed", 0, 0, ())]


def test_what_is_open_to_one_side_is_no_hole():
    open_ring = paint((20, 20, 40, 40), without=[(32, 20, 12, 24)])
    assert said([open_ring], [BOX]) == []


def test_a_hole_that_the_edge_of_the_image_closes_is_none():
    cut = paint((0, 20, 40, 40), without=[(0, 32, 12, 12)])
    assert said([cut], [paint((0, 20, 40, 40))]) == []


def test_a_hole_that_leaks_around_a_corner_is_none():
    """Down, then to the left, then out below."""
    maze = paint((20, 20, 40, 40), without=[(40, 30, 6, 20), (30, 44, 16, 6), (30, 44, 6, 16)])
    assert said([maze], [BOX]) == []
    closed = paint((20, 20, 40, 40), without=[(40, 30, 6, 20), (30, 44, 16, 6), (30, 44, 6, 12)])
    assert [kind for kind, *_ in said([closed], [BOX])] == ["hole-missed"]


def test_a_hole_of_a_few_pixels_is_not_looked_at():
    assert said([paint((20, 20, 40, 40), without=[(38, 38, 4, 4)])], [BOX]) == []


def test_several_holes_are_counted_together():
    sieve = paint((20, 20, 40, 40), without=[(24, 24, 8, 8), (40, 40, 8, 8), (24, 44, 8, 6)])
    found = look([{"picture": sieve}], [{"picture": paint((20, 20, 40, 40), without=[(24, 44, 8, 6)])}])
    assert [(one.kind, one.amount) for one in found] == [("hole-missed", 128)]


# merged and split

LEFT, RIGHT = paint((10, 20, 30, 40)), paint((42, 20, 30, 40))
BOTH = paint((10, 20, 62, 40))


def test_one_mask_over_two_objects_merges_them():
    assert said([LEFT, RIGHT], [BOTH]) == [("merged", 0, 0, (1,))]


def test_the_truth_that_it_matches_comes_first():
    """The right one makes up more than half of it: IoU 1500/2440."""
    truths = [paint((10, 20, 20, 40)), paint((32, 20, 39, 40))]
    assert said(truths, [paint((10, 20, 61, 40))]) == [("merged", 0, 1, (0,))]


def test_of_a_mask_that_merges_objects_nothing_else_is_said():
    """It fills a hole of the first one, too."""
    holed = paint((10, 20, 36, 40), without=[(22, 34, 10, 10)])
    answer = paint((10, 20, 68, 40))
    assert said([holed, paint((48, 20, 30, 40))], [answer]) == [("merged", 0, 0, (1,))]


def test_two_masks_on_two_objects_merge_nothing():
    assert said([LEFT, RIGHT], [LEFT, RIGHT]) == []


def test_a_mask_over_two_of_which_each_was_found_merges_nothing():
    scores = (0.9, 0.8, 0.7)
    answers = [{"picture": p, "score": s} for p, s in zip((LEFT, RIGHT, BOTH), scores, strict=True)]
    assert said([LEFT, RIGHT], answers) == []


def test_a_mask_over_two_of_which_one_was_found_merges_nothing():
    answers = [{"picture": LEFT, "score": 0.9}, {"picture": BOTH, "score": 0.3}]
    assert said([LEFT, RIGHT], answers) == []


def test_what_found_the_other_counts_only_if_it_is_sure_enough():
    answers = [{"picture": RIGHT, "score": 0.1}, {"picture": BOTH, "score": 0.8}]
    assert said([LEFT, RIGHT], answers, least=0.5) == [("merged", 1, 0, (1,))]


def test_objects_of_another_class_are_not_merged():
    truths = [{"picture": LEFT}, {"picture": RIGHT, "category": 2}]
    assert said(truths, [BOTH]) == []


def test_a_small_thing_within_the_outline_of_a_large_one_is_not_merged():
    assert said([paint((10, 20, 50, 60)), paint((60, 20, 6, 6))], [paint((10, 20, 56, 60))]) == []


def test_an_object_within_another_is_not_merged_with_it():
    assert said([BOTH, LEFT], [BOTH]) == []


def test_a_mask_of_half_the_image_merges_nothing():
    assert said([paint((5, 5, 20, 20)), paint((70, 80, 20, 20))], [paint((0, 0, 100, 110))]) == []


def test_two_halves_of_an_object_split_it():
    halves = [paint((20, 20, 40, 19)), paint((20, 40, 30, 20), (20, 40, 35, 19))]
    assert said([BOX], halves) == [("split", 0, 0, (1,))]


def test_two_pieces_of_which_one_matches_split_nothing():
    assert said([BOX], [paint((20, 20, 40, 28)), paint((20, 49, 40, 11))]) == []


def test_one_half_and_nothing_more_splits_nothing():
    assert said([BOX], [paint((20, 20, 40, 19))]) == []


def test_the_same_half_twice_splits_nothing():
    assert said([BOX], [paint((20, 20, 40, 19)), paint((21, 20, 39, 19))]) == []


def test_pieces_that_share_more_than_half_split_nothing():
    """Each has 19 of 40 rows, 11 of them the same: together 27."""
    assert said([BOX], [paint((20, 20, 40, 19)), paint((20, 28, 40, 19))]) == []


def test_two_small_pieces_of_a_large_object_split_nothing():
    assert said([BOX], [paint((20, 20, 20, 15)), paint((40, 45, 20, 15))]) == []


def test_pieces_that_lie_mostly_outside_split_nothing():
    assert said([BOX], [paint((5, 20, 30, 40)), paint((45, 20, 30, 40))]) == []


def test_pieces_that_found_something_else_split_nothing():
    """Two halves, each of which is an object of its own as well."""
    halves = [paint((20, 20, 40, 19)), paint((20, 40, 40, 19))]
    assert said([BOX, *halves], halves) == []


# all together


def test_nothing_is_found_where_nothing_is():
    assert said([BOX], [{"picture": RIGHT, "category": 2}]) == []
    scene = scene_of_masks([{"picture": BOX}], [{"picture": BOX}])
    matches = match(scene, compute_pairs(scene, "mask"))
    assert find_mask_errors(scene, matches, np.zeros(1, bool)) == []


def test_masks_of_many_images_do_not_disturb_each_other():
    """The same mistakes alone, and with a hundred others around them."""
    generator = np.random.default_rng(1)
    cases = [draw_spoiled(generator, SPOILS[n % len(SPOILS)]) for n in range(45)]
    truths, answers, alone = [], [], []
    for number, (wanted, found) in enumerate(cases, 1):
        found = [picture for picture in found if picture.any()] or wanted
        truths += [{"picture": picture, "image": number} for picture in wanted]
        answers += [{"picture": picture, "image": number} for picture in found]
        alone += [one.kind for one in look([{"picture": p} for p in wanted], [{"picture": p} for p in found])]
    assert sorted(alone) == [one.kind for one in look(truths, answers)]


def test_spoiled_truths_are_recognised_and_what_is_nearly_so_is_left_alone():
    """Of 25 of each kind at most three are not seen, and at most one of what is said is not so."""
    table = count_recognised(25)
    for kind in MASK_KINDS:
        assert table[kind][kind] >= 22, kind
        assert sum(row[kind] for row in table.values()) - table[kind][kind] <= 1, kind

"""Useful images that do not look alike: worked by hand, then by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.prepare.diversity import measure_unlikeness, pick_diverse

FAR_APART = 0xFFFF_0000_FFFF_0000, 0x0000_FFFF_0000_FFFF
looks = st.one_of(st.none(), st.integers(0, 2**64 - 1))


def test_the_most_useful_comes_first_and_its_copy_last():
    hashes = (FAR_APART[0], FAR_APART[0], FAR_APART[1])
    assert pick_diverse(hashes, (0.9, 0.8, 0.1), 3) == [0, 2, 1]


def test_a_look_alike_is_worth_as_much_less_as_it_is_alike():
    near = FAR_APART[0] ^ 0b1111_1111  # 8 of 16 bits
    assert measure_unlikeness(FAR_APART[0], near) == 0.5
    hashes = (FAR_APART[0], near, FAR_APART[1])
    assert pick_diverse(hashes, (0.9, 0.8, 0.3), 3) == [0, 1, 2]
    assert pick_diverse(hashes, (0.9, 0.8, 0.5), 3) == [0, 2, 1]


def test_what_nothing_is_known_about_is_unlike_everything():
    assert pick_diverse((None, None, 5), (0.5, 0.4, 0.3), 2) == [0, 1]


def test_equal_scores_are_taken_by_how_unlike_they_are_then_in_order():
    hashes = (FAR_APART[0], FAR_APART[0], FAR_APART[1])
    assert pick_diverse(hashes, (0.0, 0.0, 0.0), 3) == [0, 2, 1]


def test_scores_must_be_as_many_as_hashes():
    with pytest.raises(ValueError, match="as many"):
        pick_diverse((1, 2), (0.5,), 1)


@given(st.lists(st.tuples(looks, st.floats(0, 1)), max_size=30), st.integers(0, 40))
def test_each_is_picked_once_the_best_first_and_fewer_are_the_beginning_of_more(images, count):
    hashes, scores = [one[0] for one in images], [one[1] for one in images]
    found = pick_diverse(hashes, scores, count)
    assert len(found) == len(set(found)) == min(count, len(images))
    assert not found or scores[found[0]] == max(scores)
    assert pick_diverse(hashes, scores, max(0, count - 3)) == found[: max(0, count - 3)]

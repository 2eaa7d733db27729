"""Near-duplicates against the plain comparison of all with all."""

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from workbench.prepare.duplicates import find_near, says_something
from workbench.prepare.union import Union

HASHES = st.integers(min_value=0, max_value=2**64 - 1)
BASE = 0x5A5A_3C3C_0FF0_A5C3


@st.composite
def crowded(draw: st.DrawFn) -> list[int]:
    """Hashes of which many are near: a few centres, each with some bits turned over."""
    centres = draw(st.lists(HASHES, min_size=1, max_size=4))
    flips = st.lists(st.integers(min_value=0, max_value=63), max_size=9)
    pairs = draw(st.lists(st.tuples(st.sampled_from(centres), flips), max_size=40))
    return [centre ^ sum(1 << bit for bit in set(bits)) for centre, bits in pairs]


def compare_all(looks, distance):
    pairs = ((i, j) for j in range(len(looks)) for i in range(j))
    return {(i, j) for i, j in pairs if (looks[i] ^ looks[j]).bit_count() <= distance}


def components(count, links):
    union = Union(range(count))
    for link in links:
        union.join(*link)
    return union.groups()


@given(crowded(), st.integers(min_value=0, max_value=20))
def test_every_link_is_near_and_every_near_pair_is_joined(looks, distance):
    links, truth = find_near(looks, distance), compare_all(looks, distance)
    assert set(links) <= truth
    assert components(len(looks), links) == components(len(looks), truth)


def test_a_distance_that_is_just_reached_counts_and_one_bit_more_does_not():
    looks = [BASE, BASE ^ 0b111, BASE ^ 0xFF << 20]
    assert find_near(looks, 3) == [(0, 1)]
    assert find_near(looks, 2) == []
    assert find_near(looks, 8) == [(0, 1), (0, 2)]


def test_a_negative_distance_switches_it_off():
    assert find_near([BASE, BASE], -1) == []


def test_no_hash_and_one_hash_have_no_neighbours():
    assert find_near([], 8) == find_near([BASE], 8) == []


def test_a_thousand_equal_hashes_are_a_chain_not_half_a_million_pairs():
    assert len(find_near([BASE] * 1000, 8)) == 999


def test_a_heap_of_many_different_near_hashes_is_joined_by_a_forest():
    draw = random.Random(1)
    looks = [BASE ^ sum(1 << bit for bit in draw.sample(range(64), draw.randint(0, 4))) for _ in range(3000)]
    links = find_near(looks, 8)
    assert len(links) == 2999
    assert all((looks[i] ^ looks[j]).bit_count() <= 8 for i, j in links)


def test_a_hash_at_the_rim_of_a_heap_hangs_on_its_one_neighbour():
    draw = random.Random(3)
    rim = BASE ^ sum(1 << bit for bit in (10, 11, 12, 13))
    beyond = rim ^ sum(1 << bit for bit in range(1, 9))
    looks = [BASE ^ sum(1 << bit for bit in draw.sample(range(20, 64), 3)) for _ in range(500)]
    assert len(find_near([*looks, beyond, rim, BASE], 8)) == 502


def test_a_hundred_thousand_hashes_half_of_them_blank_take_seconds():
    draw = random.Random(2)
    looks = [0] * 50_000 + [draw.getrandbits(64) for _ in range(50_000)]
    start = time.perf_counter()
    assert len(find_near(looks, 6)) == 49_999
    assert time.perf_counter() - start < 20


def test_blank_frames_say_nothing_and_scenes_do():
    assert not says_something(0)
    assert not says_something(1 << 63)
    assert not says_something(2**64 - 1)
    assert says_something(BASE)

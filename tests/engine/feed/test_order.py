import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.feed.order import Order
from workbench.errors import ProjectError


def test_the_order_of_a_seed_is_the_same_on_every_machine_and_in_every_release():
    assert [Order(0, None, 6).sample(at)[1] for at in range(12)] == PINNED
    assert [Order(0, [1.5, 1, 1, 2], 4).sample(at) for at in range(6)] == PINNED_REPEATED


PINNED = [4, 0, 3, 1, 2, 5, 5, 3, 1, 2, 0, 4]
PINNED_REPEATED = [(0, 0), (0, 1), (0, 3), (0, 0), (0, 2), (0, 3)]

counts = st.integers(1, 40)
seeds = st.integers(0, 2**40)


@given(seeds, counts, st.integers(1, 5), st.data())
@settings(max_examples=60, deadline=None)
def test_every_image_comes_once_an_epoch(seed, count, batch, data):
    wide = data.draw(st.one_of(st.none(), st.lists(st.booleans(), min_size=count, max_size=count)))
    order = Order(seed, None, count, batch=batch, wide=wide)
    for epoch in range(4):
        seen = [order.sample(epoch * count + at) for at in range(count)]
        assert sorted(index for _, index in seen) == list(range(count))
        assert {number for number, _ in seen} == {epoch}


@given(seeds, st.lists(st.floats(0.3, 6), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_an_image_with_a_repeat_factor_comes_as_often_rounded_down_or_up(seed, repeats):
    order = Order(seed, repeats, len(repeats))
    assert 0 <= order.length - sum(repeats) < 1.001
    for epoch in range(3):
        seen = Counter(order.sample(epoch * order.length + at)[1] for at in range(order.length))
        assert all(int(r) <= seen[index] <= r + 2 for index, r in enumerate(repeats))


def test_repeats_are_right_on_average():
    order, epochs = Order(3, [1.0, 2.3, 1.7], 3), 300
    seen = Counter(order.sample(at)[1] for at in range(epochs * order.length))
    assert [round(seen[index] / epochs, 1) for index in range(3)] == [1.0, 2.3, 1.7]


def test_the_repeats_of_an_image_have_numbers_of_their_own():
    order = Order(0, [3.0, 1.0], 2)
    places = [order.place(at) for at in range(order.length)]
    assert sorted((place.index, place.turn) for place in places) == [(0, 0), (0, 1), (0, 2), (1, 0)]


@given(seeds, counts, st.integers(0, 200))
@settings(max_examples=40, deadline=None)
def test_a_restart_anywhere_goes_on_as_if_nothing_had_happened(seed, count, start):
    walked, fresh = Order(seed, None, count), Order(seed, None, count)
    whole = [walked.sample(at) for at in range(start + 20)]
    assert [fresh.sample(at) for at in range(start, start + 20)] == whole[start:]


def test_epochs_and_seeds_differ():
    order = Order(0, None, 50)
    epochs = [tuple(order.sample(epoch * 50 + at)[1] for at in range(50)) for epoch in range(5)]
    assert len(set(epochs)) == 5
    assert epochs[0] != tuple(Order(1, None, 50).sample(at)[1] for at in range(50))


def test_whole_batches_have_one_orientation():
    wide = [number % 3 > 0 for number in range(90)]
    order = Order(0, None, 90, batch=4, wide=wide)
    mixed = sum(
        len({wide[order.sample(batch * 4 + at)[1]] for at in range(4)}) > 1 for batch in range(22 * 4)
    )
    loose = Order(0, None, 90)
    as_it_comes = sum(
        len({wide[loose.sample(batch * 4 + at)[1]] for at in range(4)}) > 1 for batch in range(22 * 4)
    )
    assert mixed <= 8 < 40 < as_it_comes


@pytest.mark.parametrize("repeats", [[1.0], [1.0, 0.0], [1.0, float("nan")]])
def test_impossible_repeats_are_refused(repeats):
    with pytest.raises(ProjectError, match="must be 2 numbers above 0"):
        Order(0, repeats, 2)


def test_no_images_are_refused():
    with pytest.raises(ProjectError, match="at least one image"):
        Order(0, None, 0)

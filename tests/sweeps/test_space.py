"""What may be searched, and which values it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import JobError
from workbench.sweeps.space import Choice, Range, describe_axis, read_axis, read_search
from workbench.sweeps.start import spread


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("0.001..0.1", Range(low=0.001, high=0.1, log=True)),
        ("0.01..0.05", Range(low=0.01, high=0.05)),
        ("1e-4..1e-3", Range(low=1e-4, high=1e-3, log=True)),
        ("0..1", Range(low=0, high=1, whole=True)),
        ("0.0..1", Range(low=0, high=1)),
        ("-1.5..2", Range(low=-1.5, high=2)),
        ("10..200", Range(low=10, high=200, whole=True, log=True)),
        ("320..640:32", Range(low=320, high=640, whole=True, step=32)),
        ("0..90:22.5", Range(low=0, high=90, step=22.5)),
        ("0.1..2:linear", Range(low=0.1, high=2)),
        ("1..5:log", Range(low=1, high=5, whole=True, log=True)),
        ("step|cosine", Choice(values=("step", "cosine"))),
        ("(320,)|(480,)", Choice(values=("(320,)", "(480,)"))),
    ],
)
def test_ranges_and_choices_are_understood(text: str, axis: object) -> None:
    assert read_axis("K", text) == axis


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("K", "must be KEY=LOW..HIGH"),
        ("=1..2", "must be KEY=LOW..HIGH"),
        ("K=1", "must be LOW..HIGH"),
        ("K=2..1", "from a lower to a higher"),
        ("K=1..1", "from a lower to a higher"),
        ("K=0..5:log", "above 0"),
        ("K=1..2:5", "a step that fits"),
        ("K=a|a", "different choices"),
        ("K=a|", "must be LOW..HIGH"),
        ("K=1..2:often", "must be LOW..HIGH"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(JobError, match=words):
        read_search([text])


def test_a_key_is_searched_once() -> None:
    with pytest.raises(JobError, match="must be given once"):
        read_search(["K=1..2", "K=3..4"])


def test_ends_are_picked_and_orders_of_magnitude_are_shared_out_evenly() -> None:
    rate = read_axis("K", "0.0001..0.01")
    assert [rate.show(rate.pick(share)) for share in (0, 0.5, 1)] == ["0.0001", "0.001", "0.01"]
    size = read_axis("K", "320..640:32")
    assert [size.show(size.pick(share)) for share in (0, 0.5, 0.999, 1)] == ["320", "480", "640", "640"]


def test_every_whole_number_has_an_equal_part_of_the_way() -> None:
    axis = read_axis("K", "1..4")
    picked = "".join(axis.show(axis.pick((place + 0.5) / 12)) for place in range(12))
    assert picked == "111222333444"


@pytest.mark.parametrize(
    ("text", "value", "typed"),
    [
        ("0.0001..0.1", 0.0012345, "0.001234"),  # four digits of a small number,
        ("0.9999..0.99999", 0.999954321, "0.99995432"),  # and of where it stands in a narrow range
        ("0.99..0.999:log", 0.9912344, "0.991234"),
        ("1e3..1e5", 13894.6, "13890"),  # as whole numbers are read, too
        ("-0.001..0.001", 0.0, "0"),
        ("0..100:0.0125", 12.3375, "12.3375"),
        ("1.0..2e9", 1.23456e9, "1235000000"),
    ],
)
def test_a_number_has_four_digits_or_as_many_as_its_range_needs(text: str, value: float, typed: str) -> None:
    assert read_axis("K", text).show(value) == typed


@given(low=st.floats(1e-6, 1e3), factor=st.floats(1.001, 1e4), share=st.floats(0, 1), log=st.booleans())
def test_what_is_typed_never_lies_beyond_an_end(low: float, factor: float, share: float, log: bool) -> None:
    axis = read_axis("K", f"{low!r}..{low * factor!r}:{'log' if log else 'linear'}")
    assert isinstance(axis, Range)
    assert axis.low <= float(axis.show(axis.pick(share))) <= axis.high


def test_an_axis_is_described_in_words() -> None:
    told = [describe_axis(read_axis("K", text)) for text in ("0.001..0.1", "2..8", "320..640:32", "a|b")]
    assert told == [
        "0.001 to 0.1, by orders of magnitude",
        "2 to 8, whole numbers",
        "320 to 640 in steps of 32",
        "a or b",
    ]


@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_first_trials_are_spread_out(dimensions: int) -> None:
    """Of eight, at least two lie in each half of each axis, and no two are close together."""
    for seed in range(20):
        points = [spread(number, dimensions, seed=seed) for number in range(8)]
        for place in range(dimensions):
            assert 2 <= sum(point[place] < 0.5 for point in points) <= 6
        for number, one in enumerate(points):
            assert all(
                max(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.05 for other in points[:number]
            )

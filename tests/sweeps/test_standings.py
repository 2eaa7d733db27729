"""Means, spreads and differences, by hand; then against scipy where it is there."""

import random
from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.sweeps.drawings import draw_key
from workbench.sweeps.effects import explain, measure_effects, put_together, remove_folds
from workbench.sweeps.outcome import Outcome
from workbench.sweeps.record import Sweep, SweepFolder
from workbench.sweeps.standing import Standings
from workbench.sweeps.standings import (
    BETTER,
    EQUAL,
    NOISE,
    UNKNOWN,
    Gap,
    Units,
    average_classes,
    measure_gap,
    measure_noise,
    rank,
)
from workbench.sweeps.telling import tell_noise


def outcome(
    score: float | None, *, seed: int | None = None, fold: int | None = None, **more: object
) -> Outcome:
    state = str(more.pop("state", "finished"))
    classes: Mapping[str, float] = more.pop("classes", {})  # type: ignore[assignment]
    return Outcome(
        trial=1,
        run="r",
        values={key: str(value) for key, value in more.items()},
        seed=seed,
        fold=fold,
        state=state,
        score=score,
        classes=classes,
    )


def test_seeds_are_averaged_and_their_spread_is_the_standard_deviation_of_a_sample() -> None:
    """0.2, 0.3, 0.7: mean 0.4; deviations -0.2, -0.1, 0.3; their squares add up to 0.14; of 3 - 1: 0.07."""
    (row,) = rank([outcome(score, seed=seed, lr=1) for seed, score in enumerate((0.2, 0.3, 0.7))])
    assert row.mean == pytest.approx(0.4)
    assert row.spread == pytest.approx(sqrt(0.07))
    assert row.whole and row.gap is None


def test_one_training_has_no_spread() -> None:
    (row,) = rank([outcome(0.5, lr=1)])
    assert (row.mean, row.spread) == (0.5, None)


def test_the_seeds_of_a_fold_are_one_piece_of_evidence() -> None:
    """Fold 1: 0.2 and 0.4, so 0.3; fold 2: 0.5 and 0.7, so 0.6. Mean 0.45, spread 0.3 / sqrt(2)."""
    scores = {(1, 0): 0.2, (1, 1): 0.4, (2, 0): 0.5, (2, 1): 0.7}
    (row,) = rank([outcome(score, fold=fold, seed=seed) for (fold, seed), score in scores.items()], folds=2)
    assert row.units == pytest.approx({1: 0.3, 2: 0.6})
    assert row.mean == pytest.approx(0.45)
    assert row.spread == pytest.approx(0.3 / sqrt(2))


def test_what_is_not_finished_does_not_count_and_comes_behind_what_is_whole() -> None:
    """0.9 is the luck of one seed of two: the other has failed."""
    rows = rank(
        [
            outcome(0.9, seed=0, lr=1),
            outcome(0.1, seed=1, lr=1, state="failed"),
            outcome(0.5, seed=0, lr=2),
            outcome(0.6, seed=1, lr=2),
            outcome(0.8, seed=0, lr=3, state="pruned"),
            outcome(None, seed=0, lr=4, state="queued"),
        ]
    )
    assert [row.values["lr"] for row in rows] == ["2", "1", "3", "4"]
    assert [row.mean for row in rows[1:]] == [0.9, None, None]
    assert [row.whole for row in rows] == [True, False, False, False]


def test_trials_with_the_same_values_are_rows_of_their_own_in_a_search() -> None:
    outcomes = [
        replace(outcome(score, lr=1, state=state), trial=number, run=f"r-{number}")
        for number, (score, state) in enumerate([(0.6, "finished"), (0.9, "pruned"), (0.7, "finished")], 1)
    ]
    rows = rank(outcomes, by_trial=True)
    assert [(row.outcomes[0].run, row.mean, row.whole) for row in rows] == [
        ("r-3", 0.7, True),
        ("r-1", 0.6, True),
        ("r-2", None, False),
    ]


def test_nothing_finished_ranks_nothing() -> None:
    assert rank([]) == ()
    assert [row.gap for row in rank([outcome(0.5, lr=1, state="running"), outcome(None, lr=2)])] == [
        None,
        None,
    ]


BEST, OTHER = {0: 0.5, 1: 0.6, 2: 0.7}, {0: 0.4, 1: 0.55, 2: 0.5}


def compare(best: Units, other: Units, pairs: int = 1, folds: int = 0) -> Gap:
    gap = measure_gap(best, other, pairs, measure_noise([best, other], folds), folds=folds)
    assert gap is not None
    return gap


def test_the_noise_of_seeds_is_pooled_over_all_rows() -> None:
    """Squares about 0.6: 0.02; about 0.48333: 0.0116667; together 0.0316667 of 4 degrees; one training adds nothing."""
    noise = measure_noise([BEST, OTHER, {0: 0.9}, {}], 0)
    assert noise is not None and noise.free == 4
    assert noise.deviation == pytest.approx(sqrt(0.0316667 / 4), abs=1e-6)


def test_a_difference_of_seeds_has_the_interval_of_two_samples() -> None:
    """0.0889757 x sqrt(2 / 3) x 2.776445 (t, 4 degrees, 97.5 %) = 0.201705 about 0.116667."""
    gap = compare(BEST, OTHER)
    assert gap.difference == pytest.approx(0.116667, abs=1e-6)
    assert gap.interval == pytest.approx((0.116667 - 0.201705, 0.116667 + 0.201705), abs=1e-4)
    assert gap.verdict == NOISE


def test_folds_are_paired_and_say_less_than_new_data_would() -> None:
    """Differences 0.1, 0.05, 0.2: deviation 0.0763763; t with 2 degrees 4.302653; sqrt(1/3 + 1/2) for three folds.

    0.0763763 x sqrt(5 / 6) x 4.302653 = 0.299988.
    """
    gap = compare(BEST, OTHER, folds=3)
    assert gap.interval == pytest.approx((0.116667 - 0.299988, 0.116667 + 0.299988), abs=1e-5)


def test_a_fold_that_is_hard_for_all_is_no_noise() -> None:
    """Two rows that are 0.1 apart in every fold: nothing is left, however different the folds are."""
    rows = [{1: 0.8, 2: 0.2, 3: 0.5}, {1: 0.7, 2: 0.1, 3: 0.4}]
    noise = measure_noise(rows, 3)
    assert noise is not None and noise.free == 2 and noise.deviation == pytest.approx(0)
    assert compare(*rows, folds=3).verdict == BETTER


def test_a_row_that_lacks_a_fold_is_compared_where_both_have_it_and_says_nothing_of_noise() -> None:
    rows: list[Units] = [{1: 0.8, 2: 0.2}, {1: 0.6, 2: 0.1}, {1: 0.5}]
    noise = measure_noise(rows, 2)
    assert noise == measure_noise(rows[:2], 2)
    gap = measure_gap(rows[0], rows[2], 2, noise, folds=2)
    assert gap is not None and gap.difference == pytest.approx(0.3)


def test_the_rows_of_a_table_share_five_percent_over_all_pairs_of_them() -> None:
    """The best is known only after looking: of 3 rows, 3 pairs; 1 - 0.05 / 6 of t with 6 degrees: 3.287455.

    Deviation 0.1 in each row, so 0.1 x sqrt(2 / 3) x 3.287455 = 0.268420 about each difference. A row without any
    score is in no pair.
    """
    outcomes = [
        outcome(middle + off, seed=seed, lr=middle)
        for middle in (0.4, 0.6, 0.3)
        for seed, off in enumerate((-0.1, 0.0, 0.1))
    ]
    rows = rank([*outcomes, outcome(None, seed=0, lr=1, state="queued")])
    gaps = [row.gap.interval for row in rows if row.gap]
    assert gaps == [
        pytest.approx((0.2 - 0.26842, 0.2 + 0.26842), abs=1e-3),
        pytest.approx((0.3 - 0.26842, 0.3 + 0.26842), abs=1e-3),
    ]
    assert [row.gap.verdict for row in rows if row.gap] == [NOISE, BETTER]


def test_rows_of_folds_are_ranked_by_what_is_left_when_the_folds_are_taken_out() -> None:
    """BEST and OTHER as above; without their folds, the interval would be 0.201705 to each side."""
    outcomes = [
        outcome(score, fold=fold, lr=lr)
        for lr, row in ((1, BEST), (2, OTHER))
        for fold, score in enumerate(row.values(), 1)
    ]
    (gap,) = (row.gap for row in rank(outcomes, folds=3) if row.gap)
    assert gap.interval == pytest.approx((0.116667 - 0.299988, 0.116667 + 0.299988), abs=1e-5)


def test_among_rows_that_do_not_differ_few_tables_claim_that_they_do() -> None:
    """Of 100 tables of 20 rows about 20 would, if rows were compared with the best as if that had been known before."""
    chance = random.Random(1)
    claims = 0
    for _ in range(60):
        rows = rank(
            outcome(chance.gauss(0.3, 0.02), seed=seed, lr=lr) for lr in range(20) for seed in range(3)
        )
        claims += any(row.gap and row.gap.verdict == BETTER for row in rows)
    assert claims <= 3


def test_more_pairs_must_differ_more() -> None:
    """With two pairs, 98.75 % of t with 4 degrees: 3.495406."""
    gap = compare(BEST, OTHER, 2)
    assert gap.interval is not None
    assert gap.interval[1] - gap.difference == pytest.approx(0.0889757 * sqrt(2 / 3) * 3.495406, abs=2e-3)


@pytest.mark.parametrize(
    ("best", "other", "verdict"),
    [
        ({0: 0.50, 1: 0.51, 2: 0.49}, {0: 0.40, 1: 0.41, 2: 0.38}, BETTER),
        ({0: 0.50, 1: 0.51}, {0: 0.1}, BETTER),
        ({0: 0.5, 1: 0.5}, {0: 0.5, 1: 0.5}, EQUAL),
        ({0: 0.5}, {0: 0.4}, UNKNOWN),
    ],
)
def test_what_may_be_said(best: Units, other: Units, verdict: str) -> None:
    assert compare(best, other).verdict == verdict


def tell(outcomes: list[Outcome]) -> str:
    sweep = Sweep(name="lr", axes={"lr": ("1", "2")}, seeds=(0, 1, 2))
    folder = SweepFolder(path=Path("p/sweeps/lr"))
    rows = rank(outcomes)
    return " ".join(
        tell_noise(Standings(folder=folder, sweep=sweep, metric="AP", outcomes=tuple(outcomes), rows=rows))
    )


def test_a_row_that_is_not_whole_may_be_better_and_that_is_said() -> None:
    best = [outcome(score, seed=seed, lr=1) for seed, score in enumerate((0.30, 0.31, 0.29))]
    better = [outcome(score, seed=seed, lr=2) for seed, score in enumerate((0.60, 0.61))]
    failed = outcome(None, seed=2, lr=2, state="failed")
    worse = [outcome(score, seed=seed, lr=3) for seed, score in enumerate((0.10, 0.11, 0.09))]
    told = tell([*best, *better, failed])
    assert told.startswith("None is worse by more than noise (95 %")
    assert "Row 2 is better by more than noise, but not whole" in told
    told = tell([*best, *better, failed, *worse])
    assert told.startswith("It is better than 1 of 2 others by more than noise (95 %")
    assert "Row 3 is better by more than noise, but not whole" in told
    again = [replace(one, values={"lr": "4"}) for one in (*better, failed)]
    assert "Rows 2, 3 are better by more than noise" in tell([*best, *better, failed, *again])


def test_folds_without_one_in_common_say_nothing() -> None:
    assert measure_gap({1: 0.5}, {2: 0.5}, 1, None, folds=2) is None
    assert measure_noise([{1: 0.5}, {2: 0.5}], 2) is None


SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=8)


@settings(deadline=None, max_examples=20)
@given(SCORES, SCORES)
def test_intervals_of_seeds_are_those_of_scipy(first: list[float], second: list[float]) -> None:
    stats = pytest.importorskip("scipy.stats")
    gap = compare(dict(enumerate(first)), dict(enumerate(second)))
    assert gap.interval is not None
    if max(first) - min(first) < 1e-9 or max(second) - min(second) < 1e-9:
        return
    low, high = stats.ttest_ind(first, second).confidence_interval(0.95)
    assert gap.difference == pytest.approx((low + high) / 2, abs=1e-9)
    assert gap.interval[1] - gap.interval[0] == pytest.approx(high - low, rel=0.01)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8))
def test_intervals_of_two_rows_of_folds_are_those_of_scipy_made_wider(
    pairs: list[tuple[float, float]],
) -> None:
    stats = pytest.importorskip("scipy.stats")
    first, second = (dict(enumerate(scores, 1)) for scores in zip(*pairs, strict=True))
    gap = compare(first, second, folds=len(pairs))
    apart = [one - two for one, two in pairs]
    if max(apart) - min(apart) < 1e-9:
        return
    low, high = stats.ttest_1samp(apart, 0).confidence_interval(0.95)
    wider = sqrt(1 + len(pairs) / (len(pairs) - 1))
    assert gap.interval is not None
    assert gap.interval[1] - gap.interval[0] == pytest.approx((high - low) * wider, rel=0.01)


def test_classes_are_averaged_where_they_are() -> None:
    """A fold without owls has no score for them."""
    (row,) = rank(
        [
            outcome(0.5, fold=1, classes={"cat": 0.4, "owl": 0.1}),
            outcome(0.5, fold=2, classes={"cat": 0.6}),
            outcome(0.5, fold=3, classes={"cat": 0.1}, state="running"),
        ],
        folds=3,
    )
    assert average_classes(row) == {
        "cat": (pytest.approx(0.5), pytest.approx(sqrt(0.02)), 2),
        "owl": (0.1, None, 1),
    }


def test_what_a_key_explains_is_less_what_chance_would() -> None:
    """Groups 1, 3 and 5, 7: within 2 + 2 = 4 of 2 degrees; in all 9 + 1 + 1 + 9 = 20 of 3; 1 - 2 / (20 / 3) = 0.7."""
    assert explain({"a": [1, 3], "b": [5, 7]}) == pytest.approx(0.7)
    assert explain({"a": [1, 7], "b": [3, 5]}) == 0
    assert explain({"a": [1, 1], "b": [1, 1]}) == 0
    assert explain({"a": [1], "b": [3, 5]}) is None
    assert explain({"a": [1, 3, 5]}) is None


def test_the_key_that_does_most_comes_first() -> None:
    rows = [outcome(0.1 * lr + 0.01 * size, lr=lr, size=size, fixed=1) for lr in (1, 2, 3) for size in (1, 2)]
    effects = measure_effects(rows)
    assert [effect.key for effect in effects] == ["lr", "size"]
    assert [(one.name, one.count) for one in effects[0].slices] == [("1", 2), ("2", 2), ("3", 2)]
    assert [one.mean for one in effects[1].slices] == pytest.approx([0.21, 0.22])


def test_a_hard_fold_is_no_effect_of_a_value() -> None:
    """Fold 2 is 0.4 harder: 0.65 and 0.25 on the mean; both become 0.45, that of all."""
    rows = [outcome(score, fold=fold) for fold, score in ((1, 0.7), (1, 0.6), (2, 0.3), (2, 0.2))]
    assert remove_folds(rows) == pytest.approx([0.5, 0.4, 0.5, 0.4])


def test_numbers_of_a_search_are_put_together_where_they_lie_together() -> None:
    values = [str(number) for number in range(1, 13)]
    assert put_together(values) == ["1 to 3"] * 3 + ["4 to 6"] * 3 + ["7 to 9"] * 3 + ["10 to 12"] * 3
    assert put_together(["a", "b", "a"]) == ["a", "b", "a"]
    assert put_together(["1", "2", "1", "2"]) == ["1", "2", "1", "2"]
    assert put_together(values[:5]) == values[:5]


def test_numbers_below_a_drawing_do_not_run_into_each_other() -> None:
    rows = [outcome(0.5, ema=value) for value in ("0.999295", "0.9994207", "0.9998079", "0.9998553")]
    drawing = draw_key("ema", "mask.AP", rows)
    assert [text for text in ("0.999295", "0.999421", "0.999808", "0.999855") if f">{text}<" in drawing] == [
        "0.999295",
        "0.999808",
    ]
    near = [outcome(0.5, lr=value) for value in ("0.005", "0.01", "0.02", "0.04")]
    assert all(f">{text}<" in draw_key("lr", "mask.AP", near) for text in ("0.005", "0.01", "0.02", "0.04"))

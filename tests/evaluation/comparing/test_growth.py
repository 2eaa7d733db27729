"""Curves of growth: worked by hand, then drawn from known laws, whose truth intervals hold as often as they say."""

import numpy as np
import pytest

from workbench.evaluation.comparing.growth import LIKELY, WIDE, Growth, Point
from workbench.evaluation.comparing.growth_fit import fit_growth
from workbench.evaluation.comparing.growth_runs import find_spread

LAWS = ((1.2, 0.3, 0.05), (2.0, 0.5, 0.2), (3.0, 0.6, 0.1), (1.5, 0.35, 0.15))  # error = a · n^-b + c
LADDERS = ((50, 100, 200, 400), (30, 60, 120, 240, 480, 960), (40, 80, 160))


def points(*pairs):
    return [Point(labelled=labelled, score=score) for labelled, score in pairs]


def still(count, spread=0.005):
    return spread**2 * np.eye(count)


def one_curve(error, rest, power, labelled=100.0):
    columns = (np.full(4, value) for value in (error, rest, power))
    return Growth(
        points=tuple(points((10, 0.1), (labelled, 1 - error))),
        **dict(zip(("error", "rest", "power"), columns, strict=True)),
    )


# by hand


def test_an_error_that_falls_as_one_over_n_is_halved_by_twice_the_labels():
    """error 0.4 at 100, nothing stays: 0.2 at 200; +0.2 takes 100 more."""
    curve = one_curve(0.4, 0.0, 1.0)
    assert curve.foretell(200) == pytest.approx((0.8, 0.8, 0.8))
    reach = curve.compute_reach(0.2)
    assert (reach.more, reach.likely, reach.never) == (pytest.approx(100), pytest.approx((100, 100)), 0)


def test_what_no_label_mends_stays():
    """Of 0.4 half stays: 0.1 at most is won at 200, and 0.2 at no amount."""
    curve = one_curve(0.4, 0.5, 1.0)
    assert curve.foretell(200)[0] == pytest.approx(0.7)
    assert curve.compute_reach(0.1).more == pytest.approx(100)
    never = curve.compute_reach(0.2)
    assert (never.more, never.likely, never.wide, never.never) == (None, (None, None), (None, None), 1)


def test_a_thousand_times_as_many_is_never():
    """error 0.4 at 100, as n^-0.1: half of it goes with 2^10 times as many."""
    assert one_curve(0.4, 0.0, 0.1).compute_reach(0.2).more is None
    assert one_curve(0.4, 0.0, 0.1).compute_reach(0.19).more == pytest.approx(100 * ((0.4 / 0.21) ** 10 - 1))


def test_a_law_that_many_exact_points_show_is_found():
    amounts = (25, 50, 100, 200, 400, 800)
    found = fit_growth(points(*((n, 1 - 2 * n**-0.5 - 0.1) for n in amounts)), still(6, 0.001))
    middle, low, high = found.foretell(1600)
    assert low < 1 - 2 / 40 - 0.1 < high
    assert middle == pytest.approx(1 - 2 / 40 - 0.1, abs=0.01)
    assert high - low < 0.04


def test_two_points_give_a_wide_range():
    two = fit_growth(points((100, 0.50), (200, 0.58)), still(2))
    six = fit_growth(
        points((100, 0.50), (120, 0.521), (140, 0.539), (160, 0.554), (180, 0.568), (200, 0.58)), still(6)
    )
    reaches = [growth.compute_reach(0.03) for growth in (two, six)]
    assert reaches[0].likely[0] < reaches[0].more < reaches[0].likely[1]
    widths = [high - low for _, low, high in (two.foretell(800), six.foretell(800))]
    assert widths[0] > 0.1
    assert widths[1] < widths[0]


# what cannot be said


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        (((100, 0.5),), "at least two different"),
        (((100, 0.5), (100, 0.6)), "at least two different"),
        (((0, 0.5), (100, 0.6)), "no labelled data of this kind"),
        (((100, 0.5), (200, 0.505)), "do not rise by more than noise"),
        (((100, 0.5), (200, 0.7), (400, 0.6)), "made it worse"),
        (((100, 0.3), (200, 0.3), (300, 0.45), (400, 0.45), (500, 0.70), (600, 0.70)), "jump about"),
    ],
)
def test_what_cannot_be_said_is_not_said(pairs, reason):
    assert reason in fit_growth(points(*pairs), still(len(pairs), 0.01))


def test_noise_that_all_points_share_is_doubt_about_the_level():
    """0.05 of all of them alike: 80 % of the curves lie within 1.28 times that of the largest point."""
    found = fit_growth(
        points((50, 0.3), (100, 0.4), (200, 0.48)), 0.05**2 * np.ones((3, 3)) + 1e-6 * np.eye(3)
    )
    _, low, high = found.foretell(200)
    assert high - low == pytest.approx(2 * 1.28 * 0.05, rel=0.3)


def test_noise_of_each_point_is_doubt_about_its_level():
    """0.03 of the largest point, of which the others know little: 80 % of the curves lie within 1.28 times that."""
    found = fit_growth(points((50, 0.3), (100, 0.4), (200, 0.48)), still(3, 0.03))
    _, low, high = found.foretell(200)
    assert high - low == pytest.approx(2 * 1.28 * 0.03, rel=0.06)


def test_runs_on_other_images_share_no_noise():
    draws = np.random.default_rng(0).normal(0, 0.01, 500)
    together, apart = find_spread([draws, draws]), find_spread([draws, draws], paired=False)
    assert together[0, 1] == pytest.approx(together[0, 0])
    assert apart[0, 1] == 0
    assert apart[0, 0] == pytest.approx(together[0, 0])


def test_a_fall_is_seen_through_noise_that_all_points_share():
    pairs = points((100, 0.5), (200, 0.7), (400, 0.6))
    assert "made it worse" in fit_growth(pairs, 0.05**2 * np.ones((3, 3)) + 1e-6 * np.eye(3))


def test_the_order_of_the_points_does_not_matter():
    pairs, spread = [(50, 0.4), (100, 0.5), (200, 0.58)], np.diag([1e-4, 2e-4, 3e-4])
    first = fit_growth(points(*pairs), spread)
    turned = fit_growth(points(*pairs[::-1]), spread[::-1, ::-1])
    assert first.foretell(400) == turned.foretell(400)


def test_equal_input_gives_equal_words():
    pairs = points((50, 0.4), (100, 0.5), (200, 0.58))
    assert fit_growth(pairs, still(3)).foretell(400) == fit_growth(pairs, still(3)).foretell(400)


def test_noise_that_all_points_share_does_not_blur_the_slope():
    """All runs are judged on the same images: what these do to all of them alike is no doubt about the growth."""
    pairs = points((50, 0.4), (100, 0.45), (200, 0.49))
    assert isinstance(fit_growth(pairs, 0.05**2 * np.eye(3)), str)
    together = fit_growth(pairs, 0.05**2 * np.ones((3, 3)) + 1e-5 * np.eye(3))
    assert isinstance(together, Growth)


# known laws


def trials(law, ladder, count, seed):
    """Which intervals held the truth: of the score at three times the labels, and of what +3 takes."""
    a, b, c = law
    amounts = np.array(ladder, float)
    spread = 0.015**2 * (0.6 + 0.4 * np.eye(len(ladder)))
    rng = np.random.default_rng(seed)
    for _ in range(count):
        noise = rng.multivariate_normal(np.zeros(len(ladder)), spread) + rng.normal(0, 0.008, len(ladder))
        scores = 1 - a * amounts**-b - c + noise
        growth = fit_growth(points(*zip(amounts.tolist(), scores.tolist(), strict=True)), spread)
        if isinstance(growth, str):
            continue
        far = 3 * amounts[-1]
        gone = 0.03 / (a * amounts[-1] ** -b)
        factor = (1 - gone) ** (-1 / b) if gone < 1 else np.inf
        needed = amounts[-1] * (factor - 1) if factor <= 1000 else np.inf
        reach = growth.compute_reach(0.03)
        for share, (low, high) in ((LIKELY, reach.likely), (WIDE, reach.wide)):
            _, worst, best = growth.foretell(far, share)
            yield (
                share,
                worst <= 1 - a * far**-b - c <= best,
                (low or np.inf) <= needed <= (np.inf if high is None else high),
            )


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rows = [
        row
        for place, law in enumerate(LAWS)
        for ladder in LADDERS
        for row in trials(law, ladder, 25, seed=place)
    ]
    for share, least in ((LIKELY, 0.76), (WIDE, 0.93)):
        held = np.array([row[1:] for row in rows if row[0] == share])
        assert len(held) > 250
        assert least <= held[:, 0].mean()
        assert least <= held[:, 1].mean()
    likely = np.array([row[1:] for row in rows if row[0] == LIKELY])
    assert likely.mean() <= 0.93  # an interval that holds everything says nothing


def test_no_growth_is_seldom_taken_for_growth():
    rng = np.random.default_rng(3)
    amounts = (50, 100, 200, 400)
    found = [
        fit_growth(points(*zip(amounts, 0.5 + rng.normal(0, 0.014, 4), strict=True)), still(4, 0.01))
        for _ in range(300)
    ]
    assert np.mean([isinstance(growth, Growth) for growth in found]) < 0.06

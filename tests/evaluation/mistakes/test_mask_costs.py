"""What mistakes in masks cost: AP with the masks mended, by hand and against the truth's own masks in their place."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.masks import paint, scene_of_masks
from tests.evaluation.spoil import SPOILS, draw_spoiled
from workbench.evaluation.mistakes.findings import gather_findings
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.overlap.precision import compute_averages

BOX = paint((20, 20, 40, 40))
LOOSE = paint((16, 16, 48, 48))


def findings_of(truths, answers, score=0.0):
    pictures = [
        [one if isinstance(one, dict) else {"picture": one} for one in some] for some in (truths, answers)
    ]
    scene = scene_of_masks(*pictures)
    return gather_findings(scene, match(scene, compute_pairs(scene, "mask")), score)


def test_a_loose_outline_costs_the_thresholds_that_it_fails():
    """IoU 1600/2304 = 0.69: right at four of ten thresholds."""
    findings = findings_of([BOX], [LOOSE])
    assert findings.costs["outline-loose"] == pytest.approx(0)
    assert findings.gains["outline-loose"] == pytest.approx(0.6)
    assert findings.gains["merged"] == findings.gains["split"] == 0


def test_an_outline_so_loose_that_it_finds_nothing_costs_ap50_too():
    findings = findings_of([paint((20, 20, 20, 20))], [paint((12, 12, 36, 36))])
    assert findings.costs["outline-loose"] == pytest.approx(1)


def test_what_found_the_truth_at_higher_thresholds_is_a_duplicate_then():
    """A surer loose mask takes the truth at 0.5, an exact one below it from 0.7 on: mended, the exact one is wrong.

    Right, wrong, right at four thresholds, wrong, right, right at six; mended the first at all ten.
    """
    other = paint((70, 90, 20, 20))
    answers = [{"picture": p, "score": s} for p, s in ((LOOSE, 0.9), (BOX, 0.8), (other, 0.7))]
    findings = findings_of([BOX, other], answers)
    low, high = (51 + 50 * 2 / 3) / 101, 2 / 3
    before = compute_averages(findings.scene, findings.matches).overall["AP"]
    assert before == pytest.approx((4 * low + 6 * high) / 10)
    assert findings.gains["outline-loose"] == pytest.approx(low - before)


def test_merged_objects_would_each_be_found():
    findings = findings_of([paint((10, 20, 30, 40)), paint((42, 20, 30, 40))], [paint((10, 20, 62, 40))])
    assert findings.costs["merged"] == pytest.approx(1)
    assert findings.gains["merged"] == pytest.approx(1)


def test_a_split_object_would_be_found_once_and_its_other_piece_be_gone():
    """Another object is found behind them: wrong, wrong, right; mended right, right."""
    other = paint((70, 90, 20, 20))
    pieces = [{"picture": paint((20, y, 40, 19)), "score": 0.9} for y in (20, 41)]
    findings = findings_of([BOX, other], [*pieces, {"picture": other, "score": 0.5}])
    assert findings.costs["split"] == pytest.approx(1 - 51 / 101 / 3)


def test_two_near_masks_of_one_truth_find_it_once():
    truths = [paint((20, 20, 20, 20)), paint((70, 90, 20, 20))]
    twice = [{"picture": paint((12, 12, 36, 36)), "score": s} for s in (0.9, 0.8)]
    findings = findings_of(truths, twice)
    assert findings.costs["outline-loose"] == pytest.approx(51 / 101)


def test_boxes_have_no_such_costs():
    scene = scene_of_masks([{"picture": BOX}], [{"picture": LOOSE}])
    findings = gather_findings(scene, match(scene, compute_pairs(scene, "box")), 0.0)
    assert "outline-loose" not in findings.costs
    assert findings.gains == {}


@pytest.mark.parametrize("kind", ["outline-loose", "outline-tight", "hole-missed"])
def test_the_gain_is_what_exact_masks_would_bring(kind):
    """The masks that are said to be wrong are replaced by the truth's, and all is judged again."""
    generator = np.random.default_rng(3)
    truths, answers = [], []
    for number in range(1, 31):
        wanted, found = draw_spoiled(generator, SPOILS[number % len(SPOILS)])
        score = round(float(generator.random()), 2)
        truths += [{"picture": picture, "image": number} for picture in wanted]
        answers += [{"picture": one, "image": number, "score": score} for one in found if one.any()]
    findings = findings_of(truths, answers)
    errors = [error for error in findings.masks if error.kind == kind]
    assert errors
    for error in errors:
        answers[error.found] = answers[error.found] | {"picture": truths[error.truth]["picture"]}
    again = findings_of(truths, answers)
    before, after = (compute_averages(one.scene, one.matches).overall for one in (findings, again))
    assert findings.gains[kind] == pytest.approx(after["AP"] - before["AP"], abs=1e-9)
    assert findings.costs[kind] == pytest.approx(after["AP50"] - before["AP50"], abs=1e-9)

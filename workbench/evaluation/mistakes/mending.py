"""What becomes right and wrong when one label is mended as the model says; docs/mistakes.md has the rules."""

from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.mistakes.findings import Findings
from workbench.evaluation.mistakes.recovery import STEPS, Mend
from workbench.evaluation.overlap.matching import THRESHOLDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

NOBODY: tuple[tuple[int, ...], ...] = ((),) * STEPS


def add_label(findings: Findings, found: int) -> Mend:
    """A label is drawn as the prediction has it: that finds it at every threshold."""
    category = int(findings.scene.found.category[found])
    return Mend(right=((found,),) * STEPS, wrong=NOBODY, truths={category: 1})


def remove_label(findings: Findings, truth: int) -> Mend:
    """A label goes: it need not be found, and what found it is a false alarm."""
    category = int(findings.scene.truths.category[truth])
    return Mend(right=NOBODY, wrong=_list_finders(findings, truth), truths={category: -1})


def redraw_label(findings: Findings, found: int, truth: int) -> Mend:
    """A label gets the prediction's outline: that finds it at every threshold, and nothing else does."""
    finders = _list_finders(findings, truth)
    wrong = tuple(tuple(one for one in step if one != found) for step in finders)
    return Mend(right=((found,),) * STEPS, wrong=wrong)


def rename_label(findings: Findings, found: int, truth: int) -> Mend:
    """A label gets the prediction's class and keeps its outline: what overlaps it enough and is free finds it."""
    scene, matches, pairs = findings.scene, findings.matches, findings.matches.pairs
    old, new = int(scene.truths.category[truth]), int(scene.found.category[found])
    near = np.flatnonzero(pairs.truth == truth)
    near = near[(scene.found.category[pairs.found[near]] == new) & matches.considered[pairs.found[near]]]
    near = near[np.lexsort((pairs.found[near], -scene.found.score[pairs.found[near]]))]
    own, overlap = pairs.found[near], pairs.iou[near]
    right = []
    for step, least in enumerate(THRESHOLDS):
        free = own[(overlap >= least) & (matches.truth[own, step] < 0)]
        right.append(tuple(free[:1].tolist()))
    return Mend(right=right, wrong=_list_finders(findings, truth), truths={old: -1, new: 1})


def _list_finders(findings: Findings, truth: int) -> tuple[tuple[int, ...], ...]:
    """Who found it, at each threshold."""
    return tuple((one,) if one >= 0 else () for one in findings.matches.found_of[truth].tolist())

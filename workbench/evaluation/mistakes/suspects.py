"""Labels that the model contradicts so firmly that a person should look at them.

First comes what is most worth looking at: how likely a label is wrong, and what AP mending it would recover.

Each suspicion has its rule in docs/mistakes.md.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.kinds import BACKGROUND, CLASS, PLACE
from workbench.evaluation.mistakes.findings import Findings
from workbench.evaluation.mistakes.mending import add_label, redraw_label, remove_label, rename_label
from workbench.evaluation.mistakes.mistake_rows import Rows, write_rows
from workbench.evaluation.mistakes.recovery import Mend, Recovery
from workbench.evaluation.mistakes.trust import compute_trust, name_alike
from workbench.evaluation.one_iou.error_kinds import BARELY, FOUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

MISSING, SPURIOUS, WRONG, POOR = "missing-label", "spurious-label", "wrong-class", "poor-outline"
TRUSTED = 0.6  # a prediction below that says nothing about a label
TOUCHED = 0.9  # of truths that are alike are touched by something, before one that is not is suspected
LEARNED = 0.5  # of the truths that are alike must be found, too
USUAL = 0.02  # of labels may be of nothing, before one has looked
APART = 0.5  # IoU of boxes from which two suspects are one
GAP = 0.15  # by which a pair must overlap less than those that are alike
FEW = 8  # pairs that are alike; with fewer nobody knows what is usual
NEAR, LIKE = (
    1.5,
    2.0,
)  # how far a label may lie beside its object, in sizes of that, and how much larger or smaller be
MOST = 1000  # rows
WEIGHED = 2 * MOST  # the most suspicious: each costs a walk through all predictions of its class


def list_suspects(findings: Findings, files: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return rows as mistakes have them, with `rank`, `suspicion` from 0 to 1, and `recovers` in points of AP."""
    trust = compute_trust(findings)
    missing, spurious = _find_missing(findings, trust), _find_spurious(findings)
    missing, spurious, moved = _pair_moved(findings, missing, spurious)
    every = (missing, spurious, _find_wrong(findings, trust), _find_poor(findings, trust), moved)
    recovery = Recovery(findings.scene, findings.matches)
    told = [
        (row, some.kind, found, truth)
        for some in every
        for row, found, truth in zip(
            write_rows(findings.scene, files, some), some.found.tolist(), some.truth.tolist(), strict=True
        )
    ]
    told.sort(key=lambda one: -one[0]["suspicion"])
    rows = []
    for row, kind, found, truth in told[:WEIGHED]:
        gain = recovery.gain(_mend(findings, kind, found, truth))
        rows.append(row | {"recovers": round(gain.ap, 6), "recovers_50": round(gain.ap50, 6)})
    rows.sort(key=lambda row: (-weigh(row), -row["suspicion"]))
    return [row | {"rank": place} for place, row in enumerate(rows[:MOST], 1)]


def weigh(row: Mapping[str, Any]) -> float:
    """The AP that one may expect to recover by looking there; squared, since of faint suspicions few turn out right."""
    return float(row["suspicion"] ** 2 * max(0.0, row.get("recovers", 0.0)))


def _mend(findings: Findings, kind: str, found: int, truth: int) -> Mend:
    if kind == MISSING:
        return add_label(findings, found)
    if kind == SPURIOUS:
        return remove_label(findings, truth)
    return (rename_label if kind == WRONG else redraw_label)(findings, found, truth)


def _to_rows(
    kind: str, found: "Ints", truth: "Ints", iou: "Floats", told: "tuple[Floats, list[str]]"
) -> Rows:
    suspicion, notes = told
    return Rows(
        kind=kind,
        found=found,
        truth=truth,
        iou=iou,
        notes=notes,
        more={"suspicion": suspicion.round(4).tolist()},
    )


def _find_missing(findings: Findings, trust: "Floats") -> Rows:
    """Trusted predictions where the truth has nothing: the object may be there, and its label not."""
    places = np.flatnonzero((findings.errors.kind == BACKGROUND) & findings.sure & (trust >= TRUSTED))
    places = places[np.lexsort((places, -trust[places]))]
    places = places[_keep_apart(findings.scene.found.box[places], findings.scene.found.image[places])]
    nothing = np.full(len(places), -1)
    return _to_rows(MISSING, places, nothing, np.zeros(len(places)), _note_trust(trust[places]))


def _note_trust(trust: "Floats") -> "tuple[Floats, list[str]]":
    return trust, [
        f"predictions as sure as this are right {value:.0%} of the time" for value in trust.tolist()
    ]


def _pair_moved(findings: Findings, missing: Rows, spurious: Rows) -> tuple[Rows, Rows, Rows]:
    """A label of nothing beside an object without label, as large and of its class, is one that has slipped."""
    found, truths = findings.scene.found, findings.scene.truths
    taken: dict[int, int] = {}
    for row, place in enumerate(spurious.truth.tolist()):
        own = missing.found
        size, other = np.sqrt(truths.area[place]), np.sqrt(found.area[own])
        far = np.hypot(*((_middle(found.box[own]) - _middle(truths.box[place][None])).T)) / np.maximum(
            size, 1
        )
        fits = (found.image[own] == truths.image[place]) & (found.category[own] == truths.category[place])
        fits &= (far <= NEAR) & (np.maximum(size, other) <= LIKE * np.minimum(size, other))
        fits[list(taken.values())] = False
        if fits.any():
            taken[row] = int(np.flatnonzero(fits)[far[fits].argmin()])
    rows, others = (np.array(list(side), np.int64) for side in (taken.keys(), taken.values()))
    doubts = 1 - np.array(spurious.more["suspicion"], float)[rows]
    doubts *= 1 - np.array(missing.more["suspicion"], float)[others]
    notes = ["the label seems to lie beside its object"] * len(rows)
    moved = _to_rows(
        POOR, missing.found[others], spurious.truth[rows], np.zeros(len(rows)), (1 - doubts, notes)
    )
    return missing.leave(others), spurious.leave(rows), moved


def _middle(box: "Floats") -> "Floats":
    middle: Floats = box[:, :2] + box[:, 2:] / 2
    return middle


def _keep_apart(boxes: "Floats", images: "Ints") -> "Ints":
    """Leave out boxes that lie on one before them: two names for one object."""
    kept = np.ones(len(boxes), bool)
    counts = np.bincount(images)
    for image in np.flatnonzero(counts > 1).tolist():
        own = np.flatnonzero(images == image)
        low, size = boxes[own, :2], boxes[own, 2:]
        shared = np.minimum((low + size)[:, None], low + size) - np.maximum(low[:, None], low)
        common = shared.clip(0).prod(axis=2)
        area = size.prod(axis=1)
        close = common >= APART * (area[:, None] + area - common)
        for place in range(1, len(own)):
            kept[own[place]] = not (close[place, :place] & kept[own[:place]]).any()
    return np.flatnonzero(kept)


def _find_spurious(findings: Findings) -> Rows:
    """Truths that nothing touches, though all that is alike is touched, and mostly found."""
    pairs, matches = findings.matches.pairs, findings.matches
    touched = np.zeros(len(findings.scene.truths), bool)
    touched[pairs.truth[pairs.iou >= BARELY]] = True
    wanted, group = ~matches.unwanted, name_alike(findings.scene.truths)
    counts = np.bincount(group[wanted], minlength=len(group) + 1)
    share = (np.bincount(group[wanted & touched], minlength=len(counts)) + 1) / (counts + 1)
    found = (np.bincount(group[wanted & (findings.find_owners() >= 0)], minlength=len(counts)) + 1) / (
        counts + 1
    )
    firm = (share[group] >= TOUCHED) & (found[group] >= LEARNED) & (counts[group] > FEW)
    places = np.flatnonzero(wanted & ~touched & firm)
    notes = [
        f"nothing touches it, but {value:.0%} of those that are alike"
        for value in share[group[places]].tolist()
    ]
    told = USUAL / (USUAL + (1 - USUAL) * (1 - share[group[places]])), notes
    return _to_rows(SPURIOUS, np.full(len(places), -1), places, np.zeros(len(places)), told)


def _find_wrong(findings: Findings, trust: "Floats") -> Rows:
    """Trusted predictions of another class on a truth that its own class did not find."""
    errors, owners = findings.errors, findings.find_owners()
    places = np.flatnonzero((errors.kind == CLASS) & findings.sure & (trust >= TRUSTED))
    places = places[owners[errors.truth[places]] < 0]
    suspicion = trust[places] * errors.iou[places]
    order = np.lexsort((places, -suspicion, errors.truth[places]))
    places = places[order][np.flatnonzero(np.diff(errors.truth[places][order], prepend=-1))]
    suspicion = trust[places] * errors.iou[places]
    told = suspicion, _note_trust(trust[places])[1]
    return _to_rows(WRONG, places, errors.truth[places], errors.iou[places], told)


def _find_poor(findings: Findings, trust: "Floats") -> Rows:
    """Trusted predictions that fit their truth far worse than those that are alike: below Tukey's fence."""
    found, truth, iou = _pair_off(findings)
    group = name_alike(findings.scene.found)[found]
    hit = iou >= FOUND
    order = np.flatnonzero(hit)[np.lexsort((iou[hit], group[hit]))]
    counts = np.bincount(group[hit], minlength=group.max(initial=0) + 1)
    heads = np.cumsum(counts) - counts
    low, middle, high = (
        np.append(iou[order], 0.0)[heads + (share * (counts - 1).clip(0)).round().astype(np.int64)][group]
        for share in (0.25, 0.5, 0.75)
    )
    odd = (
        (iou < low - 1.5 * (high - low))
        & (iou <= middle - GAP)
        & (counts[group] > FEW)
        & (trust[found] >= TRUSTED)
    )
    suspicion = (trust[found] * (1 - iou / middle.clip(1e-9)))[odd]
    notes = [f"alike ones overlap by {value:.2f}" for value in middle[odd].tolist()]
    return _to_rows(POOR, found[odd], truth[odd], iou[odd], (suspicion, notes))


def _pair_off(findings: Findings) -> "tuple[Ints, Ints, Floats]":
    """Sure predictions with the truth that they found, or that they found nearly and nothing else did."""
    matches, errors, owners = findings.matches, findings.errors, findings.find_owners()
    truth = np.flatnonzero((owners >= 0) & ~matches.unwanted)
    near = np.flatnonzero((errors.kind == PLACE) & findings.sure)
    near = near[(owners[errors.truth[near]] < 0) & ~matches.unwanted[errors.truth[near]]]
    near = near[np.lexsort((near, -errors.iou[near], errors.truth[near]))]
    near = near[np.flatnonzero(np.diff(errors.truth[near], prepend=-1))]
    found = np.append(owners[truth], near)
    return (
        found,
        np.append(truth, errors.truth[near]),
        np.append(matches.iou[owners[truth]], errors.iou[near]),
    )

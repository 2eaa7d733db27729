"""How far two looks at one image contradict each other, and in what: pure numbers.

The scores of both looks are divided up: into what agrees, and into what was lost, named otherwise, outlined otherwise,
or not sure. A score is taken for a chance: two looks of 0.5 are sure together of a quarter. The share that does not
agree is the disagreement that one may expect.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAME = 0.5  # IoU from which two masks are one object
QUIET = 0.1  # disagreement below which nothing is worth a word
LITTLE = 0.3  # all scores of an image together: less is nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a model sees once; a mask is a row of zeros and ones."""

    categories: tuple[int, ...]
    scores: Floats
    masks: NDArray[np.float32]


@dataclass(slots=True)
class _Account:
    """Where the scores of several pairs of looks went."""

    agreed: float = 0.0
    lost: float = 0.0
    renamed: float = 0.0
    redrawn: float = 0.0
    doubted: float = 0.0
    unsteady: set[int] = field(default_factory=set)  # objects of the first look that another has not
    appeared: int = 0
    names: Counter[tuple[int, int]] = field(default_factory=Counter)
    overlaps: list[float] = field(default_factory=list)

    @property
    def whole(self) -> float:
        return self.agreed + self.lost + self.renamed + self.redrawn + self.doubted


def compare_looks(looks: Sequence[Look], views: Sequence[str], names: Mapping[int, str]) -> tuple[float, str]:
    """Compare the first look with each other one; `views` says how the others were taken."""
    first, *others = looks
    account = _Account()
    losses = []
    for other in others:
        before = account.lost
        _add(account, first, other)
        losses.append(account.lost - before)
    if account.whole < LITTLE * len(others):
        return 0.0, "nothing is found"
    score = 1 - account.agreed / account.whole
    worst = views[int(np.argmax(losses))] if losses else ""
    return round(score, 6), _explain(account, score, len(first.scores), worst, names)


def _add(account: _Account, first: Look, other: Look) -> None:
    pairs = list(pair_masks(first, other))
    for one, two, iou in pairs:
        scores = float(first.scores[one]), float(other.scores[two])
        sure = 2 * scores[0] * scores[1]  # that the object is there in both looks, if a score is a chance
        if first.categories[one] != other.categories[two]:
            account.renamed += sum(scores)
            account.names[(first.categories[one], other.categories[two])] += 1
            continue
        account.agreed += sure * iou
        account.redrawn += sure * (1 - iou)
        account.doubted += sum(scores) - sure
        account.overlaps.append(iou)
    alone = set(range(len(first.scores))) - {one for one, _, _ in pairs}
    new = set(range(len(other.scores))) - {two for _, two, _ in pairs}
    account.lost += float(sum(first.scores[list(alone)]) + sum(other.scores[list(new)]))
    account.unsteady |= {one for one in alone if first.scores[one] >= SAME}
    account.appeared += sum(bool(other.scores[two] >= SAME) for two in new)


def pair_masks(one: Look, other: Look) -> Iterator[tuple[int, int, float]]:
    """Pair objects that lie on each other, each once: those of one class first, then by overlap."""
    if not len(one.scores) or not len(other.scores):
        return
    shared = one.masks @ other.masks.T
    areas = one.masks.sum(axis=1)[:, None] + other.masks.sum(axis=1)[None]
    iou = shared / np.maximum(areas - shared, 1)
    same = np.array(one.categories)[:, None] == np.array(other.categories)[None]
    rows, columns = np.nonzero(iou >= SAME)
    order = np.lexsort((columns, rows, -iou[rows, columns], ~same[rows, columns]))
    taken: tuple[set[int], set[int]] = (set(), set())
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in taken[0] and column not in taken[1]:
            taken[0].add(row)
            taken[1].add(column)
            yield row, column, float(iou[row, column])


def _explain(account: _Account, score: float, objects: int, worst: str, names: Mapping[int, str]) -> str:
    """Say the largest reason in one phrase."""
    if score < QUIET:
        return "all looks agree"
    parts = {
        "lost": account.lost,
        "renamed": account.renamed,
        "redrawn": account.redrawn,
        "doubted": account.doubted,
    }
    reason = max(parts, key=lambda key: parts[key])
    if reason == "renamed":
        (one, two), _ = min(account.names.items(), key=lambda item: (-item[1], item[0]))
        return f"{names.get(one, one)} or {names.get(two, two)}: it depends on the look"
    if reason == "redrawn":
        return f"outlines change from look to look (IoU {np.mean(account.overlaps):.2f})"
    if reason == "doubted":
        return "the model is not sure of what it finds"
    if account.unsteady:
        return f"{len(account.unsteady)} of {objects} objects are not found again when {worst}"
    if account.appeared:
        return f"more objects are found when {worst}"
    return "many faint guesses that no two looks share"


def compare_classes(pictures: Sequence[NDArray[np.uint8]], names: Sequence[str]) -> tuple[float, str]:
    """Count the pixels that change their class, on average over the other looks."""
    first, *others = pictures
    shares = [float((first != other).mean()) for other in others]
    score = round(float(np.mean(shares)), 6)
    changes: Counter[tuple[int, int]] = Counter()
    for other in others:
        differ = first != other
        pairs, counts = np.unique(
            np.sort(np.stack([first[differ], other[differ]]), axis=0), axis=1, return_counts=True
        )
        changes.update({(int(a), int(b)): int(n) for (a, b), n in zip(pairs.T, counts, strict=True)})
    if score < QUIET / 10:
        return score, "all looks agree"
    (one, two), _ = min(changes.items(), key=lambda item: (-item[1], item[0]))
    words = [names[number] if number < len(names) else str(number) for number in (one, two)]
    return score, f"{score:.0%} of the pixels change their class, most between {words[0]} and {words[1]}"

"""How a score grows with labelled data, and what more would bring: a power law, with all that the points leave open.

error = 1 - score = e · (f + (1 - f) · (n / N)^-b): e is the error at the largest amount N, f the share of it that no
labels will mend, b how fast the rest goes. Two to six points never settle three numbers, so none is fitted: every
(f, b) of a grid is weighed by how well it explains the points, given how far these move with the images they were
measured on (their covariance over paired draws) and with the luck of a training (a spread that is weighed, too). What
is said of the future is a quantile of that. Before the points, f is anything from 0 to 1 and b from 0.05 to 2, all
magnitudes alike: exponents reported for deep networks lie between 0.07 and 0.5 (Hestness et al., arXiv:1712.00409).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.comparing.growth import Growth, Point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SHARES = np.linspace(0.0, 0.99, 34)
_POWERS = np.geomspace(0.05, 2.0, 40)
_LUCK = np.array([0.002, 0.005, 0.01, 0.02, 0.04])  # spread of the score of one training from another
_USUAL_LUCK = 0.01
_FUTURES = 4000
_SIGMAS = 1.96
_FAR = 3.09  # standard deviations, which chance exceeds once in a thousand times


def fit_growth(points: Sequence[Point], spread: "Floats", *, seed: int = 0) -> Growth | str:
    """Weigh the curves; or say in words why nothing can be said.

    `spread` is the covariance of the scores over the images that they were measured on.
    """
    order = sorted(range(len(points)), key=lambda place: points[place].labelled)
    rows, noise = [points[place] for place in order], np.asarray(spread, dtype=float)[np.ix_(order, order)]
    amounts, scores = (
        np.array([row.labelled for row in rows], dtype=float),
        np.array([row.score for row in rows]),
    )
    reason = _find_reason(amounts, scores, noise)
    if reason:
        return reason
    cells, distance = _weigh(amounts / amounts[-1], 1 - scores, noise)
    if _is_far(distance, len(rows)):
        return "the scores jump about by more than noise, and no curve of growth fits them"
    picked = np.random.default_rng(seed).choice(len(cells.weight), _FUTURES, p=cells.weight)
    error = np.random.default_rng(seed + 1).normal(cells.error[picked], cells.doubt[picked])
    return Growth(
        points=tuple(rows), error=error.clip(1e-6), rest=cells.rest[picked], power=cells.power[picked]
    )


def _find_reason(amounts: "Floats", scores: "Floats", noise: "Floats") -> str:
    """Say why a curve cannot be drawn."""
    if len(set(amounts.tolist())) < 2:
        return "all runs had the same amount of labelled data; it takes at least two different ones"
    if amounts[0] <= 0:
        return "a run had no labelled data of this kind"
    luck = _USUAL_LUCK**2
    for late in range(1, len(amounts)):
        for early in range(late):
            variance = noise[late, late] + noise[early, early] - 2 * noise[late, early] + 2 * luck
            if amounts[late] > amounts[early] and scores[early] - scores[late] > _SIGMAS * variance**0.5:
                return "more labelled data made it worse, by more than noise; something else differs between the runs"
    slope, doubt = _find_slope(np.log(amounts), scores, noise + luck * np.eye(len(amounts)))
    if slope - _SIGMAS * doubt <= 0:
        return "the scores do not rise by more than noise"
    return ""


def _find_slope(logs: "Floats", scores: "Floats", noise: "Floats") -> tuple[float, float]:
    """Fit score = slope · log n + level by generalised least squares; return the slope and its standard error."""
    design = np.stack([logs, np.ones_like(logs)], axis=1)
    inverse = np.linalg.inv(noise)
    covariance = np.linalg.inv(design.T @ inverse @ design)
    return float((covariance @ design.T @ inverse @ scores)[0]), float(covariance[0, 0] ** 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Every curve of the grid: its error at the largest amount with the doubt about it, and its weight."""

    error: "Floats"
    doubt: "Floats"
    rest: "Floats"
    power: "Floats"
    weight: "Floats"


def _weigh(amounts: "Floats", errors: "Floats", noise: "Floats") -> tuple[_Cells, float]:
    """The likelihood of each (luck, rest, power), the error at the largest amount integrated out."""
    rest, power = (grid.ravel() for grid in np.meshgrid(_SHARES, _POWERS, indexing="ij"))
    shapes = rest[:, None] + (1 - rest[:, None]) * amounts[None, :] ** -power[:, None]
    found = []
    for luck in _LUCK:
        whole = noise + luck**2 * np.eye(len(amounts))
        inverse = np.linalg.inv(whole)
        scale = np.einsum("ci,ij,cj->c", shapes, inverse, shapes)
        error = shapes @ inverse @ errors / scale
        distance = errors @ inverse @ errors - error**2 * scale
        evidence = -0.5 * (distance + np.log(scale) + np.linalg.slogdet(whole)[1])
        found.append((error, scale**-0.5, rest, power, evidence, distance))
    error, doubt, rests, powers, evidence, distance = (
        np.concatenate(column) for column in zip(*found, strict=True)
    )
    weight = np.exp(evidence - evidence.max())
    cells = _Cells(error=error, doubt=doubt, rest=rests, power=powers, weight=weight / weight.sum())
    return cells, float(found[2][5].min())


def _is_far(distance: float, points: int) -> bool:
    """Whether chance would put points so far from the best of all curves: chi-squared, by Wilson and Hilferty."""
    free = points - 2
    if free < 1:
        return False
    step = 2 / (9 * free)
    return bool((distance / free) ** (1 / 3) - (1 - step) > _FAR * step**0.5)

"""Curves of a score that grows with labelled data, and what they say of the future: what more labels would bring."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_NEVER = 1000.0  # times as many as there are: nobody labels that
LIKELY, WIDE = 0.8, 0.95  # shares of the futures that an interval holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A score reached with an amount of labelled data."""

    labelled: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many more it takes. None: never enough, or only with a thousand times as many as there are."""

    more: float | None
    likely: tuple[float | None, float | None]
    wide: tuple[float | None, float | None]
    never: float  # share of futures in which no amount is enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Curves that the points allow, each as likely as any other."""

    points: tuple[Point, ...]
    error: "Floats"  # at the largest amount
    rest: "Floats"  # the share of it that stays
    power: "Floats"

    @property
    def largest(self) -> float:
        """The largest amount there is a score for."""
        return max(point.labelled for point in self.points)

    def compute_scores(self, labelled: float) -> "Floats":
        """Return the score at an amount in each of the futures."""
        shrunk = (labelled / self.largest) ** -self.power
        return 1 - self.error * (self.rest + (1 - self.rest) * shrunk)

    def foretell(self, labelled: float, share: float = LIKELY) -> tuple[float, float, float]:
        """Return the score to expect at an amount, and the interval that holds this share of the futures."""
        middle, low, high = np.quantile(self.compute_scores(labelled), _levels(share))
        return float(middle), float(low), float(high)

    def compute_reach(self, gain: float) -> Reach:
        """Return how many more labels bring this gain over what the curve has at the largest amount."""
        left = 1 - gain / np.maximum(self.error * (1 - self.rest), 1e-12)
        factors = np.full(left.shape, np.inf)
        there = left > 0
        factors[there] = left[there] ** (-1 / self.power[there])
        factors[factors > _NEVER] = np.inf
        more = self.largest * (factors - 1)
        middle, *likely = _quantiles(more, LIKELY)
        _, *wide = _quantiles(more, WIDE)
        return Reach(
            more=middle,
            likely=(likely[0], likely[1]),
            wide=(wide[0], wide[1]),
            never=float(np.mean(np.isinf(more))),
        )


def _levels(share: float) -> list[float]:
    return [0.5, (1 - share) / 2, (1 + share) / 2]


def _quantiles(values: "Floats", share: float) -> list[float | None]:
    found = np.quantile(values, _levels(share), method="inverted_cdf").tolist()
    return [value if np.isfinite(value) else None for value in found]

"""How much wider an interval of few images must be than their own draws say: by Student's t, without a table of it."""

from math import pi, tan
from statistics import NormalDist


def widen(level: float, images: int) -> float:
    """Return the share of draws that holds as much as `level` says, with so many images."""
    if images < 2:
        return 1.0
    normal, free = NormalDist(), images - 1
    student = find_student((1 + level) / 2, free)
    return 2 * normal.cdf(student * (images / free) ** 0.5) - 1


def find_student(level: float, free: int) -> float:
    """Return the quantile of Student's t: exact for 1 and 2 degrees of freedom, else by Hill's expansion."""
    if free == 1:
        return tan(pi * (level - 0.5))
    if free == 2:
        return float((2 * level - 1) * (1 / (2 * level * (1 - level))) ** 0.5)
    z = NormalDist().inv_cdf(level)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / free**power for power, term in enumerate(terms, 1)))

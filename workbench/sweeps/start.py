"""Where the first trials of a search stand: spread out evenly, each known by its number alone."""

import math
import random


def spread(number: int, dimensions: int, *, seed: int = 0) -> tuple[float, ...]:
    """Return a point of the unit cube: the first few cover it better than points drawn at random do.

    Roberts' sequence: each coordinate goes on by an irrational step (powers of the root of x^(d+1) = x + 1), from a
    place that the seed draws. Trials that begin at once, anywhere, are spread out without asking each other.
    """
    root = 2.0
    for _ in range(50):
        root = (1 + root) ** (1 / (dimensions + 1))
    draw = random.Random(seed)
    return tuple(
        math.fmod(draw.random() + (number + 1) / root**place, 1.0) for place in range(1, dimensions + 1)
    )

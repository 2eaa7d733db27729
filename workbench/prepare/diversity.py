"""Which images to label first: useful ones that do not look alike, since the tenth of a burst teaches nothing new."""

from collections.abc import Sequence

BITS = 64
FAR = BITS // 4  # bits in which two scenes differ at least that have nothing to do with each other


def pick_diverse(hashes: Sequence[int | None], scores: Sequence[float], count: int) -> list[int]:
    """Return the places of `count` images in the order in which to take them.

    Each time the one is taken whose score, times how unlike it is to all that were taken, is the highest; of equals
    the first. What nothing is known about (None) is unlike everything. Equal looks come last, by their scores.
    """
    if len(hashes) != len(scores):
        raise ValueError(f"hashes and scores must be as many, but are {len(hashes)} and {len(scores)}")
    unlike = [1.0] * len(hashes)
    left = dict.fromkeys(range(len(hashes)))
    taken: list[int] = []
    while left and len(taken) < count:
        best = max(
            left, key=lambda place: (scores[place] * unlike[place], unlike[place], scores[place], -place)
        )
        del left[best]
        taken.append(best)
        for place in left:
            unlike[place] = min(unlike[place], measure_unlikeness(hashes[best], hashes[place]))
    return taken


def measure_unlikeness(one: int | None, other: int | None) -> float:
    """From 0 (the same look) to 1 (nothing in common), by the bits of their perceptual hashes that differ."""
    if one is None or other is None:
        return 1.0
    return min(1.0, (one ^ other).bit_count() / FAR)

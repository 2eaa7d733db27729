"""How pictures look, by the perceptual hash that the split goes by: near-duplicates, uniqueness, and what is alike.

Nothing is downloaded for it. Two pictures whose hashes differ in at most 8 of 64 bits are near-duplicates.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import WorkbenchError
from workbench.formats.images import read_facts
from workbench.prepare.duplicates import find_near, says_something
from workbench.prepare.union import Union

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Floats = NDArray[np.float64]

NEAR = 8  # bits, as [split] has it
BITS = 64
_AT_ONCE = 1 << 22  # distances


def group_near(looks: Sequence[int | None], distance: int = NEAR) -> list[int | None]:
    """Give all that are near each other, directly or over others, one number: the place of the first of them."""
    there = [place for place, look in enumerate(looks) if look is not None and says_something(look)]
    union = Union(range(len(looks)))
    for one, other in find_near([looks[place] or 0 for place in there], distance):
        union.join(there[one], there[other])
    roots = [union.find(place) for place in range(len(looks))]
    counts = Counter(roots)
    return [root if counts[root] > 1 else None for root in roots]


def measure_uniqueness(looks: Sequence[int]) -> list[float]:
    """How far each is from the one that is most like it: 0 for a copy, 1 for what differs most from all others."""
    if len(looks) < 2:
        return [1.0] * len(looks)
    hashes = np.array(looks, np.uint64)
    nearest = np.concatenate(
        [_find_nearest(hashes, start) for start in range(0, len(hashes), max(1, _AT_ONCE // len(hashes)))]
    )
    shares: list[float] = (nearest / max(1, int(nearest.max()))).tolist()
    return shares


def _find_nearest(hashes: "Hashes", start: int) -> "NDArray[np.int64]":
    rows = hashes[start : start + max(1, _AT_ONCE // len(hashes))]
    apart = np.bitwise_count(rows[:, None] ^ hashes[None, :]).astype(np.int64)
    apart[np.arange(len(rows)), start + np.arange(len(rows))] = BITS + 1
    result: NDArray[np.int64] = apart.min(axis=1)
    return result


def to_vectors(looks: Sequence[int]) -> "Floats":
    """Hashes as points whose angles are their distances, for FiftyOne to sort by."""
    bytes_ = np.array(looks, ">u8").view(np.uint8).reshape(-1, 8)
    return np.unpackbits(bytes_, axis=1).astype(float) * 2 - 1


def read_look(path: str) -> str | None:
    """The hash of a picture, in 16 letters; None where it cannot be decoded."""
    try:
        look = read_facts(Path(path), pixels=True).look
    except (WorkbenchError, OSError):
        return None
    return None if look is None else f"{look:016x}"


def describe(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each image's sample gets: `look`, `uniqueness`, and `near_duplicates`, a number that all of them share."""
    looks = [int(row["look"], 16) if row.get("look") else None for row in rows]
    there = [place for place, look in enumerate(looks) if look is not None]
    unique = dict(zip(there, measure_uniqueness([looks[place] or 0 for place in there]), strict=True))
    groups = group_near(looks)
    return [
        {"look": row.get("look"), "uniqueness": unique.get(place), "near_duplicates": groups[place]}
        for place, row in enumerate(rows)
    ]

"""Near-duplicates: which 64-bit perceptual hashes differ in a few bits only."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from workbench.prepare.union import Union

if TYPE_CHECKING:
    import numpy

    Hashes = numpy.ndarray[Any, numpy.dtype[numpy.uint64]]
    Indices = numpy.ndarray[Any, numpy.dtype[numpy.int64]]

BITS = 64
_PLAIN = 8  # a hash of a real scene sets about half of its bits; a blank image sets hardly any, or nearly all
_DENSE = (
    4  # more links than this for each hash of a bucket: it is one heap, and is walked instead of tabulated
)
_TABLE = 1 << 22  # distances held at once


def says_something(look: int) -> bool:
    """Blank frames (black, white, one colour) all look alike without showing the same scene."""
    return _PLAIN <= look.bit_count() <= BITS - _PLAIN


def find_near(looks: Sequence[int], distance: int) -> list[tuple[int, int]]:
    """Return links (i, j), i < j, between hashes that differ in at most `distance` bits.

    The links are a forest: each is a near pair, and any two near hashes are joined, directly or over others.
    So a thousand equal hashes give 999 links and not half a million, and a set that is torn has a torn link.
    """
    import numpy

    if distance < 0 or len(looks) < 2:
        return []
    hashes, first = numpy.unique(numpy.array(looks, dtype=numpy.uint64), return_index=True)
    links = list(_chain_equal(looks))
    for bucket in _buckets(hashes, min(distance, BITS - 1) + 1):
        links += ((int(first[i]), int(first[j])) for i, j in _links_of_bucket(hashes, bucket, distance))
    return _forest(len(looks), links)


def _chain_equal(looks: Sequence[int]) -> Iterator[tuple[int, int]]:
    last: dict[int, int] = {}
    for index, look in enumerate(looks):
        if look in last:
            yield last[look], index
        last[look] = index


def _forest(count: int, links: list[tuple[int, int]]) -> list[tuple[int, int]]:
    union = Union(range(count))
    ordered = sorted({(min(pair), max(pair)) for pair in links})
    return [pair for pair in ordered if union.join(*pair)]


def _buckets(hashes: "Hashes", bands: int) -> "Iterator[Indices]":
    """Two hashes that differ in fewer bits than there are bands agree in one whole band (the pigeonhole)."""
    import numpy

    for band in range(bands):
        # Every bands-th bit, because neighbouring bits of a perceptual hash are alike and would fill few buckets.
        mask = numpy.uint64(sum(1 << bit for bit in range(band, BITS, bands)))
        keys = hashes & mask
        order = numpy.argsort(keys, kind="stable")
        edges = numpy.flatnonzero(numpy.diff(keys[order])) + 1
        yield from (bucket for bucket in numpy.split(order, edges) if len(bucket) > 1)


def _links_of_bucket(hashes: "Hashes", bucket: "Indices", distance: int) -> Iterator[tuple[int, int]]:
    """Compare all with all, a few rows at a time; a heap, where nearly all are near, is walked instead."""
    import numpy

    size, budget = len(bucket), _DENSE * len(bucket)
    values, rows = hashes[bucket], max(1, _TABLE // len(bucket))
    found: list[tuple[Indices, Indices]] = []
    for start in range(0, size, rows):
        apart = numpy.bitwise_count(values[start : start + rows, None] ^ values[None, start:])
        i, j = numpy.nonzero(numpy.triu(apart <= distance, 1))
        found.append((i + start, j + start))
        budget -= len(i)
        if budget < 0:
            yield from _walk(values, bucket, distance)
            return
    for i, j in found:
        yield from zip(bucket[i].tolist(), bucket[j].tolist(), strict=True)


def _walk(values: "Hashes", bucket: "Indices", distance: int) -> Iterator[tuple[int, int]]:
    """Go from hash to hash, taking each one out when it is reached: linear where all are near."""
    import numpy

    left = numpy.arange(1, len(bucket))
    frontier = [0]
    while len(left) or frontier:
        if not frontier:
            frontier, left = [int(left[0])], left[1:]
        here = frontier.pop()
        near = numpy.bitwise_count(values[left] ^ values[here]) <= distance
        reached, left = left[near], left[~near]
        frontier += reached.tolist()
        yield from ((int(bucket[here]), int(bucket[other])) for other in reached)

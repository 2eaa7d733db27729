"""Which image comes when: a pure function of the seed and the position, so that nothing about it need be stored.

Numbers come from Philox's raw stream and SHA-256, which no release of numpy may change; its `permutation` may.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from workbench.errors import ProjectError

Numbers = NDArray[np.int64]
UNIT = 1 << 20  # repeats are counted in these parts, in whole numbers: sums are exact


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the run a sample stands: `turn` tells the repeats of one image within an epoch apart."""

    epoch: int
    index: int
    turn: int


class Order:
    """The endless stream of samples; every epoch has `length` of them.

    An image with the repeat factor 2.3 comes twice or three times an epoch, 2.3 times on average. With `wide`, images
    of one orientation share a batch, since a wide and a tall one together are padded to a square.
    """

    def __init__(
        self,
        seed: int,
        repeats: Sequence[float] | None,
        count: int,
        *,
        batch: int = 1,
        wide: Sequence[bool] | None = None,
    ) -> None:
        self._seed, self._batch = seed, batch
        self._units = _to_units(repeats, count)
        self.length = int(self._units.sum()) // UNIT
        self._wide = None if wide is None or batch == 1 else np.asarray(wide, bool)
        self._epoch = lru_cache(maxsize=2)(self._draw)

    def sample(self, position: int) -> tuple[int, int]:
        """Return the epoch and the image's index at a position from 0."""
        place = self.place(position)
        return place.epoch, place.index

    def place(self, position: int) -> Place:
        """Return the same with the repeat's number; any position costs as much as its epoch, and no more."""
        epoch, at = divmod(position, self.length)
        indices, turns = self._epoch(epoch)
        return Place(epoch, int(indices[at]), int(turns[at]))

    def _draw(self, epoch: int) -> tuple[Numbers, Numbers]:
        raw = random_numbers(f"order {self._seed} {epoch}", self._units.size + self.length + 1)
        shuffled = np.argsort(raw[: self._units.size], kind="stable")
        counts = self._round(shuffled, int(raw[-1] % UNIT))
        indices = np.repeat(np.arange(counts.size), counts)
        turns = np.arange(self.length) - np.repeat(np.cumsum(counts) - counts, counts)
        order = np.argsort(raw[self._units.size : -1], kind="stable")
        order = self._join_alike(order, indices, epoch)
        return indices[order], turns[order]

    def _round(self, shuffled: Numbers, offset: int) -> Numbers:
        """Systematic sampling: laid end to end, each image takes the whole numbers that fall into its stretch."""
        ends = (np.cumsum(self._units[shuffled]) + offset) // UNIT
        counts = np.empty_like(ends)
        counts[shuffled] = np.diff(ends, prepend=0)
        return counts

    def _join_alike(self, order: Numbers, indices: Numbers, epoch: int) -> Numbers:
        """Fill whole batches from one orientation each; what is left over shares the epoch's ends."""
        if self._wide is None:
            return order
        head = -epoch * self.length % self._batch  # the last batch of the epoch before takes so many
        room = (self.length - head) // self._batch
        wide = self._wide[indices[order]]
        batches, rest = [], []
        for lane in (order[wide], order[~wide]):
            whole = lane.size // self._batch * self._batch
            batches.append(lane[:whole].reshape(-1, self._batch))
            rest.append(lane[whole:])
        full = np.concatenate(batches)
        mixed = np.argsort(random_numbers(f"batches {self._seed} {epoch}", len(full)), kind="stable")
        spare = np.concatenate([full[mixed[room:]].ravel(), *rest])
        return np.concatenate([spare[:head], full[mixed[:room]].ravel(), spare[head:]])


def _to_units(repeats: Sequence[float] | None, count: int) -> Numbers:
    """Turn repeat factors into whole units that add up to whole samples: the remainder is spread over all."""
    if count < 1:
        raise ProjectError("train: must have at least one image, but has none; label some, or change [split]")
    factors = np.ones(count) if repeats is None else np.asarray(repeats, np.float64)
    if factors.shape != (count,) or not (np.isfinite(factors).all() and (factors > 0).all()):
        raise ProjectError(
            f"repeats: must be {count} numbers above 0, one for each image, but got {factors.size}; correct them"
        )
    units = np.maximum(np.rint(factors * UNIT).astype(np.int64), 1)
    each, more = divmod(-int(units.sum()) % UNIT, count)
    units += each
    units[:more] += 1
    return units


def random_numbers(name: str, count: int) -> NDArray[np.uint64]:
    """Return the first numbers of the stream that belongs to this name."""
    key = int.from_bytes(sha256(name.encode()).digest()[:16], "little")
    numbers: NDArray[np.uint64] = np.random.Philox(key=key).random_raw(count)
    return numbers

"""The feed: batch number b is the same, byte for byte, for any number of workers and from any start."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from detectron2.config import CfgNode

from workbench.engine.feed.augment import build_augmentations
from workbench.engine.feed.cache import PixelCache, derive_budget
from workbench.engine.feed.order import Order
from workbench.engine.feed.pictures import BadPicture
from workbench.engine.feed.sample import Sample, list_planes, make_sample
from workbench.engine.feed.workers import Workers
from workbench.errors import DatasetError, ProjectError
from workbench.settings import AugmentSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """This rank's samples of one batch; `keys` name their images."""

    number: int
    samples: list[Sample]
    keys: tuple[str, ...]


class _Made(NamedTuple):
    """What a worker hands over: `bad` are the images that it found to be bad on the way, with the reasons."""

    samples: list[Sample]
    keys: tuple[str, ...]
    bad: Mapping[str, str]


class Feed:
    """An endless stream of batches from any number on.

    An image that vanished or changed since it was converted is quarantined in `bad`, and the next good one in the
    order takes its place; give `quarantined` back on a resume, and the stream goes on as if never interrupted.
    """

    def __init__(
        self,
        records: Sequence[Mapping[str, Any]],
        cfg: CfgNode,
        augment: AugmentSettings,
        *,
        seed: int,
        batch: int,
        rank: int = 0,
        world: int = 1,
        workers: int = 0,
        cache_mb: int = -1,
        repeats: Sequence[float] | None = None,
        quarantined: Iterable[str] = (),
    ) -> None:
        if batch < 1 or batch % world:
            raise ProjectError(
                f"train.batch: must be a multiple of the {world} processes, but got {batch}; change it"
            )
        wide = [record["width"] >= record["height"] for record in records]
        self.order = Order(seed, repeats, len(records), batch=batch, wide=wide)
        self.augmentations = build_augmentations(cfg, augment)
        self.bad: dict[str, str] = dict.fromkeys(quarantined, "it was bad before the resume")
        self.wait = 0.0  # seconds that somebody stood waiting for a batch
        self._records, self._cfg, self._seed, self._batch = records, cfg, seed, batch
        self._share, self._rank, self._workers = batch // world, rank, workers
        self._cache = PixelCache(records, list_planes(cfg), derive_budget(cache_mb, world))
        self._open: list[Workers] = []

    @property
    def quarantined(self) -> tuple[str, ...]:
        """The images that are left out from here on, for the checkpoint."""
        return tuple(sorted(self.bad))

    def batches(self, start: int = 0) -> Iterator[Batch]:
        """Yield batch `start` and all after it; end it with close(), or by leaving it."""
        pool = Workers(self._make, start, self._workers) if self._workers else None
        if pool:
            self._open.append(pool)
        try:
            number = start
            while True:
                yield self._wait_for(number, pool)
                number += 1
        finally:
            if pool in self._open:
                self._open.remove(pool)
                pool.close()

    def peek(self, start: int, count: int) -> list[Batch]:
        """Make a few batches here and now, to be looked at: images that are bad are found out when their turn comes."""
        before = dict(self.bad)
        made = [self._make(number) for number in range(start, start + count)]
        self.bad = before
        return [
            Batch(number=number, samples=one.samples, keys=one.keys) for number, one in enumerate(made, start)
        ]

    def close(self) -> None:
        """End the workers."""
        while self._open:
            self._open.pop().close()

    def _wait_for(self, number: int, pool: Workers | None) -> Batch:
        began = time.perf_counter()
        made = pool.take(number) if pool else self._make(number)
        if pool and not self.bad.keys().isdisjoint(made.keys):
            made = self._make(
                number
            )  # another worker found an image bad meanwhile: do as one process would have
        self.bad.update(made.bad)
        if len(made.samples) < self._share:
            key, reason = next(iter(self.bad.items()))
            message = (
                f"must have at least one image that can be read, but all {len(self.bad)} are bad, as {reason}"
            )
            raise DatasetError(key, "train", message, "image-corrupt")
        self.wait += time.perf_counter() - began
        return Batch(number=number, samples=made.samples, keys=made.keys)

    def _make(self, number: int) -> _Made:
        before = set(self.bad)
        first = number * self._batch + self._rank * self._share
        samples = [
            sample for at in range(first, first + self._share) if (sample := self._find_good(at)) is not None
        ]
        bad = {key: reason for key, reason in self.bad.items() if key not in before}
        return _Made(samples, tuple(sample["key"] for sample in samples), bad)

    def _find_good(self, position: int) -> Sample | None:
        """Make the sample of a position, or of the next one whose image is good."""
        for at in range(position, position + 2 * self.order.length):
            place = self.order.place(at)
            record = self._records[place.index]
            if record["key"] in self.bad:
                continue
            try:
                return make_sample(
                    record,
                    self._cfg,
                    self.augmentations,
                    seed=self._seed,
                    epoch=place.epoch,
                    index=place.index,
                    turn=place.turn,
                    read=self._cache.read,
                )
            except BadPicture as error:
                self.bad[record["key"]] = str(error)
        return None

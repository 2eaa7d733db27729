"""The processes of one run: who this is, what they must agree on, and what they tell each other."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

from workbench.engine.training.group import LostRank
from workbench.engine.training.stop import Stopped

_MINUTES = 30  # rank 0 may be busy with scores for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """This process among all of the run."""

    rank: int = 0
    world: int = 1
    local: int = 0
    nodes: int = 1

    @property
    def first(self) -> bool:
        """The one that writes files."""
        return self.rank == 0

    def any(self, bad: bool, asked: int) -> tuple[bool, int]:
        """What at least one of them says: all must stop at the same step."""
        if self.world == 1:
            return bad, asked
        flags = torch.tensor([int(bad), asked], device=_device())
        distributed.all_reduce(flags, op=distributed.ReduceOp.MAX)
        return bool(flags[0]), int(flags[1])

    @contextmanager
    def agreeing(self) -> Iterator[None]:
        """Do a part of some common work; at its end all are there, and where one failed, or was to stop, all do."""
        if self.world == 1:
            yield
            return
        whole = False
        try:
            yield
            whole = True
        finally:
            error = sys.exception()
            number = error.number if isinstance(error, Stopped) else 0
            bad, asked = (True, 0) if isinstance(error, KeyboardInterrupt) else self.any(not whole, number)
        if asked:
            raise Stopped(asked)
        if bad:
            raise LostRank("another process of this run failed; its own words are above or below")

    def gather(self, value: Any) -> list[Any]:
        """What each of them has, in their order."""
        if self.world == 1:
            return [value]
        values: list[Any] = [None] * self.world
        distributed.all_gather_object(values, value)
        return values

    def union(self, names: Iterable[str]) -> list[str]:
        """What at least one of them has."""
        return sorted({name for part in self.gather(list(names)) for name in part})

    def share(self, value: Any) -> Any:
        """What the first one says."""
        return self.gather(value if self.first else None)[0]

    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Let all have the mean of what they have, in one message."""
        if self.world == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors]).to(_device())
        distributed.all_reduce(flat)
        flat /= self.world
        for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """The means of numbers that each of them has by the same names."""
        numbers = torch.tensor(list(values.values()), dtype=torch.float64)
        self.average([numbers])
        return dict(zip(values, numbers.tolist(), strict=True))


def _device() -> str:
    return "cuda" if distributed.get_backend() == "nccl" else "cpu"


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """Join the group that torchrun's environment speaks of; alone where there is none."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Ranks()
        return
    ranks = Ranks(
        rank=int(os.environ["RANK"]),
        world=world,
        local=int(os.environ.get("LOCAL_RANK", "0")),
        nodes=world // int(os.environ.get("LOCAL_WORLD_SIZE", world)),
    )
    if device == "cuda":
        torch.cuda.set_device(ranks.local)
    with noticing_loss():
        distributed.init_process_group(
            "nccl" if device == "cuda" else "gloo", timeout=timedelta(minutes=_MINUTES)
        )
    yield ranks
    distributed.destroy_process_group()  # after an error it could wait for those who are gone


@contextmanager
def noticing_loss() -> Iterator[None]:
    """Give what torch says when a process of the group is gone a name."""
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        if isinstance(error, distributed.DistError) or "gloo" in text or "NCCL" in text:
            raise LostRank(
                f"another process of this run is gone ({text.partition('. ')[0][-100:]})"
            ) from error
        raise

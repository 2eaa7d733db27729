"""The processes of one run: who this is, and what they must agree on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed

_MINUTES = 30  # rank 0 may be busy with scores for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """This process among all of the run."""

    rank: int = 0
    world: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        """The one that writes files."""
        return self.rank == 0

    def any(self, bad: bool, asked: int) -> tuple[bool, int]:
        """What at least one of them says: all must stop at the same step."""
        if self.world == 1:
            return bad, asked
        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        flags = torch.tensor([int(bad), asked], device=device)
        distributed.all_reduce(flags, op=distributed.ReduceOp.MAX)
        return bool(flags[0]), int(flags[1])

    def wait(self) -> None:
        """Until all are here."""
        if self.world > 1:
            distributed.barrier()


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """Join the group that torchrun's environment speaks of; alone where there is none."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Ranks()
        return
    ranks = Ranks(rank=int(os.environ["RANK"]), world=world, local=int(os.environ.get("LOCAL_RANK", "0")))
    if device == "cuda":
        torch.cuda.set_device(ranks.local)
    distributed.init_process_group(
        "nccl" if device == "cuda" else "gloo", timeout=timedelta(minutes=_MINUTES)
    )
    try:
        yield ranks
    finally:
        distributed.destroy_process_group()

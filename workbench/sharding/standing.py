"""How far a sharded work is, for whoever asks: read from what is done, so that nobody has to report."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from workbench.sharding.plan import HERD, Plan
from workbench.sharding.quarantine import SetAside, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One shard: how many of its items are done; those that were set aside count, too."""

    shard: int
    done: int
    count: int


def read_shares(plan: Plan) -> tuple[Share, ...]:
    """Return how far each shard is."""
    done = _list_done(plan)
    return tuple(
        Share(
            shard=shard,
            done=sum(plan.size(chunk) for chunk in plan.list_chunks(shard) if chunk in done),
            count=sum(map(plan.size, plan.list_chunks(shard))),
        )
        for shard in range(1, plan.shards + 1)
    )


def _list_done(plan: Plan) -> set[int]:
    """The chunks that are done: a folder is listed at once, which is faster than to ask for each."""
    found: set[int] = set()
    for herd in range(-(-plan.chunks // HERD)):
        with suppress(FileNotFoundError), os.scandir(plan.part(herd * HERD).parent) as entries:
            found.update(int(entry.name) for entry in entries if entry.name.isdecimal())
    return found


def find_set_aside(plan: Plan) -> Iterator[SetAside]:
    """Yield what is set aside so far, in the order of the list."""
    for path in sorted(plan.suspects.glob("*.jsonl")):
        chunk = int(path.stem)
        reasons = judge(plan, chunk)
        for number, item in plan.read_chunk(chunk) if reasons else ():
            if number in reasons:
                yield SetAside(number=number, item=item, reason=reasons[number])

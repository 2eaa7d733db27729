"""Items that end the process that works on them: written down each time, and set aside when it is no accident.

A death is `sure` when the process did it to itself, or was ended since it took too long or too much: the second time
cannot be chance. A process that somebody killed may have been killed for its item (a system without memory), or not:
that takes three.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.files import explain_os_error
from workbench.sharding.plan import Plan

SURE, UNSURE = 2, 3  # deaths after which an item is set aside
NOTE = 300  # letters of a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process ended while it was at an item."""

    number: int
    reason: str
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """An item that nobody works on any more, and why."""

    number: int
    item: str
    reason: str


def note_death(plan: Plan, death: Death) -> None:
    """Write a death down; several processes may do so at once."""
    line = json.dumps({"number": death.number, "reason": death.reason[:NOTE], "sure": death.sure}) + "\n"
    path = _name(plan, death.number // plan.chunk)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise explain_os_error(path, error) from error


def judge(plan: Plan, chunk: int) -> dict[int, str]:
    """Return the items of a chunk that are set aside, with the reason."""
    deaths = read_deaths(plan, chunk)
    found: dict[int, str] = {}
    for number in sorted({death.number for death in deaths}):
        mine = [death for death in deaths if death.number == number]
        sure = [death for death in mine if death.sure]
        if len(sure) >= SURE or len(mine) >= UNSURE:
            times = f"{len(mine)} times: " if len(mine) > 1 else ""
            found[number] = times + (sure or mine)[-1].reason
    return found


def read_deaths(plan: Plan, chunk: int) -> list[Death]:
    """Return what was written down; a line that a power cut left half-written counts for nothing."""
    try:
        lines = _name(plan, chunk).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        with suppress(ValueError, TypeError):
            found.append(Death(**json.loads(line)))
    return found


def forget_deaths(plan: Plan, numbers: Sequence[int]) -> None:
    """Strike items from the list of suspects: something else was to blame."""
    for chunk in {number // plan.chunk for number in numbers}:
        kept = [death for death in read_deaths(plan, chunk) if death.number not in numbers]
        path = _name(plan, chunk)
        with suppress(FileNotFoundError):
            path.unlink()
        for death in kept:
            note_death(plan, death)


def _name(plan: Plan, chunk: int) -> Path:
    return plan.suspects / f"{chunk:08d}.jsonl"

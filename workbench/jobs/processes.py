"""All processes of a job: those of its group, and those that left the group but carry its mark in their environment."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

MARK = "WORKBENCH_JOB"  # in the environment of all that a job starts, so that none of it is overlooked


def ask_to_end(group: int, mark: str) -> None:
    """Ask a group to end by itself, or all that carry the mark where nobody knows the group."""
    with suppress(ProcessLookupError, PermissionError):
        if group > 1:
            os.killpg(group, signal.SIGTERM)
            return
    for number in find_members(group, mark):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(number, signal.SIGTERM)


def find_members(group: int, mark: str) -> Iterator[int]:
    """Yield the processes of a group, and those elsewhere that carry its mark; not this one, and no dead ones."""
    wanted = mark.encode()
    for place in Path("/proc").glob("[0-9]*"):
        number = int(place.name)
        if number == os.getpid():
            continue
        with suppress(OSError, ValueError, IndexError):
            state, _, own = (place / "stat").read_text().rpartition(")")[2].split()[:3]
            if state in ("Z", "X"):
                continue
            if (group > 1 and int(own) == group) or wanted in (place / "environ").read_bytes().split(b"\0"):
                yield number


def has_group(group: int) -> bool:
    """Whether anything of a group is alive, its first process most likely; its mark elsewhere does not count."""
    for place in chain((Path("/proc") / str(group),), Path("/proc").glob("[0-9]*")):
        with suppress(OSError, ValueError, IndexError):
            state, _, own = (place / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(own) == group and state not in ("Z", "X"):
                return True
    return False


def count_members(group: int, mark: str) -> int:
    """How many are alive."""
    return sum(1 for _ in find_members(group, mark))


def end_members(group: int, mark: str) -> None:
    """Kill all of them, and those that they start meanwhile."""
    for _ in range(20):
        members = list(find_members(group, mark))
        if not members:
            return
        for number in members:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)

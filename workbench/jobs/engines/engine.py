"""What every engine can do. The scheduler's word is a hint; the files in the folder of a job are the truth."""

import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from workbench.errors import SERVICE_DOWN, JobError
from workbench.jobs.folder import JobFolder
from workbench.jobs.job import Entry
from workbench.jobs.room import Room

Begun = tuple[Entry, JobFolder]  # a try that is to be started, and where its files are


class EngineBusy(JobError):
    """An engine takes nothing at the moment: what was to be started waits."""

    def __init__(self, message: str) -> None:
        super().__init__(message, SERVICE_DOWN)


class Sign(Enum):
    """How a try looks from outside."""

    ALIVE = "it runs, or somebody else's queue has it"
    ORPHAN = "it runs, and its keeper does not"
    MISSING = "nothing runs, but it may be about to begin"
    GONE = "nothing runs any more"


class Engine(Protocol):
    """One place where jobs are run."""

    def room(self) -> Room:
        """How much may run there at once, all in all."""
        ...

    def start(self, entry: Entry, folder: JobFolder, *, grace: float, adopt: bool = False) -> str:
        """Start a keeper and return a word by which the engine will know it again."""
        ...

    def look(self, entry: Entry, folder: JobFolder) -> Sign:
        """See whether a try is alive."""
        ...


@runtime_checkable
class Gathering(Engine, Protocol):
    """A place where several tries can be started as one."""

    def gather(self, tries: Iterable[Begun]) -> list[list[Begun]]:
        """Say which of them go together."""
        ...

    def start_together(self, tries: Sequence[Begun], *, grace: float) -> list[str]:
        """Start these, and return a word for each, as `start` does."""
        ...


def name_keeper(entry: Entry, folder: JobFolder, *, grace: float, adopt: bool = False) -> list[str]:
    """Return the command line of a keeper, the same everywhere."""
    words = [sys.executable, "-m", "workbench.jobs.keeper", str(folder.path), str(entry.token)]
    return [*words, "--grace", f"{grace:g}", *(["--adopt"] if adopt else [])]


def name_try(entry: Entry, folder: JobFolder) -> str:
    """A name that no other try has, in any queue: how it is known though nobody wrote its number down."""
    from hashlib import sha256

    home = sha256(str(folder.path.parent).encode()).hexdigest()[:8]
    return f"workbench-{home}-{entry.number}-{entry.token}"

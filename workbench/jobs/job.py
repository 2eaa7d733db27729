"""A job: a command line with what it needs, and what has become of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

WAITING, QUEUED, RUNNING = "waiting", "queued", "running"
FINISHED, FAILED, STOPPED, SKIPPED = "finished", "failed", "stopped", "skipped"
OPEN = (WAITING, QUEUED, RUNNING)
FINAL = (FINISHED, FAILED, STOPPED, SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What somebody asked for; it never changes."""

    command: tuple[str, ...]
    place: str  # the folder in which it is run
    name: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)  # beside that of who launched it
    priority: int = 0  # the higher, the sooner
    after: tuple[int, ...] = ()  # numbers of the jobs that must have finished
    retries: int = 0  # how often it is tried again when it fails by itself
    limit: float = 0.0  # seconds that one try may take; 0: any
    cores: int = 1
    gpus: int = 0
    nodes: int = 1  # machines that one try takes, each with its own cores and gpus
    engine: str = "local"
    group: str = ""  # jobs of one sweep or of one sharded work have the same
    options: Mapping[str, str] = field(default_factory=dict)  # what only that engine understands

    def to_json(self) -> dict[str, Any]:
        """Return what the queue and the job's own folder keep."""
        return asdict(self)


def json_to_job(found: Mapping[str, Any]) -> Job:
    """Understand what `to_json` wrote."""
    return Job(**{**found, "command": tuple(found["command"]), "after": tuple(found["after"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job in the queue, and how it stands."""

    number: int
    job: Job
    state: str
    token: int = 0  # which try; whoever holds an older one has no say any more
    failures: int = 0
    losses: int = 0  # tries that ended because somebody killed them or the machine went down
    preemptions: int = 0  # tries in a row that had to give way before they came any further
    gpu: tuple[int, ...] = ()
    handle: str = ""  # by which the engine knows the try
    code: int | None = None
    reason: str = ""
    stopping: bool = False
    submitted: float = 0.0
    started: float | None = None
    ended: float | None = None

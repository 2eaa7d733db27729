"""What the launcher of several processes and those processes tell each other, through small files in a folder.

The group is started again whenever a process ends with an error. One that was killed must come back; one that ends
on purpose (a full disk, a loss that is no number, a Ctrl-C) must not: it leaves its words here, and ends with 0.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import BUG, FAILED, INTERRUPTED, OK, WorkbenchError
from workbench.files import write_atomically
from workbench.parallel import die_with_parent

VARIABLE = "WORKBENCH_GROUP"
STUCK = 5  # starts in a row from one and the same step: something kills the group each time


class LostRank(WorkbenchError):
    """Another process of the run is gone or failed; what this one knows of it is only that."""


class GroupError(WorkbenchError):
    """How a group ended, in the words and with the exit code of the process that ended it."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The folder of one launch."""

    folder: Path

    @property
    def asked(self) -> Path:
        """Is there once the group was asked to stop."""
        return self.folder / "asked"

    @property
    def starts(self) -> Path:
        """The step of each start, one a line."""
        return self.folder / "starts"

    def count_starts(self) -> int:
        """How often its first process came so far as to look for a checkpoint."""
        try:
            return len(self.starts.read_text().split())
        except FileNotFoundError:
            return 0

    def find_end(self) -> GroupError | None:
        """The first process's words, or another's, where one ended on purpose."""
        for path in sorted(self.folder.glob("end-*")):
            message, code = json.loads(path.read_bytes())
            return GroupError(message, code)
        return None

    def list_processes(self) -> list[int]:
        """Those of the last start."""
        return [int(path.read_text()) for path in sorted(self.folder.glob("process-*"))]

    def join(self, rank: int) -> None:
        """Say that this process is one of them."""
        write_atomically(self.folder / f"process-{rank}", str(os.getpid()).encode())

    def end(self, rank: int, message: str, code: int) -> None:
        """Say why this process ends on purpose."""
        write_atomically(self.folder / f"end-{rank}", json.dumps([message, code]).encode())


def find_group() -> Group | None:
    """The folder of our own launcher; another's torchrun has none."""
    folder = os.environ.get(VARIABLE)
    return Group(folder=Path(folder)) if folder else None


def work_in_group(work: Callable[[], object]) -> int:
    """Be one process of a group; only the loss of another one asks for another start."""
    group, rank = find_group(), int(os.environ["RANK"])
    if group is None:
        work()
        return OK
    die_with_parent(os.getppid())
    if group.find_end() or group.asked.exists():
        return OK
    group.join(rank)
    try:
        work()
    except LostRank:
        raise
    except WorkbenchError as error:
        group.end(rank, str(error), error.exit_code)
    except KeyboardInterrupt:
        group.end(rank, "interrupted; nothing was left half-written", INTERRUPTED)
    finally:
        bug = sys.exception()
        if bug is not None and not isinstance(bug, LostRank):
            group.end(rank, f"a bug in the workbench: {bug!r}; the details are above", BUG)
    return OK


def require_progress(step: int) -> None:
    """End a group that dies again and again before it has saved anything new."""
    group = find_group()
    if group is None:
        return
    with group.starts.open("a") as stream:
        stream.write(f"{step}\n")
    steps = group.starts.read_text().split()
    if len(steps) > STUCK and set(steps[-STUCK - 1 :]) == {str(step)}:
        raise GroupError(
            f"step {step}: a group of processes must get further than that, but lost one of them {STUCK} times; "
            "is there enough memory? Lower train.batch, INPUT.MIN_SIZE_TRAIN or train.cache_mb"
        )

"""What run.json says of a run while it goes on, and how it ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from workbench.engine.training.group import LostRank
from workbench.engine.training.memory import OutOfMemory
from workbench.engine.training.stop import Stopped
from workbench.errors import OutputError, WorkbenchError
from workbench.jobs.pointers import join_run
from workbench.run import Run, read_record, write_record


@contextmanager
def written_down(run: Run) -> Iterator[None]:
    """run.json says how it ended, unless the machine went away."""
    resumed = read_record(run).get("started") is not None
    now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    job = join_run(run.folder.resolve())
    note(run, state="running", reason="", job=job, **({} if resumed else {"started": now}))
    try:
        yield
    except LostRank:
        raise  # the group starts again; if it does not, its launcher writes that down
    except (WorkbenchError, RuntimeError, OSError, ArithmeticError, KeyboardInterrupt) as error:
        state = {Stopped: "stopped", OutOfMemory: "oom"}.get(type(error), "failed")
        with suppress(
            OutputError
        ):  # on a full disk, or where the folder is gone, the words on the screen must do
            end(run, state, str(error) or type(error).__name__)
        raise
    end(run, "finished", "")


def end(run: Run, state: str, reason: str) -> None:
    """Write down how it ended, and when."""
    note(run, state=state, reason=reason, ended=time.strftime("%Y-%m-%dT%H:%M:%S%z"))


def note(run: Run, **facts: Any) -> None:
    """Add facts to run.json."""
    write_record(run, {**read_record(run), **facts})

"""Several processes for one run: torchrun with what its restarts need; each one goes on with the run folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from workbench.engine.training.diary import end
from workbench.engine.training.group import VARIABLE, Group, GroupError
from workbench.engine.training.stop import SIGNALS, Stopped
from workbench.engine.training.torchrun import LAUNCHER
from workbench.errors import OK, TERMINATED
from workbench.parallel import available_cores
from workbench.project import Project
from workbench.run import Run, read_record, require_free

RESTARTS = (
    1000  # a group that lost a process starts again from its newest checkpoint, as long as it gets further
)
_TURN = 0.1  # seconds between two looks

# Without the first, a killed rank comes back in one of seven tries (pytorch#135712, #167288); gloo must find the
# loopback, since a host's own name need not mean an address.
ENVIRONMENT = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "GLOO_SOCKET_IFNAME": "lo"}


def launch(run: Run, project: Project, count: int, *, strict: bool, trust: str = "") -> None:
    """Start the group, pass on what it is told, and wait for it."""
    require_free(run)
    words = [sys.executable, "-m", "workbench.engine.training.torchrun", "--standalone"]
    words += [f"--nproc-per-node={count}", f"--max-restarts={RESTARTS}", "-m", "workbench", "train"]
    words += [str(project.folder), "--resume", str(run.folder), *(["--strict"] if strict else [])]
    words += ["--trust", trust] if trust else []
    with TemporaryDirectory(prefix="workbench-group-") as place:
        group = Group(folder=Path(place))
        process = subprocess.Popen(words, env=_environment(group, count), start_new_session=True)
        told = _wait(process, group)
        problem = _find_problem(run, group, process.returncode, told)
    if problem is None:
        return
    if read_record(run).get("state") in ("new", "running"):  # nobody was there to write it down
        end(run, "stopped" if isinstance(problem, Stopped) else "failed", str(problem))
    raise problem


def _environment(group: Group, count: int) -> Mapping[str, str]:
    """Processes that share a machine share its cores."""
    threads = {"OMP_NUM_THREADS": str(max(1, available_cores() // count))}
    own = {VARIABLE: str(group.folder), LAUNCHER: str(os.getpid())}
    return {**ENVIRONMENT, **threads, **os.environ, **own}


def _wait(process: "subprocess.Popen[bytes]", group: Group) -> list[int]:
    """Wait for the end; return the signals that came meanwhile."""
    told: set[int] = set()
    with _collecting_signals() as asked:
        while process.poll() is None:
            if len(asked) > 1 and asked[-1] == signal.SIGINT:
                _kill(process, group)
            elif asked:
                group.asked.touch()
                told |= _tell(group, told)
            time.sleep(_TURN)
    return asked


@contextmanager
def _collecting_signals() -> Iterator[list[int]]:
    asked: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, remember) for number in SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(group: Group, told: set[int]) -> set[int]:
    """Ask the processes themselves: torchrun would count their end as a failure, and show it."""
    new = {process for process in group.list_processes() if process not in told}
    for process in new:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    return new


def _kill(process: "subprocess.Popen[bytes]", group: Group) -> None:
    for one in (process.pid, *group.list_processes()):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def _find_problem(run: Run, group: Group, code: int, asked: list[int]) -> GroupError | Stopped | None:
    """Say why it is not finished, in the words of the process that knows."""
    found = group.find_end()
    if asked and (found is None or found.exit_code == TERMINATED):
        return Stopped(asked[0], hint=str(found) if found else f"{run.folder}: stopped before it began")
    if found is not None or code == OK:
        return found
    return GroupError(
        f"{run.folder}: must be trained to its end, but its processes ended with {code}; look at the lines above"
    )

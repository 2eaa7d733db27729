"""Several processes for one run, on one machine or several; each one goes on with the run folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from types import FrameType

from workbench.engine.training.diary import end
from workbench.engine.training.group import VARIABLE, Group, GroupError
from workbench.engine.training.nodes import MEETING, Span, choose_meeting, place_agents
from workbench.engine.training.stop import SIGNALS, Stopped
from workbench.engine.training.torchrun import LAUNCHER, SPAN
from workbench.errors import OK, OUT_OF_MEMORY, TERMINATED
from workbench.files import PATIENCE, claim, is_locked
from workbench.parallel import available_cores
from workbench.project import Project
from workbench.run import Run, read_record, require_free

VAIN = 3  # starts in a row that did not come so far as to look for a checkpoint
GRACE = 30.0  # seconds for the others after one has ended on purpose: NCCL would wait half an hour for it
GROUP = ".workbench-group-"  # the folder of one launch
_TURN = 0.1  # seconds between two looks

ENVIRONMENT = {"GLOO_SOCKET_IFNAME": "lo"}  # a host's own name need not mean an address


def launch(
    run: Run,
    project: Project,
    span: Span,
    *,
    strict: bool,
    trust: str = "",
    say: Callable[[str], object] = lambda text: None,
) -> None:
    """Start the group, pass on what it is told, and wait for it."""
    require_free(run)
    words = ["-m", "workbench", "train", str(project.folder), "--resume", str(run.folder)]
    words += [*(["--strict"] if strict else []), *(["--trust", trust] if trust else [])]
    shared = run.folder if span.nodes > 1 else None  # all machines see that one
    _sweep(run)
    with TemporaryDirectory(prefix=GROUP, dir=shared) as place, _held(Path(place)):
        group = Group(folder=Path(place))
        code, told = _work(group, span, words, say)
        problem = _find_problem(run, group, code, told)
    if problem is None:
        return
    if read_record(run).get("state") in ("new", "running"):  # nobody was there to write it down
        end(run, _name_state(problem), str(problem))
    raise problem


def _sweep(run: Run) -> None:
    """Remove what a launch left that was killed, or whose machine went down; not what another one uses now."""
    for left in run.folder.glob(f"{GROUP}*"):
        if not is_locked(left):
            rmtree(left, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Let others see that a folder is in use."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        claim(descriptor, patience=PATIENCE)
        yield
    finally:
        os.close(descriptor)


def _name_state(problem: GroupError | Stopped) -> str:
    if isinstance(problem, Stopped):
        return "stopped"
    return "oom" if problem.exit_code == OUT_OF_MEMORY else "failed"


def _work(group: Group, span: Span, words: list[str], say: Callable[[str], object]) -> tuple[int, list[int]]:
    """Start the processes until they are done; return their exit code, and the signals that came meanwhile."""
    vain, starts = 0, 0
    with _collecting_signals() as asked:
        while True:
            process = _start(group, span, words)
            _wait(process, group, span, asked)
            if asked or process.returncode == OK or group.find_end():
                return process.returncode, asked
            before, starts = starts, group.count_starts()
            vain = vain + 1 if starts == before else 0
            if vain == VAIN:
                return process.returncode, asked
            say("a process was lost; all start again from the newest checkpoint")


def _start(group: Group, span: Span, words: list[str]) -> "subprocess.Popen[bytes]":
    agent = [sys.executable, "-m", "workbench.engine.training.torchrun"]
    if span.nodes == 1:
        how = ["--standalone", f"--nproc-per-node={span.each}", "--max-restarts=0"]
        command = [*agent, *how, *words]
    else:
        command = place_agents(span, [*agent, *words])
    return subprocess.Popen(command, env=_environment(group, span), start_new_session=True)


def _environment(group: Group, span: Span) -> Mapping[str, str]:
    """Processes that share a machine share its cores, or the threads that somebody allows for all of this."""
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    threads = int(allowed) if allowed.isdigit() else available_cores()
    own = {VARIABLE: str(group.folder), LAUNCHER: str(os.getpid())}
    own["OMP_NUM_THREADS"] = str(max(1, threads // span.each))
    if span.nodes == 1:
        return {**ENVIRONMENT, **os.environ, **own}
    return {**os.environ, **own, SPAN: f"{span.nodes}x{span.each}", MEETING: choose_meeting()}


def _wait(process: "subprocess.Popen[bytes]", group: Group, span: Span, asked: list[int]) -> None:
    """Wait for the end, and pass on what was asked for."""
    told: set[int] = set()
    ended = 0.0
    while process.poll() is None:
        if not ended and group.find_end():
            ended = time.monotonic()
        if (len(asked) > 1 and asked[-1] == signal.SIGINT) or (ended and time.monotonic() - ended > GRACE):
            _kill(process, group, span)
        elif asked:
            group.asked.touch()
            told |= _tell(group, told) if span.nodes == 1 else _tell_agents(process, told)
        time.sleep(_TURN)


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


def _tell_agents(process: "subprocess.Popen[bytes]", told: set[int]) -> set[int]:
    """Ask those on all machines, once: srun passes this signal on, and takes TERM for an order to kill."""
    if process.pid not in told:
        process.send_signal(signal.SIGUSR2)
    return {process.pid}


def _kill(process: "subprocess.Popen[bytes]", group: Group, span: Span) -> None:
    if span.nodes > 1:
        for _ in range(2):  # srun kills what it has started when it gets the second one
            process.send_signal(signal.SIGINT)
        return
    for one in (process.pid, *group.list_processes()):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def _find_problem(run: Run, group: Group, code: int, asked: list[int]) -> GroupError | Stopped | None:
    """Say why it is not finished, in the words of the process that knows."""
    found = group.find_end()
    state = read_record(run).get("state")
    if found is None and code == OK and state == "finished":  # who asked it to stop came too late
        return None
    if asked and (found is None or found.exit_code == TERMINATED):
        when = "before it began" if state == "new" else "while it was started again"
        return Stopped(asked[0], hint=str(found) if found else f"{run.folder}: stopped {when}")
    if found is not None or code == OK:
        return found
    return GroupError(
        f"{run.folder}: must be trained to its end, but its processes ended with {code}; look at the lines above"
    )

"""Trials whose worker is gone for good become failed, by whoever looks next; Optuna would have them run for ever."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import InputMissing
from workbench.files import is_locked
from workbench.sweeps.plan import read_plan
from workbench.sweeps.record import SweepFolder, read_sweep
from workbench.sweeps.search import NUMBER, SearchTrial, describe_trials, open_study, tell

if TYPE_CHECKING:
    from workbench.jobs.queue import Queue


def list_trials(folder: SweepFolder) -> tuple[SearchTrial, ...]:
    """Return each trial that has begun, once, as it stands; the dead ones are written down as failed first."""
    if not folder.journal.exists():
        return ()
    plan = read_plan(folder)
    study = open_study(folder, plan)
    settle(folder, study)
    return describe_trials(folder, plan, study)


def settle(folder: SweepFolder, study: Any) -> None:
    """Give every trial that nobody will go on with its final state."""
    running = [one for one in study.get_trials(deepcopy=False) if one.state.name == "RUNNING"]
    mine = {one.user_attrs[NUMBER]: one for one in running if NUMBER in one.user_attrs}
    for number, reason in _find_dead(folder, mine):
        tell(study, mine[number], "failed", reason=reason)


def _find_dead(folder: SweepFolder, numbers: Mapping[int, object]) -> Iterator[tuple[int, str]]:
    """Yield what is over, and why: by the word of the queue, which tries again what was killed, or by what lives."""
    if not numbers:
        return
    jobs, queue = _find_jobs(folder)
    for number in numbers:
        if queue is not None and number in jobs:
            reason = _ask(queue, jobs[number], (folder.name, str(number)))
        else:
            reason = "" if is_locked(folder.lock(number)) else "its process died"
        if reason:
            yield number, reason
    if queue is not None:
        queue.close()


def _find_jobs(folder: SweepFolder) -> "tuple[dict[int, int], Queue | None]":
    """Return the job of each trial, and the queue that knows them, where there is one."""
    from workbench.jobs.queue import Queue

    with suppress(InputMissing):  # not all are in the queue yet, or it was one for a terminal only
        sweep = read_sweep(folder)
        if sweep.home and Path(sweep.home, "queue.db").exists():
            return {trial.number: trial.jobs[0] for trial in sweep.trials if trial.jobs}, Queue(
                Path(sweep.home)
            )
    return {}, None


def _ask(queue: "Queue", job: int, known: tuple[str, str]) -> str:
    from workbench.jobs.job import OPEN

    gone = f"job {job} was cleared away before it ended"
    try:
        entry = queue.find(job)
    except InputMissing:
        return gone
    if (entry.job.group, entry.job.command[-1]) != known:  # a new queue, which counts from 1 again
        return gone
    return "" if entry.state in OPEN else entry.reason or f"job {job} ended without a word"

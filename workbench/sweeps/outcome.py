"""What became of each training of a sweep: read from its run, from the queue, and from the journal of a search."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.run import Run, is_held, read_record
from workbench.sweeps.curve import METRICS, read_curve
from workbench.sweeps.names import FOLD, SEED
from workbench.sweeps.record import Sweep, SweepFolder, SweepTrial

if TYPE_CHECKING:
    from workbench.jobs.job import Entry
    from workbench.jobs.queue import Queue

FINISHED, PRUNED, ABSENT, INTERRUPTED = "finished", "pruned", "not begun", "interrupted"
OPEN = ("waiting", "queued", "running")
TROUBLES = ("failed", "oom", INTERRUPTED, "stopped", "skipped")
BEHIND = "half of the others were better"  # why most that are pruned are; any other reason is worth a look


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One training, as it stands; its score counts only when it is finished."""

    trial: int
    run: str
    values: Mapping[str, str]
    seed: int | None = None
    fold: int | None = None
    state: str = ABSENT
    reason: str = ""
    score: float | None = None  # the best so far, a fraction
    classes: Mapping[str, float] = field(default_factory=dict)  # the same for each class
    curve: Mapping[int, float] = field(default_factory=dict)  # step -> score
    seconds: float | None = None  # how long it took

    @property
    def counts(self) -> bool:
        """Whether it says how good its values are."""
        return self.state == FINISHED and self.score is not None

    @property
    def is_trouble(self) -> bool:
        """Whether it ended in a way that somebody may want to hear the reason of."""
        return self.state in TROUBLES or (self.state == PRUNED and not self.reason.startswith(BEHIND))


Said = tuple[str, str]  # a state, and its reason


def read_outcomes(
    folder: SweepFolder, sweep: Sweep, jobs: Mapping[int, Said]
) -> tuple[str, tuple[Outcome, ...]]:
    """Return what decides, and how every training stands; of a search, those that have their values."""
    trials = list(_list_search(folder) if sweep.kind == "search" else _list_grid(sweep))
    runs = [folder.run(trial) for trial, _ in trials]
    metric = sweep.metric or _find_metric(runs)
    return metric, tuple(
        _read(run, trial, metric, said or jobs.get(trial.number, ("", "")))
        for run, (trial, said) in zip(runs, trials, strict=True)
    )


Listed = tuple[SweepTrial, Said | None]  # and what a search says of it


def _list_grid(sweep: Sweep) -> Iterator[Listed]:
    return ((trial, None) for trial in sweep.trials)


def _list_search(folder: SweepFolder) -> Iterator[Listed]:
    """The trials that have begun, a training for each of their repeats."""
    from workbench.sweeps.plan import read_plan
    from workbench.sweeps.settling import list_trials

    repeats = read_plan(folder).repeats
    for trial in list_trials(folder):
        said = (trial.state, trial.reason) if trial.state in (PRUNED, "failed") else None
        for name, repeat in zip(trial.runs, repeats, strict=True):
            told = dict(zip(repeat.words[::2], repeat.words[1::2], strict=True))
            seed, fold = told.get(SEED, ""), told.get(FOLD, "").rpartition("/")[2]
            one = SweepTrial(
                number=trial.number,
                run=name,
                values=trial.values,
                seed=int(seed) if seed else None,
                fold=int(fold) if fold else None,
            )
            yield one, said


def read_jobs(sweep: Sweep) -> dict[int, Said]:
    """Return state and reason of each trial's training, where the queue knows it still."""
    if not sweep.home or not Path(sweep.home, "queue.db").is_file():
        return {}
    from workbench.jobs.queue import Queue

    queue = Queue(Path(sweep.home))
    try:
        found = ((trial, _find_job(queue, trial)) for trial in sweep.trials)
        return {trial.number: (entry.state, entry.reason) for trial, entry in found if entry}
    finally:
        queue.close()


def _find_job(queue: "Queue", trial: SweepTrial) -> "Entry | None":
    """The training's job; a number that another queue gave means another job."""
    with suppress(WorkbenchError, IndexError):
        entry = queue.find(trial.jobs[0])
        name = entry.job.name.partition(" ")[2]  # of the run, or of the trial whose runs have more behind it
        return entry if trial.run == name or trial.run.startswith(f"{name}-") else None
    return None


def _find_metric(runs: list[Run]) -> str:
    """What the trainings themselves chose their best weights by."""
    found = Counter((_read_record(run).get("best") or {}).get("metric") for run in runs)
    found.pop(None, None)
    if found:
        return str(found.most_common(1)[0][0])
    tasks = [_read_record(run).get("task") for run in runs]
    return next((METRICS[task][0] for task in tasks if task in METRICS), "")


def _read_record(run: Run) -> Mapping[str, Any]:
    with suppress(WorkbenchError):
        return read_record(run)
    return {}


def _read(run: Run, trial: SweepTrial, metric: str, said: Said) -> Outcome:
    record = _read_record(run)
    curve = read_curve(run, metric)
    state, reason = _settle(run, record, said)
    best = record.get("best") or {}
    known = best.get("value") if best.get("metric") == metric else None
    return Outcome(
        trial=trial.number,
        run=trial.run,
        values=trial.values,
        seed=trial.seed,
        fold=trial.fold,
        state=state,
        reason=reason,
        score=known if isinstance(known, int | float) else max(curve.values(), default=None),
        classes=_read_classes(run, metric) if state == FINISHED else {},
        curve=curve,
        seconds=_measure(record),
    )


def _settle(run: Run, record: Mapping[str, Any], said: Said) -> tuple[str, str]:
    """The run knows best that it has finished, the search that a trial is over, the queue what else is."""
    state, reason = str(record.get("state") or ""), str(record.get("reason") or "")
    word, why = said
    if word == PRUNED or (state != FINISHED and word and word != FINISHED):
        return word, why or reason
    if state in ("running", "new"):
        return ("running", "") if is_held(run) else (INTERRUPTED, reason)
    return state or ABSENT, reason


def _read_classes(run: Run, metric: str) -> dict[str, float]:
    family, _, key = metric.partition(".")
    try:
        table = json.loads(run.scores("val").read_bytes()).get("per_category") or {}
    except (OSError, ValueError):
        return {}
    found = {name: (row.get(family) or {}) for name, row in table.items() if isinstance(row, Mapping)}
    values = {name: row.get(key, row.get(key.removeprefix("m"))) for name, row in found.items()}
    return {name: float(value) for name, value in values.items() if isinstance(value, int | float)}


def _measure(record: Mapping[str, Any]) -> float | None:
    """Seconds from its beginning to its end; of one that was killed in between, with the time that it lay."""
    try:
        began, ended = (datetime.fromisoformat(str(record[key])) for key in ("started", "ended"))
    except (KeyError, ValueError):
        return None
    return (ended - began).total_seconds()


def drop_spared(folder: SweepFolder, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Leave out the trainings that a pruned trial was spared; its first stays, whatever is left of it."""
    first = {one.trial: one for one in reversed(outcomes)}
    return tuple(
        one
        for one in outcomes
        if one.state != PRUNED or one is first[one.trial] or (folder.project / "runs" / one.run).exists()
    )


def count_states(outcomes: tuple[Outcome, ...]) -> dict[str, int]:
    """How many trainings are in which state, the frequent ones first."""
    return dict(Counter(one.state for one in outcomes).most_common())

"""What a sweep asks for: one training for each combination of values and seeds, and what follows each."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import USAGE, JobError
from workbench.jobs.job import Job
from workbench.jobs.words import PROGRAM
from workbench.sweeps.names import name_trial

if TYPE_CHECKING:
    from workbench.sweeps.plan import SearchPlan

FOLLOWERS = ("evaluate", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training and what follows it; `values` says in what it differs from its neighbours."""

    project: Path
    name: str  # of the run
    values: Mapping[str, str]
    jobs: tuple[Job, ...]  # the first trains; each other one needs the one before it
    search: "SearchPlan | None" = None  # of which it is a part; its values are then known when it begins

    @property
    def run(self) -> Path:
        """Its run folder."""
        return self.project / "runs" / self.name

    @property
    def runs(self) -> tuple[Path, ...]:
        """All its run folders: a trial of a search trains once for each seed."""
        repeats = self.search.repeats if self.search else ()
        return tuple(self.run.with_name(self.name + one.suffix) for one in repeats) or (self.run,)

    @property
    def sample(self) -> tuple[str, ...]:
        """The command line of its training; of a search one with values from the middle."""
        return self.search.make_sample(self.name) if self.search else self.jobs[0].command


def plan_trials(
    projects: Sequence[Path],
    sweeps: Mapping[str, Sequence[str]],
    rest: Sequence[str],
    pattern: Job,
    *,
    stamp: str,
    then: Sequence[str] = (),
) -> list[Trial]:
    """Return a trial for each project and combination, in the order in which they were typed."""
    require_followers(then)
    grid = [dict(zip(sweeps, values, strict=True)) for values in itertools.product(*sweeps.values())]
    group = stamp if len(grid) > 1 else ""
    return [
        _plan_trial(
            project, values, rest, replace(pattern, name=_name(stamp, number, len(grid)), group=group), then
        )
        for project in projects
        for number, values in enumerate(grid, 1)
    ]


def require_followers(then: Sequence[str]) -> None:
    """Refuse a verb that cannot follow a training."""
    unknown = [verb for verb in then if verb not in FOLLOWERS]
    if unknown:
        raise JobError(
            f"--then {unknown[0]}: must be {' or '.join(FOLLOWERS)}, but is not; correct it", USAGE
        )


def _name(stamp: str, number: int, count: int) -> str:
    return name_trial(stamp, number, count) if count > 1 else stamp


def _plan_trial(
    project: Path, values: Mapping[str, str], rest: Sequence[str], pattern: Job, then: Sequence[str]
) -> Trial:
    words = [word for pair in values.items() for word in pair]
    run = str(project / "runs" / pattern.name)
    train = (*PROGRAM, "train", str(project), *rest, *words, "--run", pattern.name)
    after = [
        replace(pattern, command=(*PROGRAM, verb, run), name=f"{verb} {pattern.name}", gpus=0, nodes=1)
        for verb in then
    ]
    return Trial(
        project=project,
        name=pattern.name,
        values=values,
        jobs=(replace(pattern, command=train, name=f"train {pattern.name}"), *after),
    )

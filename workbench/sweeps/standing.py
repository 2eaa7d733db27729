"""A whole sweep as it stands: what was launched, what became of it, and which values are best."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.sweeps.outcome import (
    ABSENT,
    OPEN,
    Outcome,
    Said,
    count_states,
    drop_spared,
    read_jobs,
    read_outcomes,
)
from workbench.sweeps.record import Sweep, SweepFolder, read_sweep
from workbench.sweeps.standings import Standing, average_classes, rank

TO_COME = "to come"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """All that table, page and adoption are made from."""

    folder: SweepFolder
    sweep: Sweep
    metric: str
    outcomes: tuple[Outcome, ...]
    rows: tuple[Standing, ...]  # the best first
    missing: Mapping[str, int] = field(default_factory=dict)  # those of a search that have no values yet

    @property
    def best(self) -> Standing | None:
        """The row to take; None before anything is finished."""
        return self.rows[0] if self.rows and self.rows[0].mean is not None else None

    @property
    def states(self) -> Mapping[str, int]:
        """How many trainings are in which state."""
        return {**count_states(self.outcomes), **self.missing}

    @property
    def is_open(self) -> bool:
        """Whether anything runs, or is going to."""
        return any(state in self.states for state in (*OPEN, TO_COME))

    @property
    def repeats(self) -> str:
        """What a row is the mean of."""
        return "folds" if self.sweep.folds else "seeds"


def read_standings(folder: SweepFolder) -> Standings:
    """Read everything; whoever looks settles what has died."""
    sweep = read_sweep(folder)
    jobs = read_jobs(sweep)
    metric, found = read_outcomes(folder, sweep, jobs)
    outcomes = drop_spared(folder, found)
    return Standings(
        folder=folder,
        sweep=sweep,
        metric=metric,
        outcomes=outcomes,
        rows=rank(outcomes, folds=sweep.folds, by_trial=sweep.kind == "search"),
        missing=_count_missing(sweep, {one.trial for one in found}, jobs),
    )


def _count_missing(sweep: Sweep, begun: set[int], jobs: Mapping[int, Said]) -> dict[str, int]:
    """What their jobs are; without a queue that knows them, nobody can say whether they will ever begin."""
    states = [jobs.get(trial.number, (ABSENT, ""))[0] for trial in sweep.trials if trial.number not in begun]
    return dict(Counter(TO_COME if state in OPEN else state for state in states))


def standings_to_json(found: Standings) -> dict[str, Any]:
    """Return what `--json` says of a sweep."""
    sweep = found.sweep
    return {
        "name": sweep.name,
        "folder": str(found.folder.path),
        "kind": sweep.kind,
        "created": sweep.created,
        "metric": found.metric,
        "axes": {key: list(values) for key, values in sweep.axes.items()},
        "seeds": list(sweep.seeds),
        "folds": sweep.folds,
        "words": list(sweep.words),
        "states": dict(found.states),
        "rows": [_row_to_json(row) for row in found.rows],
    }


def _row_to_json(row: Standing) -> dict[str, Any]:
    return {
        "values": dict(row.values),
        "mean": row.mean,
        "spread": row.spread,
        "count": len(row.units),
        "whole": row.whole,
        "seconds": row.seconds,
        "behind": row.gap.difference if row.gap else None,
        "interval": row.gap.interval if row.gap else None,
        "verdict": row.gap.verdict if row.gap else None,
        "classes": {
            name: {"mean": middle, "spread": spread, "count": count}
            for name, (middle, spread, count) in average_classes(row).items()
        },
        "trials": [_outcome_to_json(one) for one in row.outcomes],
    }


def _outcome_to_json(one: Outcome) -> dict[str, Any]:
    return {
        "number": one.trial,
        "run": one.run,
        "seed": one.seed,
        "fold": one.fold,
        "state": one.state,
        "reason": one.reason,
        "score": one.score,
        "seconds": one.seconds,
    }

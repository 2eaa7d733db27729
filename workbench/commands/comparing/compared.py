"""What a comparison holds: the runs, what became of each number and image, and what else differs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.commands.run_diff import Difference
from workbench.evaluation.comparing.compare import Change, Measure
from workbench.evaluation.comparing.growth_runs import GrowthRow
from workbench.evaluation.comparing.image_changes import ImageChanges
from workbench.evaluation.comparing.settling import Settled
from workbench.evaluation.run_part import RunPart
from workbench.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run, or file, by its letter."""

    letter: str
    name: str
    run: Run | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    part: RunPart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versus:
    """One run against the first."""

    entry: Entry
    changes: tuple[Change, ...]
    images: ImageChanges | None  # None where they were judged on other images
    sure: tuple[float | None, float | None]  # from which score on predictions count on an image
    settings: tuple[Difference, ...] = ()
    dataset: Mapping[str, Any] = field(default_factory=dict)

    def find(self, measure: Measure) -> Change:
        """Return the change of one number."""
        return next(change for change in self.changes if change.measure == measure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """All that is known."""

    entries: tuple[Entry, ...]
    settled: Settled
    part: str
    headline: Measure
    versus: tuple[Versus, ...]
    draws: int
    bursts: int
    growth: tuple[GrowthRow, ...] = ()
    notes: tuple[str, ...] = ()

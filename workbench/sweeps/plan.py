"""What a search was asked for, in a file of its sweep: all that a trial needs to know, on whatever machine it runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import InputMissing
from workbench.files import write_atomically
from workbench.run import Run
from workbench.sweeps.names import FOLD, SEED, SweepError, name_trial
from workbench.sweeps.record import SweepFolder
from workbench.sweeps.space import Axis, read_axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """One of the trainings of a trial: seeds and folds tell how much is noise, and the trial's value is their mean."""

    suffix: str = ""  # of the name of its run
    words: tuple[str, ...] = ()  # what it is told beside: KEY VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """What is searched, how often, and what each trial runs; it never changes."""

    axes: Mapping[str, str]  # key -> the range or the choices, as typed
    count: int  # trials
    train: tuple[str, ...]  # the training's command line; KEY VALUE … and --run NAME are added
    place: str  # the folder in which it is run
    repeats: tuple[Repeat, ...] = (Repeat(),)
    then: tuple[
        tuple[str, ...], ...
    ] = ()  # what follows a training that ran to its end; its run folder is added
    metric: str = ""  # what decides; empty: what the task goes by
    seed: int = 0

    def read_space(self) -> dict[str, Axis]:
        """Return what is searched."""
        return {key: read_axis(key, text) for key, text in self.axes.items()}

    def make_sample(self, run: str) -> tuple[str, ...]:
        """Return the command line of a training with values from the middle."""
        values = {key: axis.show(axis.pick(0.5)) for key, axis in self.read_space().items()}
        return self.make_command(values, self.repeats[0], run)

    def make_command(self, values: Mapping[str, str], repeat: Repeat, run: str) -> tuple[str, ...]:
        """Return the command line of one training."""
        pairs = (word for pair in values.items() for word in pair)
        return (*self.train, *pairs, *repeat.words, "--run", run)

    def to_json(self) -> dict[str, Any]:
        """Return what the file holds."""
        return asdict(self)


def write_plan(folder: SweepFolder, plan: SearchPlan) -> None:
    """Write it once, before the first trial can begin."""
    text = json.dumps(plan.to_json(), indent=1, ensure_ascii=False)
    write_atomically(folder.search, f"{text}\n".encode())


def read_plan(folder: SweepFolder) -> SearchPlan:
    """Understand what `write_plan` wrote."""
    try:
        found = json.loads(folder.search.read_text(encoding="utf-8"))
        return _understand(found)
    except FileNotFoundError:
        words = f"must exist, but does not; is {folder.path} a search?"
        raise InputMissing(f"{folder.search}: {words}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        words = f"must be what launch wrote, but is not ({error!r}); restore it"
        raise SweepError(f"{folder.search}: {words}") from error


def _understand(found: Mapping[str, Any]) -> SearchPlan:
    repeats = tuple(Repeat(suffix=one["suffix"], words=tuple(one["words"])) for one in found["repeats"])
    then = tuple(map(tuple, found["then"]))
    return SearchPlan(**{**found, "train": tuple(found["train"]), "repeats": repeats, "then": then})


def name_runs(folder: SweepFolder, plan: SearchPlan, number: int) -> tuple[Run, ...]:
    """Return the runs of a trial, which may not be there yet: one for each seed."""
    name = name_trial(folder.name, number, plan.count)
    runs = folder.project / "runs"
    return tuple(Run(folder=runs / f"{name}{repeat.suffix}") for repeat in plan.repeats)


def plan_repeats(seeds: Sequence[str], folds: Sequence[str]) -> tuple[Repeat, ...]:
    """Return a training for each seed and fold; without any, one as the project says."""
    sowed = [("", ()), *[(f"-seed{seed}", (SEED, seed)) for seed in seeds]][bool(seeds) :]
    folded = [("", ()), *[(f"-fold{fold.rpartition('/')[2]}", (FOLD, fold)) for fold in folds]][bool(folds) :]
    return tuple(
        Repeat(suffix=suffix + other, words=(*words, *more))
        for suffix, words in sowed
        for other, more in folded
    )

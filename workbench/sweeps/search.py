"""A search with Optuna: which values a trial gets, how it stands, and what came of it.

The journal of the sweep is the only truth. A trial counts from the moment in which it has its values and its number,
the one that its job and its run have; whoever dies before that leaves nothing that counts. A job that is tried again
finds its trial by that number and goes on with it, with the same values.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from workbench.extras import require
from workbench.files import taking_turns
from workbench.sweeps.journal import Journal
from workbench.sweeps.plan import SearchPlan, name_runs, read_plan
from workbench.sweeps.record import SweepFolder
from workbench.sweeps.space import Axis, Choice
from workbench.sweeps.start import spread

State = Literal["running", "complete", "pruned", "failed"]
STUDY = "workbench"
NUMBER, REASON = "number", "reason"  # what Optuna keeps of a trial for us
STARTUP = 4  # a share of the trials (a quarter) is spread out before anything is learnt from them …
FEWEST, MOST = 4, 10  # … but so many at least and at most


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTrial:
    """One trial as it stands; those that no job has begun yet are not there."""

    number: int  # from 1 on: of its job and its runs
    values: Mapping[str, str]  # as typed
    state: State
    value: float | None  # what it came to; of a pruned one, what it had when it was ended
    runs: tuple[str, ...]  # the names of its runs, one for each seed
    reason: str = ""
    curve: Mapping[int, float] = field(default_factory=dict)  # step -> value, as far as it came
    began: datetime | None = None
    ended: datetime | None = None


def open_study(folder: SweepFolder, plan: SearchPlan | None = None) -> Any:
    """Return Optuna's study of a sweep, to be asked and told."""
    plan = plan or read_plan(folder)
    optuna = require("optuna", extra="scale")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.JournalStorage(Journal(folder.journal))
    # Half of those that came that far were better: the other half is left. Hyperband would divide the few trials
    # that a fine-tuning can afford among brackets, each too small to say what is good.
    pruner = optuna.pruners.MedianPruner(n_startup_trials=FEWEST, n_min_trials=FEWEST)
    with suppress(KeyError):  # who only looks writes nothing
        return optuna.load_study(storage=storage, study_name=STUDY, pruner=pruner)
    return optuna.create_study(
        storage=storage, study_name=STUDY, load_if_exists=True, direction="maximize", pruner=pruner
    )


def take_up(study: Any, plan: SearchPlan, number: int) -> Any:
    """Return Optuna's trial of that number, running or at its end; begun where none is there, or where it failed."""
    found = find_trial(study, number)
    if found is not None and found.state.name != "FAIL":
        return found
    for one in study.get_trials(deepcopy=False):
        if one.state.name == "RUNNING" and NUMBER not in one.user_attrs:
            tell(study, one, "failed", reason="its process died before it began")
    axes = plan.read_space()
    fixed = found.params if found is not None else _choose_start(study, plan, axes, number)
    with _quiet():
        study.sampler = _make_sampler(fixed, seed=plan.seed * 10_000 + number)
        trial = study.ask({key: _to_distribution(axis) for key, axis in axes.items()})
        trial.set_user_attr(NUMBER, number)
    return find_trial(study, number)


@contextmanager
def alone(folder: SweepFolder) -> Iterator[None]:
    """Let one process at a time begin a trial, so that each knows of all that were begun before."""
    with taking_turns(folder.path) as wait:
        wait()
        yield


def find_trial(study: Any, number: int) -> Any | None:
    """Return the one trial of that number that counts: the first that ended well, or is under way, or else failed."""
    ranks = {"COMPLETE": 0, "PRUNED": 0, "RUNNING": 1}
    mine = [one for one in study.get_trials(deepcopy=False) if one.user_attrs.get(NUMBER) == number]
    good = [one for one in mine if one.state.name in ranks]
    return min(good, key=lambda one: ranks[one.state.name]) if good else mine[-1] if mine else None


def report(study: Any, trial: Any, step: int, value: float) -> bool:
    """Write down how good it is at a step; return whether the others were better by then."""
    handle = _handle(study, trial)
    with _quiet():  # a step that was told before a kill is not told again, and Optuna would say so
        handle.report(value, step)
    return bool(handle.should_prune())


def tell(study: Any, trial: Any, state: State, *, value: float | None = None, reason: str = "") -> None:
    """Give a trial its final state, once: a second word changes nothing."""
    states = {"complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}
    optuna = require("optuna", extra="scale")
    finished = optuna.exceptions.UpdateFinishedTrialError
    try:
        if reason:
            _handle(study, trial).set_user_attr(REASON, reason)
        study.tell(
            trial.number, value, getattr(optuna.trial.TrialState, states[state]), skip_if_finished=True
        )
    except finished:
        return


def show_values(plan: SearchPlan, trial: Any) -> dict[str, str]:
    """Return the values of a trial as they are typed, and as they were trained."""
    return {key: axis.show(trial.params[key]) for key, axis in plan.read_space().items()}


def describe_trials(folder: SweepFolder, plan: SearchPlan, study: Any) -> tuple[SearchTrial, ...]:
    """Return each number once, as it stands by the journal."""
    numbers = {one.user_attrs[NUMBER] for one in study.get_trials(deepcopy=False) if NUMBER in one.user_attrs}
    return tuple(_describe(folder, plan, number, find_trial(study, number)) for number in sorted(numbers))


def _describe(folder: SweepFolder, plan: SearchPlan, number: int, trial: Any) -> SearchTrial:
    states: Mapping[str, State] = {"RUNNING": "running", "COMPLETE": "complete", "PRUNED": "pruned"}
    state = states.get(trial.state.name, "failed")
    curve = dict(trial.intermediate_values)
    return SearchTrial(
        number=number,
        values=show_values(plan, trial),
        state=state,
        value=trial.value if state == "complete" else max(curve.values(), default=None),
        runs=tuple(run.name for run in name_runs(folder, plan, number)),
        reason=trial.user_attrs.get(REASON, ""),
        curve=curve,
        began=trial.datetime_start,
        ended=trial.datetime_complete,
    )


def _handle(study: Any, trial: Any) -> Any:
    """What Optuna gives to an objective, for a trial that another process may have begun."""
    return require("optuna", extra="scale").trial.Trial(study, trial._trial_id)


def _choose_start(
    study: Any, plan: SearchPlan, axes: Mapping[str, Axis], number: int
) -> dict[str, object] | None:
    """The values of a trial while too few have ended to learn from; None afterwards."""
    ended = sum(one.state.name in ("COMPLETE", "PRUNED") for one in study.get_trials(deepcopy=False))
    if ended >= min(max(plan.count // STARTUP, FEWEST), MOST):
        return None
    shares = spread(number - 1, len(axes), seed=plan.seed)
    picked = zip(axes.items(), shares, strict=True)
    return {
        key: round(value) if isinstance(value := axis.pick(share), float) and _is_whole(axis) else value
        for (key, axis), share in picked
    }


def _is_whole(axis: Axis) -> bool:
    return not isinstance(axis, Choice) and axis.whole


def _make_sampler(fixed: Mapping[str, object] | None, *, seed: int) -> Any:
    """TPE, which takes what still runs for bad, so that trials beside each other are not alike."""
    samplers = require("optuna", extra="scale").samplers
    learning = samplers.TPESampler(multivariate=True, constant_liar=True, n_startup_trials=0, seed=seed)
    return samplers.PartialFixedSampler(dict(fixed), learning) if fixed else learning


def _to_distribution(axis: Axis) -> Any:
    made = require("optuna", extra="scale").distributions
    if isinstance(axis, Choice):
        return made.CategoricalDistribution(axis.values)
    if axis.whole:
        step = int(axis.step) or 1
        return made.IntDistribution(int(axis.low), int(axis.high), log=axis.log, step=step)
    return made.FloatDistribution(axis.low, axis.high, log=axis.log, step=axis.step or None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna warns of what is new in it, and of what a release later is old."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

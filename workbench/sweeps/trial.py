"""One trial of a search, as a job: `python -m workbench.sweeps.trial FOLDER NUMBER`, the same under every engine.

It asks Optuna for its values when it begins, so that it learns from all that ended before; trains with them, once for
each seed; tells after each evaluation how good it is, and ends what half of the others were better than by then. It may
be killed at any time: the job is tried again, finds its trial by the number, and goes on with the same values and runs.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from workbench.errors import BUSY, FAILED, OK, TERMINATED, JobError, WorkbenchError
from workbench.files import PATIENCE, claim, prepare_folder
from workbench.run import Run
from workbench.sweeps.curve import has_diverged, read_curve, read_steps
from workbench.sweeps.following import Asked, Follower, listening, say, to_exit_code
from workbench.sweeps.outcome import BEHIND
from workbench.sweeps.plan import SearchPlan, name_runs, read_plan
from workbench.sweeps.record import SweepFolder
from workbench.sweeps.search import State, alone, open_study, report, show_values, take_up, tell

WARMUP = 3  # no training is ended in its first third: high learning rates look bad there, and may win


@dataclass(slots=True, kw_only=True)
class Work:
    """What one process knows of its trial."""

    plan: SearchPlan
    study: Any
    trial: Any
    asked: Asked
    scores: list[float] = field(default_factory=list)  # what its trainings came to so far
    passed: int = 0  # steps of these

    def see(self, run: Run, step: int, value: float) -> str:
        """Tell how good the trial is by now, over all its trainings; return why that is the end of it, if it is."""
        steps, place = read_steps(run), self.passed + step
        mean = (sum(self.scores) + value) / (len(self.scores) + 1)
        is_behind = report(self.study, self.trial, place, mean)
        if is_behind and steps / WARMUP <= step < steps:
            return f"{BEHIND} by step {place}"
        return ""

    def end(self, state: State, reason: str = "", *, value: float | None = None) -> None:
        """Write down its final state; whatever is killed after this, it stays."""
        tell(self.study, self.trial, state, value=value, reason=reason)
        words = f"{state} {value:.4f}" if value is not None else f"{state}: {reason}"
        say(words)


def run_trial(folder: SweepFolder, number: int) -> int:
    """Bring a trial to its end; return the exit code of its job."""
    plan = read_plan(folder)
    with listening() as asked, held(folder, number):
        study = open_study(folder, plan)
        with alone(folder):
            trial = take_up(study, plan, number)
        values = show_values(plan, trial)
        runs = name_runs(folder, plan, number)
        say(f"trial {number} of {plan.count}: {' '.join(word for pair in values.items() for word in pair)}")
        if trial.state.name == "RUNNING":
            work = Work(plan=plan, study=study, trial=trial, asked=asked)
            code, goes_on = _train_all(work, runs, values)
        else:
            code, goes_on = OK, trial.state.name == "COMPLETE"
            say(f"it has ended before: {trial.state.name.lower()}")
        return _do_rest(plan, runs, asked) if goes_on else code


def _train_all(work: Work, runs: Sequence[Run], values: dict[str, str]) -> tuple[int, bool]:
    """Train once for each seed, and judge; return an exit code, and whether there is something to follow."""
    for repeat, run in zip(work.plan.repeats, runs, strict=True):
        follower = Follower(
            run=run,
            metric=work.plan.metric,
            asked=work.asked,
            seen=partial(work.see, run),
            decided=partial(work.end, "pruned"),
        )
        words = work.plan.make_command(values, repeat, run.name)
        code, ended = follower.follow(words, work.plan.place)
        if ended:
            return OK, False
        if code and has_diverged(run):  # it would again: that is what there is to learn about these values
            work.end("pruned", "the loss became no number")
            return OK, False
        if code:
            return to_exit_code(code), False
        curve = read_curve(run, work.plan.metric)
        if not curve:
            work.end("failed", f"{run.name} ended without a validation score")
            return FAILED, False
        work.scores.append(max(curve.values()))  # the best weights are the ones that are kept
        work.passed += max(read_steps(run), *curve)
    work.end("complete", value=sum(work.scores) / len(work.scores))
    return OK, True


def _do_rest(plan: SearchPlan, runs: Sequence[Run], asked: Asked) -> int:
    """What follows trainings that ran to their end; again, when it was killed on the way."""
    for run in runs:
        for words in plan.then:
            if asked.signal:
                return TERMINATED
            code = subprocess.run(
                [*words, str(run.folder)], cwd=plan.place, close_fds=False, check=False
            ).returncode
            if code:
                return to_exit_code(code)
    return OK


@contextmanager
def held(folder: SweepFolder, number: int) -> Iterator[None]:
    """Keep everybody else from this trial, until this process and its training are gone."""
    prepare_folder(folder.lock(number).parent)
    descriptor = os.open(folder.lock(number), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not claim(descriptor, patience=PATIENCE):
            raise JobError(
                f"trial {number}: must be free, but another process works on it; wait for it", BUSY
            )
        os.set_inheritable(descriptor, True)
        yield
    finally:
        os.close(descriptor)


def main() -> int:
    """Run one trial."""
    parser = argparse.ArgumentParser(prog="workbench.sweeps.trial", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("number", type=int)
    typed = parser.parse_args()
    try:
        return run_trial(SweepFolder(path=typed.folder), typed.number)
    except WorkbenchError as error:
        say(f"workbench: {error}")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())

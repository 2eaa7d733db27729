"""A dry run: the command lines that would be run, and what preflight says of the first of each project."""

import subprocess
from typing import TYPE_CHECKING, Any

from workbench.commands.launching.telling import to_json
from workbench.commands.output import print_json, print_line, say
from workbench.errors import OK
from workbench.sweeps.names import FOLD

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.sweeps.trials import Trial


def rehearse(trials: "list[Trial]", *, folds: int, as_json: bool) -> int:
    """Start nothing; say what would be, and refuse what a launch would refuse."""
    from workbench.jobs.words import show_command, show_words

    projects = dict.fromkeys(trial.project for trial in trials)
    for project in projects if folds else ():
        _draw(project, folds)
    estimates = {
        project: _estimate(next(one for one in trials if one.project == project)) for project in projects
    }
    if as_json:
        found = [to_json(trial, []) for trial in trials]
        print_json({"jobs": found, "estimates": {str(key): value for key, value in estimates.items()}})
        return OK
    for trial in trials:
        for job in trial.jobs:
            print_line(show_command(job))
    if trials[0].search:
        say(
            f"\neach trains with values that are chosen when it begins, such as\n{show_words(trials[0].sample)}"
        )
    for project, estimate in estimates.items():
        count = sum(trial.project == project for trial in trials)
        say(f"\n{project.name}: {describe(estimate, count)}")
    return OK


def _draw(project: "Path", folds: int) -> None:
    from workbench.commands.launching.recording import tell_folds
    from workbench.conversion.folds import draw_folds
    from workbench.project import read_project

    for line in tell_folds(draw_folds(read_project(project), folds)):
        say(f"{project.name}: {line}")


def _estimate(trial: "Trial") -> dict[str, Any]:
    """Ask preflight about a training, as it would be run."""
    import json

    job, command = trial.jobs[0], trial.sample
    words = [*command[:3], "preflight", *command[4:-2], "--json"]
    if FOLD in words:  # no folds are drawn yet, and each is about as large as the others
        del words[words.index(FOLD) : words.index(FOLD) + 2]
    done = subprocess.run(words, cwd=job.place, capture_output=True, text=True, check=False)
    try:
        found = dict(json.loads(done.stdout))
    except ValueError:
        found = {"ok": False, "problems": done.stderr.strip().splitlines()[-1:]}
    if done.returncode and not found.get("problems"):
        found |= {"ok": False, "problems": [f"preflight ended with exit code {done.returncode}"]}
    return found


def describe(found: dict[str, Any], count: int) -> str:
    """Say in one line what preflight found."""
    problems, pace = found.get("problems") or [], found.get("pace") or {}
    if problems:
        return f"would fail: {problems[0]}"
    each = "each training" if count > 1 else "the training"
    memory = f"{pace.get('memory_gb', 0):.1f} GB"
    return f"{each} takes {format_hours(found.get('hours') or 0.0)} and {memory}, by a few steps made here"


def format_hours(hours: float) -> str:
    """Say a time as roughly as it is known."""
    if hours < 1 / 60:
        return "less than a minute"
    return f"about {hours * 60:.0f} minutes" if hours < 2 else f"about {hours:.1f} hours"

"""What was put into the queue, for a person and for a program."""

from typing import TYPE_CHECKING, Any

from workbench.commands.output import format_table, print_json, print_line, say

if TYPE_CHECKING:
    from workbench.jobs.job import Entry
    from workbench.sweeps.trials import Trial


def tell(trials: "list[Trial]", numbers: list[int], *, as_json: bool) -> None:
    """A line a training: its jobs, its run, its values."""
    shares = iter(numbers)
    mine = [[next(shares) for _ in trial.jobs] for trial in trials]
    if as_json:
        print_json({"jobs": [to_json(trial, one) for trial, one in zip(trials, mine, strict=True)]})
        return
    if trials[0].search:
        from workbench.commands.launching.searching import tell_search

        tell_search(trials, numbers)
        return
    keys = list(trials[0].values)
    rows: list[tuple[str, ...]] = [("jobs", "run", *keys)]
    for trial, one in zip(trials, mine, strict=True):
        rows.append((", ".join(map(str, one)), str(trial.run), *(trial.values[key] for key in keys)))
    print_line(format_table(rows))
    say("\nworkbench jobs lists them; workbench jobs logs JOB -f follows one")
    name = trials[0].jobs[0].group
    if name:
        say(f"workbench sweeps {trials[0].project.name} show {name} says which is best so far")


def tell_ends(trials: "list[Trial]", ends: "list[Entry]") -> None:
    """The document of what was run in this terminal; the numbers of its jobs mean nothing any more."""
    states = iter(entry.state for entry in ends)
    print_json({"jobs": [{**to_json(one, []), "states": [next(states) for _ in one.jobs]} for one in trials]})


def to_json(trial: "Trial", numbers: list[int]) -> dict[str, Any]:
    """What `--json` says of a training."""
    commands = [list(job.command) for job in trial.jobs]
    return {"run": str(trial.run), "values": dict(trial.values), "numbers": numbers, "commands": commands}

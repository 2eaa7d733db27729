"""`workbench sweeps adopt`: what of project.toml would change for the best trial, and the change itself."""

import argparse
from typing import TYPE_CHECKING, Any

from workbench.commands.folding import fold
from workbench.commands.output import format_table, print_json, print_line, safe, say
from workbench.errors import FAILED, OK
from workbench.sweeps.names import SweepError
from workbench.sweeps.record import SweepFolder
from workbench.sweeps.telling import name_values, tell_verdict

if TYPE_CHECKING:
    from workbench.sweeps.adoption import Adoption
    from workbench.sweeps.outcome import Outcome
    from workbench.sweeps.standing import Standings


def adopt(folder: SweepFolder, args: argparse.Namespace) -> int:
    """Write best.toml; with --accept also project.toml, whose old content is kept."""
    from workbench.run import Run
    from workbench.sweeps.adoption import accept, plan_adoption, write_best
    from workbench.sweeps.standing import read_standings

    found = read_standings(folder)
    chosen = _choose(found, args.trial)
    adoption = plan_adoption(folder, Run(folder=folder.project / "runs" / chosen.run))
    document: dict[str, Any] = {
        "run": chosen.run,
        "values": dict(chosen.values),
        "best": str(write_best(folder, adoption)),
        "changes": [{"key": key, "values": [old, new]} for key, old, new in adoption.changes],
        "accepted": args.accept,
    }
    if args.accept:
        document["before"] = str(accept(folder, adoption))
    if args.json:
        print_json(document)
    else:
        _tell(found, adoption, document, named=bool(args.trial))
    return OK


def _choose(found: "Standings", number: int) -> "Outcome":
    """A training of the best row, or of a trial that a person names."""
    if number:
        trials = [one for one in found.outcomes if one.trial == number and one.counts]
        if not trials:
            raise SweepError(
                f"trial {number}: must be a finished trial of {found.sweep.name}, but is not", FAILED
            )
        return trials[0]
    if found.best is None:
        raise SweepError(
            f"{found.sweep.name}: must have a finished training to adopt, but has none; wait for one", FAILED
        )
    return next(one for one in found.best.outcomes if one.counts)


def _tell(found: "Standings", adoption: "Adoption", document: dict[str, Any], *, named: bool) -> None:
    if not named and found.best:
        for sentence in tell_verdict(found):
            say(fold(safe(sentence)))
        say("")
    print_line(_describe(adoption))
    say("")
    if adoption.left_out:
        say(f"left out, for they are no settings of the project: {', '.join(adoption.left_out)}")
    if adoption.changed_since:
        say("project.toml has changed since the trial was launched: what changed is kept")
    if named:
        say(f"these are the values of {document['run']}, not of the best: {name_values(found.best)}")
    if document["accepted"]:
        say(f"project.toml is changed; what it was is kept in {document['before']}")
    else:
        say(f"written to {document['best']}; --accept puts it into project.toml")


def _describe(adoption: "Adoption") -> str:
    if not adoption.changes:
        return "project.toml says all this already"
    rows: list[tuple[str, ...]] = [("key", "project.toml", "best")]
    rows += [
        (safe(key), "-" if old is None else safe(str(old)), safe(str(new)))
        for key, old, new in adoption.changes
    ]
    return format_table(rows)

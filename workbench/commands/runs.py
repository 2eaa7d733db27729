"""`workbench runs`: every run of a project, where it came from, and what it reached."""

import argparse
from pathlib import Path

from workbench.commands.output import print_json, print_line, say
from workbench.commands.run_diff import diff_runs, format_diff
from workbench.commands.run_lines import describe_run, format_list, summarise_run
from workbench.errors import OK, USAGE, InputMissing, WorkbenchError
from workbench.project_folder import find_project
from workbench.run import Run, RunBusy, find_run, hold, is_held, list_runs

HELP = "List a project's runs, show one, tell two apart, or remove some."
EXAMPLE = "workbench runs balloons"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `runs` takes."""
    parser.add_argument("project", help="a project: its folder, or its name under projects/")
    parser.add_argument("action", nargs="?", choices=("list", "show", "diff", "remove"), default="list")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="a name in the list, or a run folder")
    parser.add_argument("--yes", action="store_true", help="remove without asking")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; `list` where nothing was."""
    folder = find_project(args.project)
    if folder is None:
        raise InputMissing(f"{args.project}: must be a project, but has no project.toml; check the name")
    runs = folder / "runs"
    if args.action == "list" and args.runs:
        return _usage("list takes no run; workbench runs PROJECT show RUN tells of one")
    acts = {"list": _list, "show": _show, "diff": _diff, "remove": _remove}
    return acts[args.action](args, runs)


def _usage(text: str) -> int:
    say(f"workbench runs: {text}")
    return USAGE


def _list(args: argparse.Namespace, runs: Path) -> int:
    rows = [summarise_run(one) for one in _known(runs)]
    if args.json:
        print_json({"runs": rows})
    else:
        print_line(format_list(rows, args.project))
    return OK


def _show(args: argparse.Namespace, runs: Path) -> int:
    found = _find(args, runs)
    if len(found) != 1:
        return _usage("show takes one run; workbench runs PROJECT lists them")
    if args.json:
        from workbench.run import read_record

        print_json({**summarise_run(found[0]), "record": read_record(found[0])})
    else:
        print_line(describe_run(found[0], args.project))
    return OK


def _diff(args: argparse.Namespace, runs: Path) -> int:
    found = _find(args, runs)
    if len(found) != 2:
        return _usage("diff takes two runs; workbench runs PROJECT lists them")
    rows = diff_runs(*found)
    if args.json:
        print_json(
            {
                "runs": [one.name for one in found],
                "differences": [{"key": key, "values": [old, new]} for key, old, new in rows],
            }
        )
    else:
        print_line(format_diff(found[0].name, found[1].name, rows))
    return OK


def _known(runs: Path) -> list[Run]:
    """Without those that somebody is just removing."""
    return [one for one in list_runs(runs) if not one.name.startswith(".")]


def _find(args: argparse.Namespace, runs: Path) -> list[Run]:
    return [_find_one(name, runs) for name in args.runs]


def _find_one(name: str, runs: Path) -> Run:
    """A name, a path, or `last`; else the nearest name is said."""
    known = _known(runs)
    if name == "last" and known:
        return known[-1]
    try:
        return find_run(name, runs)
    except InputMissing:
        from workbench.errors import nearest

        names = [run.name for run in known]
        raise InputMissing(
            f"{name}: must be a run of this project, but is not{nearest(name, names)}"
        ) from None


def _remove(args: argparse.Namespace, runs: Path) -> int:
    found = list({one.folder.resolve(): one for one in _find(args, runs)}.values())
    if not found:
        return _usage("remove takes one run or more; workbench runs PROJECT lists them")
    for one in found:
        if one.folder.resolve().parent != runs.resolve():
            raise WorkbenchError(
                f"{one.folder}: must lie in {runs} to be removed, but does not; name its project"
            )
        if is_held(one):
            raise RunBusy(f"{one.folder}: must not be training to be removed, but is; stop it first")
    if not args.yes and not _agreed(found):
        say("nothing was removed")
        return USAGE
    for one in found:
        delete_run(one)
    if args.json:
        print_json({"removed": [one.name for one in found]})
    else:
        print_line("\n".join(f"removed {one.name}" for one in found))
    return OK


def _agreed(found: list[Run]) -> bool:
    from sys import stdin

    say("These runs go for ever, weights and all:")
    for one in found:
        say(f"  {one.folder}")
    if not stdin.isatty():
        say("there is nobody to ask; say --yes")
        return False
    say("Remove them? [y/N]")
    return stdin.readline().strip().lower() in ("y", "yes")


def delete_run(one: Run) -> None:
    """First out of the list, in one move, then away; a kill in between leaves what the next removal sweeps up."""
    from contextlib import suppress
    from shutil import rmtree

    from workbench.files import explain_os_error, sweep, temporary_name

    try:
        with hold(one):
            gone = temporary_name(one.folder)
            one.folder.rename(gone)
        rmtree(gone)
    except OSError as error:
        raise explain_os_error(one.folder, error) from error
    with suppress(OSError):
        sweep(one.folder.parent)

"""`workbench sweeps`: trainings that belong together in one table: which are best, and is it more than noise."""

import argparse
from pathlib import Path
from shlex import quote

from workbench.commands.output import print_json, print_line, say
from workbench.errors import BUSY, OK, USAGE, InputMissing, WorkbenchError
from workbench.project_folder import find_project
from workbench.sweeps.names import SweepError
from workbench.sweeps.record import SweepFolder, find_sweep, list_sweeps

HELP = "Compare the trainings of a sweep: which values are best, by how much, and whether that is more than noise."
EXAMPLE = "workbench sweeps balloons show"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `sweeps` takes."""
    parser.add_argument("project", help="a project: its folder, or its name under projects/")
    parser.add_argument(
        "action", nargs="?", choices=("list", "show", "page", "adopt", "remove"), default="list"
    )
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="of the sweep; the last one")
    parser.add_argument("--open", action="store_true", help="with page: open it in a browser")
    parser.add_argument(
        "--accept", action="store_true", help="with adopt: into project.toml, which is kept beside the sweep"
    )
    parser.add_argument(
        "--trial", type=int, default=0, metavar="N", help="with adopt: the values of this trial, not the best"
    )
    parser.add_argument("--yes", action="store_true", help="with remove: without asking, runs and all")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; `list` where nothing was."""
    project = find_project(args.project)
    if project is None:
        raise InputMissing(f"{args.project}: must be a project, but is not there; check the name")
    if args.action == "list" and args.name:
        say("workbench sweeps: list takes no name; workbench sweeps PROJECT show NAME tells of one")
        return USAGE
    acts = {"list": _list, "show": _show, "page": _page, "adopt": _adopt, "remove": _remove}
    return acts[args.action](args, project)


def _list(args: argparse.Namespace, project: Path) -> int:
    """One that cannot be read, or not on this machine, costs the others nothing."""
    from workbench.commands.sweep_lines import format_sweeps
    from workbench.sweeps.standing import read_standings, standings_to_json

    found, unread = [], []
    for folder in list_sweeps(project):
        try:
            found.append(read_standings(folder))
        except WorkbenchError as error:
            unread.append({"name": folder.name, "folder": str(folder.path), "error": str(error)})
    if args.json:
        print_json({"sweeps": [*map(standings_to_json, found), *unread]})
    elif found or not unread:
        print_line(format_sweeps(found, args.project))
    for one in unread:
        say(f"{one['name']}: {one['error']}")
    return OK


def _show(args: argparse.Namespace, project: Path) -> int:
    from workbench.commands.sweep_lines import format_standings
    from workbench.sweeps.standing import read_standings, standings_to_json

    found = read_standings(find_sweep(project, args.name))
    if args.json:
        print_json(standings_to_json(found))
        return OK
    print_line(format_standings(found))
    if found.best:
        name = quote(found.sweep.name)
        say(f"\nworkbench sweeps {args.project} page {name} draws it; … adopt {name} takes the best over")
    return OK


def _page(args: argparse.Namespace, project: Path) -> int:
    from workbench.files import write_atomically
    from workbench.sweeps.page import render_sweep
    from workbench.sweeps.standing import read_standings

    folder = find_sweep(project, args.name)
    write_atomically(folder.page, render_sweep(read_standings(folder)).encode())
    if args.json:
        print_json({"page": str(folder.page)})
    else:
        print_line(str(folder.page))
    if args.open:
        import webbrowser

        if not webbrowser.open(folder.page.resolve().as_uri()):
            say(f"no browser could be started; open {folder.page} yourself")
    return OK


def _adopt(args: argparse.Namespace, project: Path) -> int:
    from workbench.commands.adopting import adopt

    return adopt(find_sweep(project, args.name), args)


def _remove(args: argparse.Namespace, project: Path) -> int:
    """The folder of the sweep and all its runs; nothing while any of them is being trained."""
    if not args.name:
        say("workbench sweeps: remove takes the name of a sweep; workbench sweeps PROJECT lists them")
        return USAGE
    folder = find_sweep(project, args.name)
    runs = _find_runs(folder)
    if not args.yes and not _agreed(folder, runs):
        say("nothing was removed")
        return USAGE
    from workbench.commands.runs import delete_run
    from workbench.run import Run
    from workbench.sweeps.record import remove_sweep

    for path in runs:
        delete_run(Run(folder=path))
    remove_sweep(folder)
    if args.json:
        print_json({"removed": folder.name, "runs": [path.name for path in runs]})
    else:
        print_line(f"removed {folder.name} and its {len(runs)} runs")
    return OK


def _find_runs(folder: SweepFolder) -> list[Path]:
    from workbench.sweeps.standing import read_standings

    found = read_standings(folder)
    if found.is_open:
        raise SweepError(
            f"{folder.path}: must have ended to be removed, but has not; workbench jobs stop ends jobs", BUSY
        )
    runs = (folder.project / "runs" / one.run for one in found.outcomes)
    return [path for path in runs if path.is_dir()]


def _agreed(folder: SweepFolder, runs: list[Path]) -> bool:
    from sys import stdin

    say(f"{folder.path} and {len(runs)} runs go for ever, weights and all.")
    if not stdin.isatty():
        say("there is nobody to ask; say --yes")
        return False
    say("Remove them? [y/N]")
    return stdin.readline().strip().lower() in ("y", "yes")

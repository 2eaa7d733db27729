"""`workbench label`: Labelme on a project, and what was done in it."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.output import print_json, print_line, safe, say
from workbench.errors import FAILED, OK, USAGE, InputMissing, MissingExtra, nearest
from workbench.project import Project, read_project
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.inspection.checked import Checked
    from workbench.labelling.account import Account
    from workbench.labelling.labelme import Closed, Labelme
    from workbench.labelling.work import Work

HELP = "Open Labelme on a project, a queue, or what is unlabelled; then say what changed, and check it."
EXAMPLE = "workbench label balloons --unlabelled"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `label` takes."""
    parser.add_argument("project", help="a project: its folder, or its name under projects/")
    parser.add_argument(
        "--queue",
        type=Path,
        metavar="FILE",
        help="only these images: one a line, a JSON list, or a selection.json",
    )
    parser.add_argument("--unlabelled", action="store_true", help="only images without a Labelme file")
    parser.add_argument(
        "--seen",
        action="store_true",
        help="open nothing: you have looked at the images of --queue with every class in mind",
    )
    parser.add_argument("--labelme", metavar="PROGRAM", help="the program, where it is not found by itself")
    parser.add_argument("--dry-run", action="store_true", help="open nothing, print the command line")
    parser.add_argument("--json", action="store_true", help="print everything as one JSON document")


def run(args: argparse.Namespace) -> int:
    """Find out what to open, open it, tell what was done."""
    if args.seen and not args.queue:
        say("workbench label: --seen needs a --queue; name the images that you have looked at")
        return USAGE
    from workbench.labelling.labelled import take_stock
    from workbench.labelling.work import choose_work

    project = _find(args.project)
    work = choose_work(project, take_stock(project.annotations), args.queue, unlabelled=args.unlabelled)
    _say_some(work.refused)
    if args.seen:
        return _mark_seen(args, project, work)
    return _rehearse(args, project, work) if args.dry_run else _label(args, project, work)


def _find(name: str) -> Project:
    home = find_project(name)
    if home is None:
        known = [path.parent.name for path in Path("projects").glob("*/project.toml")]
        raise InputMissing(f"{name}: must be a project, but is not{nearest(name, known)}")
    return read_project(home)


def _say_some(lines: Sequence[str], shown: int = 5) -> None:
    for line in lines[:shown]:
        say(safe(line))
    if len(lines) > shown:
        say(f"and {len(lines) - shown} more")


def _mark_seen(args: argparse.Namespace, project: Project, work: "Work") -> int:
    """Take a person's word that there was nothing to draw."""
    from workbench.labelling.classes import catch_up, look_at

    catch_up(project)
    look_at(project, work.names)
    left = catch_up(project).look_again
    if args.json:
        print_json({"seen": list(work.names), "look_again": {name: list(left[name]) for name in left}})
        return OK
    rest = ", ".join(f"{len(images)} for {name}" for name, images in left.items())
    print_line(safe(f"looked at: {len(work.names)} images; still to look at: {rest or 'none'}"))
    return OK


def _rehearse(args: argparse.Namespace, project: Project, work: "Work") -> int:
    """Say what would be run; only our own config file is written, so that the line works as it stands."""
    from workbench.commands.label_lines import describe_news
    from workbench.labelling.classes import find_news
    from workbench.labelling.labelme import build_command, plan_window, show_command
    from workbench.labelling.queue_desk import find_desk

    labelme = _find_or_name(args.labelme)
    folder = project.annotations if work.whole else find_desk(project)
    window, notes = plan_window(labelme, folder, project)
    _say_some([*notes, *describe_news(find_news(project), project, future=True)], 20)
    command = build_command(labelme, window)
    if args.json:
        print_json({"command": command, "folder": str(folder), "images": list(work.names)})
    else:
        print_line(show_command(command))
    return OK


def _find_or_name(named: str | None) -> "Labelme":
    """The words are worth seeing where the program is not there, too."""
    from workbench.labelling.labelme import Labelme, find_labelme

    try:
        return find_labelme(named)
    except MissingExtra as error:
        say(str(error))
        return Labelme(program=Path(named or "labelme"), version=(6, 3))


def _label(args: argparse.Namespace, project: Project, work: "Work") -> int:
    """Open the window, and account for it when it is closed."""
    from workbench.commands.label_lines import describe_news, print_account, print_next, told_to_json
    from workbench.labelling.account import account, require_closed
    from workbench.labelling.classes import catch_up
    from workbench.labelling.labelme import Closed, find_labelme, require_screen

    require_closed(project)
    left = account(project)
    if left.any and not args.json:
        print_line("Done in a window whose end the workbench did not see:")
        print_account(left, project, _check(project, left))
        print_line()
    news = catch_up(project)
    _say_some(describe_news(news, project), 20)
    closed = Closed(code=0)
    if work.images:
        require_screen()
        closed = _open(find_labelme(args.labelme), project, work)
    else:
        say(safe(f"{project.annotations}: no image to open; put some there, or leave out --unlabelled"))
    told, after = account(project), catch_up(project)
    checked = _check(project, told)
    if args.json:
        print_json(told_to_json(project, work, (closed, told, left), (checked, news, after)))
    elif work.images:
        print_account(told, project, checked)
        print_next(project, after)
    return OK if closed.well and not checked.errors and not told.sitting.torn else FAILED


def _open(labelme: "Labelme", project: Project, work: "Work") -> "Closed":
    """On the annotations themselves, or on a desk with copies of some."""
    from workbench.commands.label_lines import describe_hints
    from workbench.labelling.labelme import plan_window, prepare_place, run_labelme
    from workbench.labelling.queue_desk import fill_desk, find_desk
    from workbench.labelling.sitting import begin

    folder = project.annotations if work.whole else find_desk(project)
    if work.whole:
        begin(project)
    else:
        _say_some([line for _, line in fill_desk(project, work.images).refused])
    window, notes = plan_window(labelme, folder, project)
    _say_some([*notes, *describe_hints(project)], 20)
    count = f"{len(work.images)} image{'' if len(work.images) == 1 else 's'}"
    say(safe(f"{labelme.name} on {folder}: {count}. What is drawn is saved; close the window to go on."))
    closed = run_labelme(labelme, window, prepare_place(project))
    if not closed.well:
        say(safe(f"{labelme.name} did not end well ({closed})"))
    return closed


def _check(project: Project, told: "Account") -> "Checked":
    """What `workbench check` says of the files that were changed."""
    from workbench.inspection.folder import Scope, check_some

    labels = [category.name for category in project.categories]
    checked = check_some(project.annotations, told.sitting.names, Scope(labels=labels))
    checked.findings = sorted(set(checked.findings))
    return checked

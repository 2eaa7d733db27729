"""`workbench relabel`: what was picked becomes drafts with the model's outlines; what a person finished comes back."""

import argparse
from typing import TYPE_CHECKING, Any

from workbench.commands.output import count_words, format_table, print_json, print_line, safe, say
from workbench.errors import FAILED, OK, USAGE, InputMissing

if TYPE_CHECKING:
    from workbench.commands.relabelling import Relabelled, Wishes
    from workbench.project import Project
    from workbench.run import Run

HELP = "Send what a run contradicts, or would learn from, to Labelme as drafts, and bring back what you finished."
EXAMPLE = "workbench relabel balloons --suspects 20 --open"
SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `relabel` takes."""
    parser.add_argument("run", help="a run: its folder or name, or a project for its last one")
    parser.add_argument(
        "--from-tags", action="store_true", help="draft what was tagged in FiftyOne (workbench review)"
    )
    parser.add_argument("--suspects", type=_count, metavar="N", help="draft the N most suspicious labels")
    parser.add_argument(
        "--useful", type=_count, metavar="N", help="draft the N unlabelled images to learn most from"
    )
    parser.add_argument(
        "--error", type=float, default=1.0, metavar="PX", help="how far a polygon may be off (1)"
    )
    parser.add_argument(
        "--min-score", type=float, metavar="S", help="draw what has this score; best for its class otherwise"
    )
    parser.add_argument("--open", action="store_true", help="open the drafts in Labelme")
    parser.add_argument("--accept", action="store_true", help="merge what you finished into the annotations")
    parser.add_argument(
        "--all", action="store_true", help="with --accept: drafts that you did not touch, too"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, but got {text}")
    return value


def run(args: argparse.Namespace) -> int:
    """Lay out, open, bring back; or say how far it is."""
    complaint = _find_contradiction(args)
    if complaint:
        say(f"workbench relabel: {complaint}")
        return USAGE
    from workbench.commands.relabelling import find_run_project
    from workbench.commands.run_choice import choose_run

    chosen = choose_run(args.run)
    project = find_run_project(chosen)
    documents: list[dict[str, Any]] = []
    if args.from_tags or args.suspects or args.useful:
        documents.append(_lay(args, chosen, project))
    if args.open:
        _open(chosen, project)
    code = OK
    if args.accept:
        code, document = _accept(args, chosen, project)
        documents.append(document)
    elif not documents:
        documents.append(_tell_states(args, chosen))
    if args.json:
        print_json({key: value for document in documents for key, value in document.items()})
    return FAILED if any(document.get("refused") for document in documents) else code


def _find_contradiction(args: argparse.Namespace) -> str:
    sources = [bool(args.from_tags), args.suspects is not None, args.useful is not None]
    if sum(sources) > 1:
        return "--from-tags, --suspects and --useful each make a selection; choose one"
    if args.all and not args.accept:
        return "--all goes with --accept"
    if args.accept and any(sources) and not args.open:
        return "--accept brings back what you finished; pick something new afterwards"
    if args.error < 0 or (args.min_score is not None and not 0 <= args.min_score <= 1):
        return "--error must be 0 or more, and --min-score from 0 to 1"
    return ""


def _lay(args: argparse.Namespace, chosen: "Run", project: "Project") -> dict[str, Any]:
    from workbench.commands.relabelling import Wishes

    done = _select(args, chosen, project, Wishes(error=args.error, min_score=args.min_score))
    document = done.to_json(chosen)
    if not args.json:
        _tell_laid(args, chosen, done)
    return document


def _select(args: argparse.Namespace, chosen: "Run", project: "Project", wishes: "Wishes") -> "Relabelled":
    from functools import partial

    from workbench.commands import relabelling

    if args.useful:
        from workbench.engine.prediction.images import ready

        model = ready(chosen, wishes.device)
        selection = relabelling.pick_useful(chosen, project, model, args.useful)
        make = partial(relabelling.draft_new, chosen, project, model, wishes)
        return relabelling.lay_selection(chosen, project, selection, make)
    if args.from_tags:
        from workbench.review.tags import read_tags

        selection = read_tags(chosen)
    else:
        selection = relabelling.pick_suspected(chosen, args.suspects)
    return relabelling.lay_selection(
        chosen, project, selection, partial(relabelling.draft_known, chosen, project, wishes)
    )


def _tell_laid(args: argparse.Namespace, chosen: "Run", done: "Relabelled") -> None:
    """Say what lies there, why, and how to go on."""
    for image, problem in done.laid.refused:
        say(safe(f"{image}: {problem}" if image not in problem else problem))
    for image, desk in done.elsewhere.items():
        say(safe(f"{image}: you have begun it in {desk}; bring that back first"))
    if not done.selection.picks:
        print_line("nothing was picked")
        return
    counts = ", ".join(
        (
            count_words(len(done.laid.ready), "image"),
            f"{count_words(done.proposals, 'object')} drawn",
            f"{count_words(done.noted, 'label')} with a note",
        )
    )
    print_line(safe(f"{chosen.drafts}: {counts}"))
    shown = [pick for pick in done.selection.picks if pick.image in set(done.laid.ready)]
    for pick in shown[:SHOWN]:
        print_line(safe(f"  {pick.image}: {pick.why}"))
    if len(shown) > SHOWN:
        print_line(f"  … and {len(shown) - SHOWN} more ({chosen.selection})")
    if done.laid.left:
        print_line(f"left as you have them: {len(done.laid.left)}")
    if done.withdrawn:
        print_line(f"taken from other desks, where nobody had begun them: {done.withdrawn}")
    if done.laid.ready or done.laid.left:
        again = f"workbench relabel {args.run}"
        print_line()
        print_line(safe(f"Next: {again} --open, then {again} --accept"))


def _open(chosen: "Run", project: "Project") -> None:
    """Come back when the window is closed."""
    from workbench.drafting.slots import read_slots
    from workbench.labelling.labelme import open_labelme

    if not read_slots(chosen.drafts):
        say(safe(f"{chosen.drafts}: nothing to open; --suspects, --from-tags or --useful put drafts there"))
        return
    closed = open_labelme(chosen.drafts, project)
    if not closed.well:
        say(safe(f"Labelme ended with {closed.code}: {closed.words}"))


def _accept(args: argparse.Namespace, chosen: "Run", project: "Project") -> tuple[int, dict[str, Any]]:
    from workbench.commands.accepting import accept_drafts, print_accepted
    from workbench.drafting.slots import read_slots
    from workbench.labelling.labelme import is_open

    if not read_slots(chosen.drafts):
        raise InputMissing(
            f"{chosen.drafts}: must hold drafts, but does not; workbench relabel {args.run} --suspects 20 makes them"
        )
    if is_open(chosen.drafts, project):
        say(
            safe(
                f"Labelme is open on {chosen.drafts}: what you save from now on comes with the next --accept"
            )
        )
    done = accept_drafts(chosen.drafts, project, everything=args.all)
    if not args.json:
        print_accepted(done, project, f"workbench relabel {args.run} --accept")
    return done.code, done.to_json()


def _tell_states(args: argparse.Namespace, chosen: "Run") -> dict[str, Any]:
    """How far it is; nothing is done."""
    from workbench.drafting.desk import read_states

    states = read_states(chosen.drafts)
    if not args.json:
        rows: list[tuple[str, ...]] = [
            ("image", "state"),
            *((safe(one), state) for one, state in states.items()),
        ]
        print_line(format_table(rows) if states else f"{chosen.drafts}: no drafts yet")
        print_line()
        print_line(safe(f"Next: workbench relabel {args.run} {'--open' if states else '--suspects 20'}"))
    return {"run": str(chosen.folder), "drafts": str(chosen.drafts), "states": dict(states)}

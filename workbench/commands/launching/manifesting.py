"""Trainings as a manifest for a cluster that has its own queue; nothing is launched."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.output import print_line, say
from workbench.errors import OK, USAGE, JobError

if TYPE_CHECKING:
    from workbench.sweeps.trials import Trial


def add_manifest_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what asks for a manifest."""
    parser.add_argument(
        "--manifest",
        default="",
        metavar="KIND",
        help="print a file for kubernetes or skypilot; launch nothing",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of the manifest: image=…, memory=16Gi",
    )
    parser.add_argument(
        "--out", default="", metavar="FILE", help="where the manifest goes, instead of stdout"
    )


def write_manifest(trials: "Sequence[Trial]", args: argparse.Namespace) -> int:
    """Print the manifest, or write it into a file; a sweep is written down as every other."""
    from workbench.commands.launching.recording import begin_sweeps, record_sweeps

    text = _show(trials, args)
    out = Path(args.out) if args.out else None
    if out is not None:
        from workbench.files import prepare_file

        prepare_file(out)
    begun = begin_sweeps(trials, args)
    record_sweeps(begun, trials, None, ())
    if out is None:
        print_line(text.removesuffix("\n"))
    else:
        from workbench.files import write_atomically

        write_atomically(out, text.encode())
        say(f"{out}: {len(trials)} trainings" if len(trials) > 1 else f"{out}: a training")
    return OK


def _show(trials: "Sequence[Trial]", args: argparse.Namespace) -> str:
    from workbench.jobs.manifests.table import show_manifest
    from workbench.jobs.manifests.work import Work, relocate

    _require_sound(trials, args)
    root = Path.cwd().resolve()
    for project in dict.fromkeys(trial.project for trial in trials):
        _require_below(project, root)
    name = trials[0].jobs[0].group or trials[0].name
    chains = relocate([trial.jobs for trial in trials], root)
    return show_manifest(args.manifest, Work(name=name, chains=chains, told=_read_told(args.set)))


def _require_sound(trials: "Sequence[Trial]", args: argparse.Namespace) -> None:
    """Refuse what only a queue of ours could do."""
    if not args.manifest:
        raise JobError("--set and --out: must stand with --manifest, but stand alone; say which kind", USAGE)
    others = {
        "--search": bool(args.search),
        "--after": bool(args.after),
        "--priority": bool(args.priority),
        "--nodes": args.nodes > 1,
        "--slurm": bool(args.slurm),
        "--on": args.on != "local",
        "--json": args.json,
    }
    wrong = [name for name, given in others.items() if given]
    if wrong:
        raise JobError(f"{wrong[0]}: must not stand with --manifest, but does; leave it out", USAGE)


def _require_below(project: Path, root: Path) -> None:
    """What the project needs has to be in the folder that the cluster sees."""
    from workbench.project import read_project

    images = read_project(project).annotations.resolve()
    if not images.is_relative_to(root):
        raise JobError(
            f"{images}: must lie below {root}, which the cluster is to see, but does not; "
            "launch from a folder that holds project and annotations",
            USAGE,
        )


def _read_told(texts: Sequence[str]) -> dict[str, str]:
    wrong = [text for text in texts if not re.fullmatch(r"\w+=.+", text)]
    if wrong:
        raise JobError(f"--set {wrong[0]}: must be KEY=VALUE, but is not; correct it", USAGE)
    return dict(text.split("=", 1) for text in texts)

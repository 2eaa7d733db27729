"""`workbench new`: a project and its annotation folder, ready for files."""

import argparse
import json
import re
from pathlib import Path

from workbench.commands.output import print_json, print_line
from workbench.data.annotation import HOLE_LABELS, IGNORE
from workbench.errors import OK, OutputError, ProjectError
from workbench.files import write_atomically
from workbench.project import make_categories

HELP = "Scaffold projects/NAME and annotations/NAME."
EXAMPLE = "workbench new leaves --labels oak,beech --task instance"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `new` takes."""
    parser.add_argument("name", help="letters, digits, - and _")
    parser.add_argument("--task", choices=("instance", "semantic", "panoptic"), default="instance")
    parser.add_argument(
        "--labels", default="object", help="classes of countable things, in the order of their ids"
    )
    parser.add_argument("--stuff", default="", help="classes of uncountable stuff (panoptic and semantic)")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(args: argparse.Namespace) -> int:
    """Write the files, unless one is there already."""
    things, stuff = (
        [word.strip() for word in text.split(",") if word.strip()] for text in (args.labels, args.stuff)
    )
    _require_sense(args.name, args.task, things, stuff)
    project, annotations = Path("projects") / args.name, Path("annotations") / args.name
    files = {
        project / "project.toml": project_text(args.name, args.task, things, stuff),
        project
        / "README.md": f"# {args.name}\n\nWhat is in the pictures, who labelled them, and what the model is for.\n",
        annotations / "labels.txt": "\n".join([IGNORE, HOLE_LABELS[0], *things, *stuff]) + "\n",
    }
    for path in files:
        if path.exists():
            raise OutputError(f"{path}: must not exist yet, but does; choose another name or delete it")
    for path, text in files.items():
        write_atomically(path, text.encode())
    made = [str(path) for path in files]
    if args.json:
        print_json(
            {"name": args.name, "project": str(project), "annotations": str(annotations), "files": made}
        )
    else:
        print_line("\n".join(f"made {path}" for path in made))
        print_line(f"\nNext: put images into {annotations}, label them with\n  workbench label {args.name}")
        print_line(f"and look at what you have with\n  workbench check {args.name}")
    return OK


def _require_sense(name: str, task: str, things: list[str], stuff: list[str]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        raise ProjectError(
            f"workbench new: NAME must be letters, digits, - and _, but got {name!r}; choose another"
        )
    names = [*things, *stuff]
    if len(set(names)) < len(names) or not names:
        raise ProjectError(
            f"workbench new: --labels and --stuff must be different names, but got {names}; mend them"
        )
    if task == "instance" and stuff:
        raise ProjectError(
            "workbench new: --stuff needs --task semantic or panoptic, but got instance; add one of them"
        )
    if task == "panoptic" and not (things and stuff):
        raise ProjectError(
            "workbench new: a panoptic task needs --labels and --stuff, but one is missing; add it"
        )
    make_categories(things, stuff)


def project_text(name: str, task: str, things: list[str], stuff: list[str]) -> str:
    """Return a project.toml whose every line a person can change."""
    lines = [
        f'name = "{name}"',
        f'task = "{task}"',
        f'annotations = "../../annotations/{name}"',
        f"categories = {json.dumps(things, ensure_ascii=False)}  # append, never reorder: the order is that of the ids",
    ]
    if stuff:
        lines.append(f"stuff = {json.dumps(stuff, ensure_ascii=False)}")
        lines.append(
            f'# unlabelled = "{stuff[-1]}"  # the class of pixels that nobody labelled; without it they are ignored'
        )
    lines += [
        "",
        "[split]",
        "val = 0.2",
        "test = 0.0",
        "# group = '^(.*)_\\d+\\.'  # images whose first (group) is equal stay together",
        "",
    ]
    return "\n".join(lines)

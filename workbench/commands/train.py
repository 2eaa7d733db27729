"""`workbench train`: fine-tune a model on a project, or go on where a run stopped."""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.label_lines import warn_of_later_classes
from workbench.commands.output import format_table, print_json, print_line, say
from workbench.commands.training_arguments import add_training_arguments, count_processes, read_typed
from workbench.errors import OK, InputMissing
from workbench.project import Project, read_project
from workbench.project_folder import find_project
from workbench.run import Run, RunError, find_run, hold, list_runs, name_run, read_record

if TYPE_CHECKING:
    from workbench.engine.training.course import Course
    from workbench.engine.training.nodes import Span

HELP = "Fine-tune a model on a project; scores at the end, checkpoints on the way."
EXAMPLE = "workbench train balloons --model mask_rcnn_nano --steps 300"
TRUST = "model.code"  # never taken from a run folder: whoever goes on with it names the file again


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `train` takes."""
    add_training_arguments(parser)
    parser.add_argument("--resume", metavar="RUN", help="go on with a run: its name, its folder, or last")
    parser.add_argument(
        "--run", default="", metavar="NAME", help="begin a run of this name, or go on with it if it has begun"
    )
    parser.add_argument(
        "--allow-changed",
        nargs="+",
        default=[],
        metavar="KEY",
        help="go on although this differs: classes, data, a setting, a config key or its section",
    )
    parser.add_argument(
        "--strict", action="store_true", help="with --resume: refuse when the newest checkpoint is spoiled"
    )
    parser.add_argument("--json", action="store_true", help="print run.json at the end")


def run(args: argparse.Namespace) -> int:
    """Convert, plan, train, and say how good it became."""
    project = _find_project(args.project)
    if "WORLD_SIZE" in os.environ and args.resume:
        return _work_in_group(project, args)
    if count_processes(args) > 1:
        _find_span(args).require_here()
    typed = read_typed(args)
    here = _find_here(project, args)
    if here is None:
        folder = _begin(project, None, typed, args)
        _train(folder, project, args)
    else:
        folder = here
        with hold(here):
            _begin(project, here, {**_read_typed_before(here), **typed}, args)
            if count_processes(args) == 1:
                _work(here, strict=args.strict, held=True)
        if count_processes(args) > 1:  # the first of them holds it
            _train(here, project, args)
    _tell(folder, as_json=args.json)
    return OK


def _find_here(project: Project, args: argparse.Namespace) -> Run | None:
    """The folder to work in: one to go on with, one of a given name, or none yet."""
    if args.resume and args.run:
        raise RunError("--resume and --run: must not stand together, but do; leave one out")
    if args.run:
        return name_run(project.runs, args.run)
    return _find_resumed(args.resume, project) if args.resume else None


def _read_typed_before(here: Run) -> dict[str, str]:
    if not here.record.exists():
        return {}
    typed = read_record(here).get("typed", {})
    return {key: text for key, text in typed.items() if key != TRUST}


def _train(folder: Run, project: Project, args: argparse.Namespace) -> None:
    if count_processes(args) > 1:
        from workbench.engine.training.launch import launch

        launch(folder, project, _find_span(args), strict=args.strict, trust=args.trust, say=say)
    else:
        _work(folder, strict=args.strict)


def _find_span(args: argparse.Namespace) -> "Span":
    from workbench.engine.training.nodes import Span

    return Span(nodes=args.nodes, each=args.gpus)


def _work_in_group(project: Project, args: argparse.Namespace) -> int:
    """Be one of several processes: everything is decided."""
    from workbench.engine.training.group import work_in_group

    def work() -> None:
        _trust(args.trust)
        _work(find_run(args.resume, project.runs), strict=args.strict)

    return work_in_group(work)


def _trust(code: str) -> None:
    """Run the model.py that was named, for what it registers with Detectron2."""
    if code:
        from workbench.engine.models.own import read_model_file

        read_model_file(Path(code), trusted=True)


def _begin(project: Project, here: Run | None, typed: Mapping[str, str], args: argparse.Namespace) -> Run:
    """Decide everything, and make or take back the run folder."""
    from workbench.conversion.dataset import convert_project
    from workbench.engine.training.start import begin_run, plan_course, resume_run
    from workbench.sweeps.folds import choose_fold

    project = choose_fold(project, typed)
    result = convert_project(project, None, as_rle=False, strict=False)
    warn_of_later_classes(project)
    course = plan_course(project, Path(result.out), typed, world=count_processes(args))
    if here and here.record.exists():
        _, told = resume_run(here, course, args.allow_changed)
        for line in told:
            say(line)
        say(f"going on with {here.folder}")
        return here
    folder = begin_run(project, course, here)
    say(_describe(course, folder, nodes=args.nodes))
    return folder


def _work(folder: Run, *, strict: bool, held: bool = False) -> None:
    from workbench.engine.training.course import read_course
    from workbench.engine.training.trainer import continue_run

    course = read_course(folder, world=int(os.environ.get("WORLD_SIZE", "1")))
    continue_run(folder, course, strict=strict, held=held)


def _describe(course: "Course", folder: Run, *, nodes: int) -> str:
    """Say what will be done, and why it differs from the row."""
    from workbench.engine.config.changes import format_changes
    from workbench.engine.training.sharing import describe_sharing

    backbone = course.settings.model.backbone
    model = f"{course.model} with {backbone}" if backbone else course.model
    head = f"{model} on dataset {course.fingerprint}; the row is changed for these data:"
    shared = describe_sharing(course, nodes)
    parts = (f"{head}\n{format_changes(course.changes)}", shared, str(folder.folder))
    return "\n\n".join(part for part in parts if part)


def _tell(folder: Run, *, as_json: bool) -> None:
    """The scores, and the run folder on the last line."""
    record = read_record(folder)
    if as_json:
        print_json(record)
        return
    if folder.scores("val").exists():
        from workbench.evaluation.score_table import format_scores

        print_line(f"\n{format_scores(json.loads(folder.scores('val').read_bytes()))}\n")
    best = record.get("best")
    if best:
        print_line(f"best at step {best['step']}: {best['metric']} {best['value']:.3f}")
    places = {
        "weights": folder.best,
        "scores": folder.scores("val"),
        "predictions": folder.predictions("val"),
        "pictures": folder.pictures,
        "curves": folder.curves,
        "what the model saw": folder.batches,
    }
    rows: list[tuple[str, ...]] = [(name, str(place)) for name, place in places.items() if place.exists()]
    if rows:
        print_line(format_table(rows))
    print_line(str(folder.folder))


def _find_project(name: str) -> Project:
    folder = find_project(name)
    if folder is None:
        raise InputMissing(
            f"{name}: must be a project, but is not there; workbench new makes one, and projects/ has examples"
        )
    return read_project(folder)


def _find_resumed(name: str, project: Project) -> Run:
    runs = list_runs(project.runs)
    if name != "last":
        return find_run(name, project.runs)
    if not runs:
        raise InputMissing(f"{project.runs}: must have a run to go on with, but has none; leave out --resume")
    return runs[-1]

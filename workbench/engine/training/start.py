"""From a project and its dataset to a run folder; or back to one that is to go on."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copyfile
from typing import Any

from detectron2.config import CfgNode

from workbench.engine.config.boxes import read_facts
from workbench.engine.config.contradictions import TRAINS_ON
from workbench.engine.config.derive import derive_config
from workbench.engine.config.model_file import read_model_file
from workbench.engine.models.build import put_backbone
from workbench.engine.models.own import read_model_file as run_model_file
from workbench.engine.models.row import Model
from workbench.engine.models.table import find_model
from workbench.engine.training.course import Course, read_course
from workbench.engine.training.followers import ROOTS, find_followers, find_underived, take_back
from workbench.engine.training.lineage import find_commit, find_versions
from workbench.engine.training.resume import require_equal, require_fitting
from workbench.errors import ProjectError, WorkbenchError
from workbench.files import digest_file, write_atomically
from workbench.project import Project, read_project
from workbench.project_folder import FILE
from workbench.redaction import redact
from workbench.run import Run, make_run, read_record, write_record
from workbench.settings import Settings, read_settings

PATHS = ("model.config", "model.weights")
DEFAULTS = {"instance": "mask_rcnn_lite0", "semantic": "semantic_lite0", "panoptic": "panoptic_lite0"}


def plan_course(project: Project, dataset: Path, typed: Mapping[str, str], *, world: int) -> Course:
    """Decide everything, and refuse what cannot work. Typed paths count from here, those of project.toml from there."""
    typed = {key: _anchor(text) if key in PATHS else text for key, text in typed.items()}
    small = {key: text for key, text in typed.items() if not key.partition(".")[0].isupper()}
    settings = read_settings(project, small)
    model = choose_model(project, settings, trusted=typed.get("model.code", ""))
    facts = read_facts(dataset)
    derived = derive_config(model, facts, settings, typed, world, table=project.detectron2)
    derived.require_workable()
    return Course(
        project=project.folder.resolve(),
        task=model.task,
        model=model.name,
        extend=tuple(model.extend),
        things=facts.things,
        stuff=facts.stuff,
        dataset=dataset.resolve(),
        fingerprint=facts.fingerprint,
        settings=settings,
        typed=typed,
        cfg=_fix_weights(derived.cfg, settings, project),
        changes=derived.changes,
        world=world,
    )


def choose_model(project: Project, settings: Settings, *, trusted: str = "") -> Model:
    """The project's own model.py, a YAML, the row that was named, or the one that works everywhere for such a task."""
    chosen = settings.model
    if chosen.code:
        code = Path(trusted) if trusted else project.folder / chosen.code
        model = run_model_file(code, trusted=bool(trusted))
    elif chosen.config:
        mine = project.folder / chosen.config
        model = read_model_file(str(mine) if mine.is_file() else chosen.config)
    else:
        model = find_model(chosen.name or DEFAULTS[project.task])
    if project.task not in TRAINS_ON[model.task]:
        raise ProjectError(
            f"{project.folder / FILE}: task: must be {model.task} for {model.name}, but is {project.task}; "
            "choose another row (workbench models) or another task"
        )
    return put_backbone(model, chosen.backbone) if chosen.backbone else model


def _anchor(text: str) -> str:
    """A file that is there, by its full path: a resume may come from another folder."""
    return str(Path(text).resolve()) if text not in ("", "row") and Path(text).exists() else text


def _fix_weights(cfg: CfgNode, settings: Settings, project: Project) -> CfgNode:
    """A file of weights may be named from the project's folder; a run folder means its best."""
    if settings.model.weights == "row":
        return cfg
    cfg.MODEL.WEIGHTS = settings.model.weights
    place = project.folder / settings.model.weights
    if settings.model.weights and place.exists():
        cfg.MODEL.WEIGHTS = str((Run(folder=place).best if place.is_dir() else place).resolve())
    return cfg


def begin_run(project: Project, course: Course, run: Run | None = None) -> Run:
    """Make the run folder, unless there is one, and write down where it comes from."""
    run = run or make_run(project.runs, course.model)
    record: dict[str, Any] = {
        "state": "new",
        "command": [redact(word) for word in ("workbench", *sys.argv[1:])],
        **course.to_record(),
        "versions": find_versions(),
        "git": find_commit(project.folder),
    }
    split = project.fold.file if project.fold else project.frozen_split
    if split.exists():
        record["dataset"]["split"] = digest_file(split)
    copyfile(project.folder / FILE, run.project_copy)
    write_atomically(run.config, course.cfg.dump().encode())
    write_record(run, record)
    return run


def resume_run(run: Run, now: Course, allowed: Sequence[str]) -> tuple[Course, list[str]]:
    """Compare a run with what the project says by now; return the course to go on with, and what is to be told."""
    before = read_course(run, world=now.world)
    followers = _find_followers(before, now, allowed)
    told = require_equal(run.name, before.identity(), now.identity(), (*allowed, *followers))
    told = [_tell_follower(line) if line.partition(":")[0] in followers else line for line in told]
    if told:
        require_fitting(run, now.cfg)
    recorded = read_record(run)
    if recorded["world"] != now.world:
        told.append(
            f"processes: {recorded['world']} → {now.world}; the order of images stays, shared out anew"
        )
    if told:
        write_atomically(run.config, now.cfg.dump().encode())
        write_record(run, {**recorded, **now.to_record()})
    course = now if told else before
    write_record(
        run, {**read_record(run), "resumed": [*recorded.get("resumed", []), recorded.get("step", 0)]}
    )
    return course, told


def _find_followers(before: Course, now: Course, allowed: Sequence[str]) -> tuple[str, ...]:
    """What is derived from something that may differ may differ, too: plan again without that, and compare."""
    old, new = before.identity(), now.identity()
    if any(key.partition(".")[0] in ROOTS for key in allowed):
        return find_underived(old, new, {*before.typed, *now.typed, *allowed})
    if not allowed:
        return ()
    typed = {**now.typed, **take_back(old, new, allowed)}
    try:
        again = plan_course(read_project(now.project), now.dataset, typed, world=now.world)
    except WorkbenchError:  # the old values go together with something else that changed
        return ()
    return tuple(key for key in find_followers(old, new, again.identity()) if key not in allowed)


def _tell_follower(line: str) -> str:
    return line.removesuffix("as was allowed") + "which follows"

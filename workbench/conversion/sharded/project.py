"""A project in shards, in four steps: look at everything, split it, make the pieces and pictures, join them.

look/   a plan: the first look at each annotation; its shards are jobs
looks   all looks, as the split took them
make/   a plan: what is to be made of each annotation; its shards are jobs, too
aside   annotations that ended a process while they were made: the next split leaves them out
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from workbench.conversion.dataset import Plan as Dataset
from workbench.conversion.dataset import (
    list_jobs,
    open_workshop,
    prepare_places,
    split_dataset,
    write_dataset,
)
from workbench.conversion.folder import walk_annotations
from workbench.conversion.job import Job, Workshop, make_job
from workbench.conversion.look import Look, refuse_second_looks
from workbench.conversion.pieces import Pieces
from workbench.conversion.result import Result
from workbench.conversion.sharded.bare import SET_ASIDE
from workbench.conversion.sharded.looks import LOOK, read_looks, require_project
from workbench.conversion.sharded.records import (
    NAME,
    job_to_text,
    read_records,
    text_to_job,
    write_record,
)
from workbench.errors import BAD_DATA, JobError
from workbench.files import (
    atomic_file,
    digest_file,
    link_or_copy,
    prepare_folder,
    write_atomically,
)
from workbench.formats.manifest import NAME as MANIFEST
from workbench.project import Project
from workbench.project_folder import FILE
from workbench.sharding.gather import finish, read_parts, require_whole
from workbench.sharding.plan import Plan, has_plan, make_plan, read_plan
from workbench.sharding.worker import ChunkWork, Item

MAKE = "make"
DATASET = "dataset"  # in the part of a chunk: pictures as they will lie in the dataset folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where everything of one sharded conversion lies."""

    folder: Path

    @property
    def look(self) -> Path:
        """The plan of the first step."""
        return self.folder / "look"

    @property
    def looks(self) -> Path:
        """What the split took."""
        return self.folder / "looks"

    @property
    def make(self) -> Path:
        """The plan of the third step."""
        return self.folder / "make"

    @property
    def aside(self) -> Path:
        """What could not be made."""
        return self.folder / "aside"


def name_home(project: Project, out: Path | None) -> Home:
    """It lies beside the dataset folder: pictures get a second name there."""
    folder = out.with_name(f".{out.name}.shards") if out else project.datasets / ".shards"
    return Home(folder=folder.absolute())


def plan_project(project: Project, out: Path | None, *, as_rle: bool, strict: bool, shards: int) -> Plan:
    """List the annotations, and see that the dataset can be written."""
    prepare_places(project, out)
    names = walk_annotations(project.annotations)
    asked = {
        "kind": LOOK,
        "project": str(project.folder.absolute()),
        "settings": digest_file(project.folder / FILE),
        "out": None if out is None else str(out.absolute()),
        "rle": as_rle,
        "strict": strict,
    }
    home = name_home(project, out)
    prepare_folder(home.folder)
    return make_plan(home.look, names, shards=shards, asked=asked)


def end_project(home: Home, about: Mapping[str, Any]) -> None:
    """Say what came of it, and remove everything else."""
    finish(read_plan(home.look), about)
    _throw_away(home)
    for path in (home.looks, home.aside):
        path.unlink(missing_ok=True)


def _throw_away(home: Home) -> None:
    """Remove what was made, under another name first: half of it must never be taken for whole."""
    with suppress(FileNotFoundError):
        home.make.rename(home.folder / f".make.{uuid4().hex}.old")
    for path in home.folder.glob(".make.*.old"):
        shutil.rmtree(path, ignore_errors=True)


def split_project(home: Home) -> Plan:
    """Split what was looked at, and plan what is to be made of each annotation."""
    plan = read_plan(home.look)
    require_whole(plan)
    project = require_project(plan)
    looks = refuse_second_looks(read_looks(project, plan, _read_aside(home)))
    with atomic_file(home.looks) as stream:
        for look in looks:
            write_record(stream, look)
    dataset = _plan_dataset(home, plan)
    done = (dataset.folder / MANIFEST).is_file()
    folder = str(dataset.folder.absolute())
    asked = {"kind": MAKE, "fingerprint": dataset.fingerprint, "folder": folder, "done": done}
    if not has_plan(home.make) or read_plan(home.make).asked != asked:
        _throw_away(home)  # files were saved since: nothing of it can be used; or a late twin left something
    jobs = () if done else map(job_to_text, list_jobs(dataset))
    return make_plan(home.make, jobs, shards=plan.shards, asked=asked)


def open_make_work(plan: Plan) -> ChunkWork:
    """Return what makes a chunk."""
    looked = read_plan(Home(folder=plan.folder.parent).look)
    return partial(_make_chunk, plan, require_project(looked), looked.asked["rle"])


def _make_chunk(
    plan: Plan, project: Project, as_rle: bool, items: Iterator[Item], part: Path
) -> dict[str, int]:
    """Paint into the part: it takes its name when all is there, so a plain write will do."""
    workshop = open_workshop(project, Path(plan.asked["folder"]), part / DATASET, as_rle=as_rle)
    files = 0
    with (part / NAME).open("wb") as stream:
        for _, text in items:
            write_record(stream, _make(workshop, text_to_job(text)))
            files += 1
    return {"files": files}


def _make(workshop: Workshop, job: Job) -> Pieces:
    """What ended a process before is not so much as read."""
    look = job.look
    if look.refused == SET_ASIDE:
        return Pieces(annotation=look.survey.annotation, refused=SET_ASIDE)
    return make_job(workshop, job)


def join_project(home: Home) -> Result:
    """Write the dataset folder from what was made; the shards are kept until somebody says that it is over."""
    looked, plan = read_plan(home.look), read_plan(home.make)
    require_whole(plan)
    _require_nothing_aside(home, plan)
    dataset = _plan_dataset(home, looked)
    if dataset.fingerprint != plan.asked["fingerprint"]:
        raise JobError(
            f"{dataset.project.frozen_split}: the split must stay as it is while shards are made, but was changed; "
            "the same command goes on with the new one",
            BAD_DATA,
        )

    def make(staging: Path, jobs: Sequence[Job]) -> Iterator[Pieces]:
        for part in read_parts(plan):
            _move_in(part.folder / DATASET, staging)
            yield from read_records(part.folder / NAME, Pieces)

    return write_dataset(dataset, make, strict=looked.asked["strict"])


def _move_in(painted: Path, staging: Path) -> None:
    """Give pictures a second name, until the first is not needed any more."""
    for path in painted.rglob("*"):
        if path.is_file():
            link_or_copy(path, staging / path.relative_to(painted))


def _require_nothing_aside(home: Home, plan: Plan) -> None:
    """An annotation that could be read, but not be painted, is in the split: that must be drawn without it."""
    aside = [one for part in read_parts(plan) for one in part.set_aside]
    if not aside:
        return
    found = {text_to_job(one.item).look.survey.annotation: one.reason for one in aside}
    write_atomically(home.aside, json.dumps(_read_aside(home) | found).encode())
    name, reason = next(iter(found.items()))
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    raise JobError(
        f"{name}{more}: every annotation of the split must be made, but {reason}; "
        "the same command goes on without it",
        BAD_DATA,
    )


def _read_aside(home: Home) -> dict[str, str]:
    try:
        return dict(json.loads(home.aside.read_bytes()))
    except FileNotFoundError:
        return {}


def _plan_dataset(home: Home, looked: Plan) -> Dataset:
    looks = list(read_records(home.looks, Look))
    out = looked.asked["out"]
    project = require_project(looked)
    return split_dataset(project, looks, Path(out) if out else None, as_rle=looked.asked["rle"])

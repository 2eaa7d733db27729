"""The first step of a project in shards: every annotation and image is looked at, as `convert` would."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from workbench.conversion.look import Look, known_labels, look_once
from workbench.conversion.sharded.bare import SET_ASIDE, say_aside
from workbench.conversion.sharded.records import (
    NAME,
    Looked,
    is_fresh,
    read_records,
    take_stamp,
    write_record,
)
from workbench.data.survey import Survey
from workbench.errors import BAD_DATA, JobError
from workbench.files import digest, digest_file
from workbench.project import Project, read_project
from workbench.project_folder import FILE
from workbench.sharding.gather import read_parts
from workbench.sharding.plan import Plan
from workbench.sharding.quarantine import SetAside
from workbench.sharding.worker import ChunkWork, Item

LOOK = "look"


def open_look_work(plan: Plan) -> ChunkWork:
    """Return what looks at a chunk."""
    return partial(_look_chunk, require_project(plan))


def _look_chunk(project: Project, items: Iterator[Item], part: Path) -> dict[str, int]:
    labels, files = known_labels(project), 0
    with (part / NAME).open("wb") as stream:
        for _, name in items:
            write_record(stream, _look(project, labels, name))
            files += 1
    return {"files": files}


def _look(project: Project, labels: frozenset[str], name: str) -> Looked:
    """Look once; how the files were is noted, for somebody may save them before the split."""
    first = take_stamp(project.annotations, name)
    look = look_once(project.annotations, labels, name)
    image = look.survey.image
    return Looked((first, *((take_stamp(project.annotations, image),) if image else ())), look)


def require_project(plan: Plan) -> Project:
    """Read project.toml again, which must be as it was when all this was begun."""
    path = Path(plan.asked["project"]) / FILE
    if digest_file(path) != plan.asked["settings"]:
        raise JobError(
            f"{path}: must stay as it is while shards are made, but was changed; stop its jobs and remove "
            f"{plan.folder.parent} to begin anew",
            BAD_DATA,
        )
    return read_project(path.parent)


def read_looks(project: Project, plan: Plan, aside: Mapping[str, str]) -> Iterator[Look]:
    """Yield the looks in order; what was saved after it was looked at is looked at again, here."""
    labels = known_labels(project)
    for part in read_parts(plan):
        reasons = {one.number: one for one in part.set_aside}
        records = read_records(part.folder / NAME, Looked)
        for number in range(part.chunk * plan.chunk, part.chunk * plan.chunk + part.items):
            if number in reasons:
                yield _refuse(project, reasons[number])
                continue
            stamps, look = next(records)
            name = look.survey.annotation
            if name in aside:
                yield _refuse(project, SetAside(number=number, item=name, reason=aside[name]))
            elif is_fresh(project.annotations, stamps):
                yield look
            else:
                yield look_once(project.annotations, labels, name)


def _refuse(project: Project, one: SetAside) -> Look:
    """Keep an annotation out that nobody can work on; its bytes are part of what the dataset is named by."""
    path = project.annotations / one.item
    survey = Survey(annotation=one.item, image=None, findings=(say_aside(one),))
    return Look(survey=survey, digest=digest_file(path) if path.is_file() else digest(b""), refused=SET_ASIDE)

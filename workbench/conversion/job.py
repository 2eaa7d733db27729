"""One annotation of a project: read again, held against the first look, collected, painted and encoded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.conversion.look import Look
from workbench.conversion.one import Collected, Settings, collect_survey, refuse_shapes
from workbench.conversion.painted import write_pictures
from workbench.conversion.pieces import Pieces, encode
from workbench.errors import AnnotationError
from workbench.files import digest
from workbench.formats.labelme import parse_annotation, read_bytes
from workbench.parallel import map_in_order
from workbench.progress import track
from workbench.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An annotation with its part; a refused one has none. `picture` names its PNGs."""

    look: Look
    part: str
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What every worker needs; `folder` is where the dataset is being made."""

    settings: Settings
    folder: Path
    project: Project


def make_job_pieces(workshop: Workshop, jobs: Sequence[Job]) -> Iterator[Pieces]:
    """Work on all cores, in order."""
    yield from track(map_in_order(partial(make_job, workshop), jobs, chunk=8), len(jobs), "convert")


def make_job(workshop: Workshop, job: Job) -> Pieces:
    """Do all the work on one annotation."""
    collected = _collect(workshop.settings, job)
    if collected.content is None or workshop.project.task == "instance":
        return encode(collected)
    pictures = write_pictures(workshop.folder, job.part, job.picture, collected.content, workshop.project)
    return encode(collected, painting=pictures.painting)._replace(panoptic=pictures.entry)


def _collect(settings: Settings, job: Job) -> Collected:
    survey = job.look.survey
    name, refused = survey.annotation, job.look.refused
    path = settings.root / name
    if not refused:
        content = read_bytes(path)
        if digest(content) != job.look.digest:
            message = (
                "the file must stay as it is while it is converted, but was saved just now; run it again"
            )
            raise AnnotationError(path, "", message, "changed-meanwhile")
        return collect_survey(settings, parse_annotation(content, path), survey)
    try:
        rows = refuse_shapes(parse_annotation(read_bytes(path), path), refused)
    except AnnotationError:
        rows = ()
    return Collected(annotation=name, content=None, ledger=rows, refused=refused)

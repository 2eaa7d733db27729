"""A project becomes its dataset folder: looked at, split, fingerprinted, and only then written."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.conversion.folder import add_to_ledger, list_annotations
from workbench.conversion.job import Job, Workshop, make_job_pieces
from workbench.conversion.ledger import Ledger
from workbench.conversion.look import Look, look_at_all, name_source
from workbench.conversion.one import Settings
from workbench.conversion.painted import name_pictures
from workbench.conversion.parts import PartFiles
from workbench.conversion.pieces import Pieces
from workbench.conversion.result import Result, count, require_nothing_skipped
from workbench.conversion.staging import require_unchanged, staging_folder
from workbench.data.finding import Finding
from workbench.data.manifest import Manifest, Source
from workbench.errors import ProjectError
from workbench.files import prepare_folder, prepare_new_folder
from workbench.formats.frozen_split import read_frozen_split, write_frozen_split
from workbench.formats.manifest import NAME, digest_outputs, read_manifest, write_manifest
from workbench.prepare.grouping import image_key
from workbench.prepare.lineage import CONVERTER, fingerprint
from workbench.prepare.shares import PARTS, Share, share_rows
from workbench.prepare.split import SplitPlan, assign_parts
from workbench.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is known before the first file is written."""

    project: Project
    looks: Sequence[Look]
    split: SplitPlan
    sources: tuple[Source, ...]
    fingerprint: str
    folder: Path
    as_rle: bool


# Paints the pictures of these jobs into a folder, and yields their pieces in order.
Make = Callable[[Path, Sequence[Job]], Iterable[Pieces]]


def convert_project(project: Project, out: Path | None, *, as_rle: bool, strict: bool) -> Result:
    """Write the dataset folder of a project, unless it is there already; and freeze the split."""
    prepare_places(project, out)
    plan = plan_dataset(project, out, as_rle=as_rle)

    def make(staging: Path, jobs: Sequence[Job]) -> Iterable[Pieces]:
        return make_job_pieces(open_workshop(project, plan.folder, staging, as_rle=as_rle), jobs)

    return write_dataset(plan, make, strict=strict)


def prepare_places(project: Project, out: Path | None) -> None:
    """See that dataset and split can be written, before any work is done that would be lost."""
    prepare_new_folder(out or project.datasets / "new")
    if not project.frozen_split.exists():
        prepare_folder(project.folder)


def write_dataset(plan: Plan, make: Make, *, strict: bool) -> Result:
    """Write the folder that was planned, unless it is there; `make` paints into it, and yields what is to be joined."""
    if (plan.folder / NAME).is_file():
        result = _reuse(plan)
        require_nothing_skipped(result, strict=strict)
        return result
    with staging_folder(plan.folder) as staging:
        jobs = list_jobs(plan)
        result = _write(plan, staging, jobs, make(staging, jobs))
        require_nothing_skipped(result, strict=strict)
        if not plan.project.fold:
            write_frozen_split(plan.project.frozen_split, plan.split.parts)
    return result


def plan_dataset(project: Project, out: Path | None, *, as_rle: bool) -> Plan:
    """Look at everything, split it, and name what would come out."""
    looks = look_at_all(project, list_annotations(project.annotations))
    return split_dataset(project, looks, out, as_rle=as_rle)


def split_dataset(project: Project, looks: Sequence[Look], out: Path | None, *, as_rle: bool) -> Plan:
    """Split what was looked at, and name what would come out."""
    looks = _choose_looks(project, looks)
    usable = [look.survey for look in looks if not look.refused]
    split = assign_parts(usable, project.split, *_read_parts(project))
    sources = tuple(map(name_source, looks))
    name = fingerprint(
        sources=sources,
        parts=split.parts,
        categories=project.categories,
        task=project.task,
        unlabelled=project.unlabelled,
        options={"rle": as_rle},
    )
    folder = out or project.datasets / name
    return Plan(
        project=project,
        looks=looks,
        split=split,
        sources=sources,
        fingerprint=name,
        folder=folder,
        as_rle=as_rle,
    )


def _choose_looks(project: Project, looks: Sequence[Look]) -> Sequence[Look]:
    """A fold is about the images that were there when it was drawn: what came later would change it underway."""
    if project.fold is None:
        return looks
    return [look for look in looks if image_key(look.survey) in project.fold.parts]


def _read_parts(project: Project) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """The parts that are settled, and the lists of a person; in a fold everything is settled."""
    if project.fold:
        return project.fold.parts, {}
    return read_frozen_split(project.frozen_split), read_lists(project)


def freeze_split(project: Project) -> Mapping[str, str]:
    """Return the part of each image, as `convert` without --to would draw and freeze it."""
    parts = plan_dataset(project, None, as_rle=False).split.parts
    write_frozen_split(project.frozen_split, parts)
    return parts


def read_lists(project: Project) -> Mapping[str, Sequence[str]]:
    """Read the files of [split.lists], one image a line."""
    lists = {}
    for part, name in project.split.lists.items():
        path = project.folder / name
        try:
            lists[part] = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            message = (
                f"split.lists.{part}: must be a readable text file, but {path} is not ({error}); correct it"
            )
            raise ProjectError(f"{project.folder / 'project.toml'}: {message}") from error
    return lists


def _write(plan: Plan, staging: Path, jobs: Sequence[Job], work: Iterable[Pieces]) -> Result:
    """Write every file into the staging folder, the manifest last."""
    project, parts = plan.project, plan.split.parts
    used = [part for part in PARTS if part in set(parts.values())]
    with ExitStack() as stack:
        ledger = Ledger(stack.enter_context((staging / "ledger.jsonl").open("wb")))
        files = {
            part: stack.enter_context(PartFiles(staging, part, project.categories, project.task))
            for part in used
        }
        for job, pieces in zip(jobs, work, strict=True):
            add_to_ledger(pieces, ledger, files[job.part].coco.last_id + 1 if job.part else 0, job.part)
            if job.part:
                files[job.part].add(pieces)
    images, annotations = (
        sum(getattr(one.coco, what) for one in files.values()) for what in ("images", "annotations")
    )
    counts = count(ledger, images, annotations, project.categories)
    counts["parts"] = {part: one.to_json() for part, one in files.items()}
    counts["fingerprint"] = plan.fingerprint
    write_manifest(staging, _describe(plan, counts, digest_outputs(staging)))
    return _result(plan, counts)


def list_jobs(plan: Plan) -> list[Job]:
    """Give every annotation its part; a refused one goes along, for its shapes to be counted."""
    pictures = name_pictures([image_key(look.survey) for look in plan.looks if not look.refused])
    jobs = []
    for look in plan.looks:
        key = "" if look.refused else image_key(look.survey)
        part = plan.split.parts.get(key, "")
        jobs.append(Job(look=look, part=part, picture=pictures.get(key, "")))
    return jobs


def open_workshop(project: Project, folder: Path, staging: Path, *, as_rle: bool) -> Workshop:
    """Return what every worker needs on the dataset that will be in `folder`, and is made in `staging`."""
    root = project.annotations
    settings = Settings(
        root=root,
        categories={category.name: category for category in project.categories},
        extracted=staging / "images",
        extracted_name=Path(os.path.relpath(folder / "images", root)).as_posix(),
        as_rle=as_rle,
    )
    return Workshop(settings=settings, folder=staging, project=project)


def _describe(plan: Plan, counts: Mapping[str, object], outputs: Mapping[str, str]) -> Manifest:
    project = plan.project
    return Manifest(
        fingerprint=plan.fingerprint,
        converter=CONVERTER,
        workbench=__version__,
        project=project.name,
        task=project.task,
        categories=project.categories,
        unlabelled=project.unlabelled,
        options={"rle": plan.as_rle},
        image_root=Path(os.path.relpath(project.annotations, plan.folder)).as_posix(),
        sources=plan.sources,
        parts=dict(plan.split.parts),
        counts=counts,
        outputs=outputs,
    )


def _reuse(plan: Plan) -> Result:
    """The fingerprint says that nothing changed; the digests say that nobody touched what was written."""
    manifest = read_manifest(plan.folder)
    require_unchanged(plan.folder, manifest, plan.fingerprint)
    return _result(plan, manifest.counts, reused=True)


def _result(plan: Plan, counts: Mapping[str, Any], *, reused: bool = False) -> Result:
    findings: list[Finding] = [finding for look in plan.looks for finding in look.survey.findings]
    return Result(
        out=str(plan.folder),
        counts=counts,
        findings=(*findings, *plan.split.findings),
        shares=tuple(share_rows({part: _to_share(sums) for part, sums in counts["parts"].items()})),
        reused=reused,
    )


def _to_share(sums: Mapping[str, Any]) -> Share:
    classes = {
        name: (row["instances"], row["images"]) for name, row in sums["classes"].items() if row["images"]
    }
    return Share(images=sums["images"], negatives=sums["negatives"], classes=classes)

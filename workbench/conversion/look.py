"""The first look at a whole project: every annotation and image once, pixels and all, to judge and to split by."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from workbench.conversion.one import SECOND, find_refusal, say_second
from workbench.data.manifest import Source
from workbench.data.survey import Survey
from workbench.errors import WorkbenchError
from workbench.files import digest
from workbench.formats.folder import look_at
from workbench.formats.labelme import read_bytes
from workbench.parallel import map_in_order
from workbench.prepare.check import check_annotation
from workbench.progress import track
from workbench.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One annotation, the digest of its bytes, and why it cannot be used, if so."""

    survey: Survey
    digest: str
    refused: str = ""


def look_at_all(project: Project, names: Sequence[str]) -> list[Look]:
    """Look on all cores; of two annotations of one image the second is refused."""
    looks = map_in_order(partial(look_once, project.annotations, known_labels(project)), names, chunk=8)
    return list(refuse_second_looks(track(looks, len(names), "look")))


def known_labels(project: Project) -> frozenset[str]:
    """Return the labels that are classes."""
    return frozenset(category.name for category in project.categories)


def look_once(root: Path, labels: frozenset[str], name: str) -> Look:
    """Look at one annotation and its image."""
    annotation, survey = look_at(
        root, name, judge=partial(check_annotation, known_labels=labels), pixels=True
    )
    try:
        content = read_bytes(root / name)
    except WorkbenchError:
        content = b""
    return Look(survey=survey, digest=digest(content), refused=find_refusal(annotation, survey))


def refuse_second_looks(looks: Iterable[Look]) -> Iterator[Look]:
    """Of two annotations of one image the second is refused."""
    seen: dict[str, str] = {}
    for look in looks:
        name, image = look.survey.annotation, look.survey.image
        first = seen.setdefault(image, name) if image and not look.refused else name
        if first == name:
            yield look
        else:
            finding = say_second(name, first, image or "")
            survey = replace(look.survey, findings=(*look.survey.findings, finding))
            yield replace(look, survey=survey, refused=SECOND)


def name_source(look: Look) -> Source:
    """Return what the fingerprint takes from one annotation."""
    survey = look.survey
    return Source(
        annotation=survey.annotation,
        image=survey.image or survey.annotation,
        annotation_digest=look.digest,
        image_digest=survey.facts.digest if survey.facts else "",
    )

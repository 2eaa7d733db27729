"""One annotation file becomes an image with instances, or is refused; its shapes are counted either way."""

from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from workbench.data.annotation import Annotation, Shape
from workbench.data.dataset import Category, Image, ImageInstances, LedgerRow
from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.data.survey import ImageFacts, Survey
from workbench.files import write_atomically
from workbench.formats.folder import look_at
from workbench.formats.images import SUFFIXES
from workbench.prepare.check import check_annotation
from workbench.prepare.collect import collect_instances, find_labels
from workbench.prepare.outline import Area, outline_shapes
from workbench.project import make_categories

# The labels of an image of another size lie elsewhere; one that cannot be opened cannot be learned from.
SECOND = "two-annotations"
REFUSING_RULES = ("size-disagrees", "image-corrupt", "image-too-large")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every worker needs; `extracted` is where images go that exist only inside their json."""

    root: Path
    categories: Mapping[str, Category] | None  # None: whatever labels a file has
    extracted: Path
    extracted_name: str = ""  # the same folder as written in the dataset, relative to root
    as_rle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One annotation: what it holds, by categories of these ids, or why it was `refused`."""

    annotation: str
    content: ImageInstances | None
    ledger: tuple[LedgerRow, ...]
    categories: Mapping[int, Category] = field(default_factory=dict)
    refused: str = ""
    there: bool = False  # the image lies where `content` says
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Judge:
    """Applies the rules of one annotation, and keeps the outlines that collecting needs again."""

    labels: Collection[str] | None
    areas: Sequence[Area] = ()

    def __call__(
        self, path: str, annotation: Annotation, facts: ImageFacts | None, /, *, embedded: ImageFacts | None
    ) -> list[Finding]:
        self.areas = outline_shapes(annotation)
        return check_annotation(path, annotation, facts, self.labels, embedded=embedded, areas=self.areas)


def collect_file(settings: Settings, name: str) -> Collected:
    """Read, check and collect one annotation."""
    judge = _Judge(settings.categories)
    annotation, survey = look_at(settings.root, name, judge=judge)
    refused = find_refusal(annotation, survey)
    if annotation is None or refused:
        rows = refuse_shapes(annotation, refused)
        return Collected(
            annotation=name, content=None, ledger=rows, refused=refused, findings=survey.findings
        )
    return collect_survey(settings, annotation, survey, judge.areas)


def collect_survey(
    settings: Settings, annotation: Annotation, survey: Survey, areas: Sequence[Area] | None = None
) -> Collected:
    """Collect what was read and found fit."""
    categories = settings.categories
    if categories is None:
        categories = _name_categories(tuple(find_labels(annotation)))
    image = _place_image(settings, annotation, survey)
    content = collect_instances(annotation, image, categories, as_rle=settings.as_rle, areas=areas)
    return Collected(
        annotation=survey.annotation,
        content=content,
        ledger=content.ledger,
        categories={category.id: category for category in categories.values()},
        there=survey.image is not None,
        findings=survey.findings,
    )


@lru_cache(maxsize=1024)
def _name_categories(labels: tuple[str, ...]) -> Mapping[str, Category]:
    return {category.name: category for category in make_categories(list(labels))}


def find_refusal(annotation: Annotation | None, survey: Survey) -> str:
    """Return the rule that keeps a whole file out, or nothing."""
    rules = [finding.rule for finding in survey.findings if finding.level == "error"]
    if annotation is None:
        return rules[0] if rules else "not-labelme"
    refusing = [rule for rule in rules if rule in REFUSING_RULES]
    if not refusing and not (survey.facts or annotation.image_size):
        return "image-missing"
    return refusing[0] if refusing else ""


def say_second(annotation: str, first: str, image: str) -> Finding:
    """One image cannot have two truths: the first file in the order of names is taken."""
    message = f"one image must have one annotation, but {first} is of {image} too; merge them into one"
    return find(annotation, "imagePath", SECOND, message)


def refuse_second(collected: Collected, first: str, image: str) -> Collected:
    """Take what was collected back: the rows stay, for the shapes to be counted."""
    return Collected(
        annotation=collected.annotation,
        content=None,
        ledger=tuple(replace(row, instance=None, reason=SECOND) for row in collected.ledger),
        refused=SECOND,
        findings=(*collected.findings, say_second(collected.annotation, first, image)),
    )


def refuse_shapes(annotation: Annotation | None, reason: str) -> tuple[LedgerRow, ...]:
    """Give every shape of a refused file its row."""
    return tuple(
        LedgerRow(
            shape=index, label=shape.label, kind=shape.kind if isinstance(shape, Shape) else "", reason=reason
        )
        for index, shape in enumerate(annotation.shapes if annotation else ())
    )


def _place_image(settings: Settings, annotation: Annotation, survey: Survey) -> Image:
    """Refer to the image where it lies; write out what exists only inside the json."""
    width, height = (
        (survey.facts.width, survey.facts.height) if survey.facts else annotation.image_size or (0, 0)
    )
    path = survey.image or annotation.image_path
    if survey.image is None and survey.facts and annotation.image_data:
        name = str(PurePosixPath(survey.annotation).with_suffix(SUFFIXES[survey.facts.format][0]))
        _write_once(settings.extracted / name, b64decode(annotation.image_data))
        path = f"{settings.extracted_name}/{name}"
    said: Mapping[str, object] = annotation.flags  # whatever the file says; a dataset takes only yes and no
    flags = {name: value for name, value in said.items() if isinstance(value, bool)}
    return Image(path=path, width=width, height=height, annotation=survey.annotation, flags=flags)


def _write_once(path: Path, content: bytes) -> None:
    if not (path.is_file() and path.read_bytes() == content):
        write_atomically(path, content)

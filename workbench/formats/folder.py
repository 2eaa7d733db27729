"""One annotation of a folder together with its image: where that lies, what it says, whether both agree."""

import binascii
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.data.annotation import OPEN_KINDS, RESERVED_LABELS, Annotation, Shape
from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.data.survey import ImageFacts, Survey
from workbench.errors import AnnotationError, WorkbenchError
from workbench.formats.images import read_facts
from workbench.formats.labelme import read_annotation
from workbench.formats.listing import Listing, list_annotations, list_folder, list_images
from workbench.formats.places import ImagePlace, find_image

__all__ = [
    "ImagePlace",
    "Listing",
    "Pair",
    "find_image",
    "list_annotations",
    "list_folder",
    "list_images",
    "read_pair",
    "survey",
]

_HEADER = 96 * 1024  # bytes of embedded data in which a header is looked for before all of it is decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An annotation and its image; `embedded` are the facts of the picture inside the json, if there is one."""

    annotation: Annotation
    place: ImagePlace
    facts: ImageFacts | None
    embedded: ImageFacts | None
    findings: tuple[Finding, ...]


class Judge(Protocol):
    """The rules of one annotation: prepare.check.check_annotation with its labels filled in."""

    def __call__(
        self, path: str, annotation: Annotation, facts: ImageFacts | None, /, *, embedded: ImageFacts | None
    ) -> list[Finding]: ...


def survey(name: str, *, root: Path, judge: Judge, images: Path | None = None, pixels: bool = True) -> Survey:
    """Read one annotation and its image and apply the rules: the work of one file, made to be spread over cores."""
    return look_at(root, name, judge=judge, images=images, pixels=pixels)[1]


def look_at(
    root: Path, name: str, *, judge: Judge, images: Path | None = None, pixels: bool = False
) -> tuple[Annotation | None, Survey]:
    """Do the same and return the annotation as well; None when it cannot be read."""
    try:
        pair = read_pair(root, name, images=images, pixels=pixels)
    except AnnotationError as error:
        return None, _survey_unread(name, error.where, error.rule, error.message)
    except (WorkbenchError, OSError) as error:
        message = f"the file must be readable, but is not ({error}); was it moved meanwhile?"
        return None, _survey_unread(name, "", "unreadable", message)
    annotation = pair.annotation
    judged = judge(name, annotation, pair.facts, embedded=pair.embedded)
    return annotation, Survey(
        annotation=name,
        image=pair.place.path,
        embedded=pair.embedded is not None,
        facts=pair.facts,
        labels=_count_labels(annotation),
        shapes=len(annotation.shapes),
        findings=(*pair.findings, *judged),
    )


def _count_labels(annotation: Annotation) -> tuple[tuple[str, int], ...]:
    """Count what can be an object of a class: no points or lines, no holes, nothing that a reserved label marks."""
    counts = Counter(
        shape.label
        for shape in annotation.shapes
        if isinstance(shape, Shape) and shape.kind not in OPEN_KINDS and shape.label not in RESERVED_LABELS
    )
    return tuple(sorted(counts.items()))


def _survey_unread(name: str, where: str, rule: str, message: str) -> Survey:
    return Survey(annotation=name, image=None, findings=(find(name, where, rule, message),))


def read_pair(root: Path, name: str, *, images: Path | None = None, pixels: bool = False) -> Pair:
    """Read an annotation, find its image, and read what that says; raises only when the json cannot be read."""
    annotation = read_annotation(root / name)
    place = find_image(root, name, annotation, images)
    findings: list[Finding] = []
    embedded = _read_embedded(name, annotation, findings, pixels=pixels, whole=place.file is None)
    facts = embedded
    if place.file is not None:
        try:
            facts = read_facts(place.file, pixels=pixels, name=place.file.name)
        except AnnotationError as error:
            facts = None
            findings.append(find(name, error.where, error.rule, error.message))
    rule, message = place.rule, place.message
    if rule == "image-missing" and embedded:
        rule, message = (
            "embedded-only",
            f"{annotation.image_path} is only inside the json; convert writes it out",
        )
    if rule:
        findings.append(find(name, "imagePath", rule, message))
    return Pair(annotation=annotation, place=place, facts=facts, embedded=embedded, findings=tuple(findings))


def look_at_image(place: ImagePlace, *, pixels: bool) -> ImageFacts | tuple[str, str]:
    """Read one picture that a data set names, or return the rule and the message that say why not."""
    if place.file is None:
        return place.rule, place.message.replace("imagePath", "file_name")
    try:
        return read_facts(place.file, pixels=pixels)
    except AnnotationError as error:
        return error.rule, error.message


def _read_embedded(
    name: str, annotation: Annotation, findings: list[Finding], *, pixels: bool, whole: bool
) -> ImageFacts | None:
    """`whole` says that there is no other picture: convert will write this one out, so all of it must be good."""
    text = annotation.image_data
    if not text:
        return None
    try:
        try:
            return read_facts(b64decode(text if whole else text[: _HEADER // 3 * 4]), pixels=whole and pixels)
        except AnnotationError:
            return read_facts(b64decode(text), pixels=pixels)
    except (AnnotationError, binascii.Error, ValueError) as error:
        message = (
            error.message
            if isinstance(error, AnnotationError)
            else f"imageData must be base64, but is not ({error})"
        )
        findings.append(find(name, "imageData", "bad-image-data", message))
        return None

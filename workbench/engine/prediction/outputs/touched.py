"""Whether somebody has worked on a predicted Labelme file since: it is sealed with the digest of all the rest of it."""

from dataclasses import replace
from pathlib import Path

from workbench.data.annotation import Annotation
from workbench.errors import AnnotationError, InputMissing
from workbench.files import digest
from workbench.formats.labelme import annotation_to_bytes, read_annotation

FOLDER = "labelme"
SEAL = "workbench_predicted"  # in the file, so that a change shows


def seal(annotation: Annotation, path: Path) -> Annotation:
    """Write into a file what it was like when it was predicted."""
    return replace(
        annotation, extra={**annotation.extra, SEAL: digest(annotation_to_bytes(annotation, path))}
    )


def is_touched(name: str, path: Path) -> bool:
    """Whether somebody has worked on a predicted file since; images and pictures nobody works on."""
    if not (name.startswith(f"{FOLDER}/") and name.endswith(".json")):
        return False
    try:
        annotation = read_annotation(path)
        rest = {key: value for key, value in annotation.extra.items() if key != SEAL}
        content = annotation_to_bytes(replace(annotation, extra=rest), path)
    except (AnnotationError, InputMissing):
        return True
    return annotation.extra.get(SEAL) != digest(content)

"""The pictures of one image that panoptic and semantic models learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from workbench.data.dataset import ImageInstances
from workbench.data.painting import Painting
from workbench.formats.coco import Piece
from workbench.formats.panoptic import painting_to_png, picture_to_png, segment_to_json
from workbench.prepare.paint import paint_instances, paint_values, semantic_values, separated_values
from workbench.project import Project


@dataclass(frozen=True, slots=True)
class Pictures:
    """What is painted of one image, and its entry in the panoptic json."""

    painting: Painting
    entry: Piece


def write_pictures(folder: Path, part: str, name: str, content: ImageInstances, project: Project) -> Pictures:
    """Paint one image and write its PNGs into the dataset folder."""
    categories = project.categories
    painting = paint_instances(
        content, {category.id: category for category in categories}, project.unlabelled
    )
    pictures = {f"semantic_{part}": picture_to_png(paint_values(painting, semantic_values(categories)))}
    if project.task == "panoptic":
        pictures[f"panoptic_{part}"] = painting_to_png(painting)
        pictures[f"separated_{part}"] = picture_to_png(paint_values(painting, separated_values(categories)))
    for kind, png in pictures.items():
        _write(folder / kind / name, png)
    segments = [segment_to_json(segment) for segment in painting.segments]
    return Pictures(painting, orjson.dumps({"file_name": name, "segments_info": segments}))


def _write(path: Path, content: bytes) -> None:
    """The whole folder takes its name only when all is there, so a plain write will do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def name_pictures(images: Sequence[str]) -> Mapping[str, str]:
    """Name each image's PNG by its stem, as Detectron2's loader expects it, and by its whole name where stems clash."""
    stems: dict[str, list[str]] = {}
    for image in images:
        stems.setdefault(image.rpartition(".")[0].lower(), []).append(image)
    return {
        image: (image.rpartition(".")[0] if len(same) == 1 else image) + ".png"
        for same in stems.values()
        for image in same
    }

"""What a run found in a part of its dataset, image by image, beside the labels as they are now."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from workbench.data.dataset import Category
from workbench.data.geometry import Box, Outline
from workbench.data.mask import Mask, outline_to_mask, require_mask, rings_to_masks
from workbench.drafting.places import DraftError, Places
from workbench.drafting.proposing import Sight
from workbench.drafting.scene import Found, collect_known


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFiles:
    """A part's truth and results, read once; rows of an image come with their places in the file."""

    images: Mapping[str, Mapping[str, Any]]
    truths: Mapping[int, Mapping[str, Any]]
    rows: Mapping[int, tuple[tuple[int, Mapping[str, Any]], ...]]
    names: Mapping[int, str]
    predicted: bool

    def see(self, image: str, places: Places, categories: Mapping[str, Category]) -> Sight:
        """Hold what was found on an image against its labels."""
        about = self.images.get(image)
        if about is None:
            raise DraftError(
                f"{image}: must be in the run's dataset, but is not; name a run that was trained with it"
            )
        size = (about["width"], about["height"])
        place = places.find(image, about.get("annotation", ""))
        mine = {number: row for number, row in self.truths.items() if row["image_id"] == about["id"]}
        return Sight(
            image=image,
            annotation=place.annotation if place.known else "",
            known=collect_known(place.known, categories, size),
            found=tuple(row_to_found(*pair, self.names, size) for pair in self.rows.get(about["id"], ())),
            truths={number: _to_mask(row["segmentation"], size) for number, row in mine.items()},
        )


def read_part(truth: Path, results: Path) -> PartFiles:
    """Read what `workbench convert` and a run have written."""
    document = _read(truth)
    rows: dict[int, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for place, row in enumerate(_read(results) if results.is_file() else ()):
        rows[row["image_id"]].append((place, row))
    return PartFiles(
        images={row["file_name"]: row for row in document["images"]},
        truths={row["id"]: row for row in document["annotations"]},
        rows={image: tuple(found) for image, found in rows.items()},
        names={row["id"]: row["name"] for row in document["categories"]},
        predicted=results.is_file(),
    )


def row_to_found(
    number: int, row: Mapping[str, Any], names: Mapping[int, str], size: tuple[int, int]
) -> Found:
    """Understand a row of COCO results."""
    x, y, wide, high = row["bbox"]
    label, score, raw = names[row["category_id"]], row["score"], row.get("segmentation")
    if raw:
        return Found(number=number, label=label, score=score, mask=_to_mask(raw, size))
    box = Box(max(0.0, x), max(0.0, y), min(size[0], x + wide), min(size[1], y + high))
    ring = (box.x_min, box.y_min, box.x_max, box.y_min, box.x_max, box.y_max, box.x_min, box.y_max)
    (mask,) = rings_to_masks([ring], *size)
    return Found(number=number, label=label, score=score, mask=mask, box=box)


def _to_mask(raw: Any, size: tuple[int, int]) -> Mask:
    """Nothing unchecked comes near C code."""
    width, height = size
    if isinstance(raw, dict):
        return require_mask(height, width, raw["counts"])
    return outline_to_mask(Outline(tuple(tuple(ring) for ring in raw)), width, height)


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DraftError(
            f"{path}: must be readable JSON, but is not ({error}); run workbench evaluate again"
        ) from error

"""What pictures are drawn from: images, objects, and the PNGs of segments and classes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.conversion.painted import name_pictures
from workbench.evaluation.coco.json_file import read_json
from workbench.evaluation.run_part import RunPart
from workbench.report.material import Row, Seen, Source, Views


def read_views(found: RunPart) -> Views:
    """What pictures are drawn from."""
    truth = read_json(found.truth)
    images = {
        row["id"]: Source(id=row["id"], name=row["file_name"], width=row["width"], height=row["height"])
        for row in truth["images"]
    }
    results = read_json(found.results) if found.task != "semantic" and found.results.is_file() else []
    painted, segments = _read_painted(found, images)
    return Views(
        folder=found.images,
        images=images,
        truths=_group({row["id"]: row for row in truth["annotations"]}),
        found=_group(dict(enumerate(results))),
        colors={category.id: category.color for category in found.manifest.categories},
        names={category.id: category.name for category in found.manifest.categories},
        painted=painted,
        segments=segments,
    )


def _group(rows: Mapping[int, Row]) -> dict[int, list[Seen]]:
    """Objects of each image."""
    groups: dict[int, list[Seen]] = {}
    for number, row in rows.items():
        x, y, width, height = row["bbox"]
        seen = Seen(
            number=number,
            category=row["category_id"],
            box=(x, y, width, height),
            segmentation=row.get("segmentation") or None,
            score=row.get("score"),
            crowd=bool(row.get("iscrowd")),
        )
        groups.setdefault(row["image_id"], []).append(seen)
    return groups


Painted = dict[int, tuple[Path, Path]]
Segments = dict[int, tuple[Mapping[int, int], Mapping[int, int]]]


def _read_painted(found: RunPart, images: Mapping[int, Source]) -> tuple[Painted, Segments]:
    """Pictures of segments or classes, truth and prediction; none for objects."""
    if found.task == "panoptic" and found.panoptic_results.is_file():
        return _read_panoptic(found)
    if found.task == "semantic" and found.pictures.is_dir():
        return _pair_classes(found, images), {}
    return {}, {}


def _read_panoptic(found: RunPart) -> tuple[Painted, Segments]:
    sides = [_read_segments(path) for path in (found.panoptic_truth, found.panoptic_results)]
    painted: Painted = {}
    segments: Segments = {}
    for number in sides[0].keys() & sides[1].keys():
        painted[number] = (sides[0][number][0], sides[1][number][0])
        segments[number] = (sides[0][number][1], sides[1][number][1])
    return painted, segments


def _read_segments(path: Path) -> dict[int, tuple[Path, dict[int, int]]]:
    raw: Any = read_json(path)
    return {
        row["image_id"]: (
            path.with_suffix("") / row["file_name"],
            {segment["id"]: segment["category_id"] for segment in row["segments_info"]},
        )
        for row in raw["annotations"]
    }


def _pair_classes(found: RunPart, images: Mapping[int, Source]) -> Painted:
    """Each picture has the name that the conversion gave its image."""
    names = name_pictures(sorted(found.manifest.parts))
    ids = {names[image.name]: number for number, image in images.items() if image.name in names}
    painted = {}
    for truth, answer in found.pair_pictures():
        name = answer.relative_to(found.pictures).as_posix()
        if name in ids:
            painted[ids[name]] = (truth, answer)
    return painted

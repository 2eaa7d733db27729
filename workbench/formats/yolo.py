"""Instances to YOLO text files: one polygon or one box a line, in shares of the image's size."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from workbench.data.dataset import Category, ImageInstances, Instance
from workbench.data.geometry import Outline, Ring
from workbench.data.mask import mask_to_array
from workbench.files import write_atomically
from workbench.formats.contours import trace_rings
from workbench.formats.loss import Loss


def write_yolo(
    images: Iterable[ImageInstances],
    categories: Sequence[Category],
    out: Path,
    *,
    part: str = "",
    boxes: bool = False,
) -> Iterator[Loss]:
    """Write labels/<part>/<image>.txt for each image, as it comes; yield what the format loses."""
    numbers = {category.id: number for number, category in enumerate(categories)}
    for item in images:
        lines = []
        for place, instance in enumerate(item.instances):
            values, lost = _box_values(instance) if boxes else _ring_values(instance)
            lines.append(_to_line(numbers[instance.category_id], values, item.image.width, item.image.height))
            yield from (Loss(image=item.image.path, instance=place, what=what) for what in lost)
        name = PurePosixPath(item.image.path).with_suffix(".txt")
        write_atomically(out / "labels" / part / name, "".join(lines).encode())


def write_data_yaml(out: Path, categories: Sequence[Category], parts: Sequence[str] = ()) -> None:
    """Write what Ultralytics and others read first; a JSON text is a YAML text, whatever is in a name.

    They ask for a train and a val: where nothing was split, both are all images.
    """
    folders = {part: f"images/{part}" for part in parts} or dict.fromkeys(("train", "val"), "images")
    lines = [f"{part}: {folder}\n" for part, folder in folders.items()]
    names = [f"  {number}: {json.dumps(category.name)}\n" for number, category in enumerate(categories)]
    write_atomically(out / "data.yaml", "".join(["path: .\n", *lines, "names:\n", *names]).encode())


def _to_line(number: int, values: Sequence[float], width: int, height: int) -> str:
    shares = [value / (height if place % 2 else width) for place, value in enumerate(values)]
    return " ".join([str(number), *(f"{share:.10f}".rstrip("0").rstrip(".") for share in shares)]) + "\n"


def _box_values(instance: Instance) -> tuple[Sequence[float], list[str]]:
    x, y, width, height = instance.box.to_xywh()
    return (x + width / 2, y + height / 2, width, height), ["outline", *_crowd(instance)]


def _ring_values(instance: Instance) -> tuple[Ring, list[str]]:
    """Choose the largest outer ring: a line holds one, and no holes."""
    if isinstance(instance.segmentation, Outline):
        outer = tuple(sorted(instance.segmentation.rings, key=_area, reverse=True))
        holes: tuple[Ring, ...] = ()
    else:
        outer, holes = trace_rings(mask_to_array(instance.segmentation))
    lost = [what for what, there in (("parts", len(outer) > 1), ("holes", holes)) if there]
    return outer[0], [*lost, *_crowd(instance)]


def _crowd(instance: Instance) -> list[str]:
    return ["crowd"] if instance.crowd else []


def _area(ring: Ring) -> float:
    xs, ys = ring[::2], ring[1::2]
    return abs(sum(xs[k - 1] * ys[k] - xs[k] * ys[k - 1] for k in range(len(xs)))) / 2

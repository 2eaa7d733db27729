"""A COCO truth, checked before any compiled code sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from workbench.data.mask import require_mask, require_raster_size
from workbench.errors import DatasetError
from workbench.evaluation.coco.json_file import read_json
from workbench.evaluation.coco.run_lengths import count_pixels
from workbench.evaluation.coco.tidy_truth import read_tidy_truth

RULE = "bad-truth"
_HUGE = 1e300
_EXACT = 2**53
_USED = ("id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation")
FARTHEST = 1e6  # px; what lies beyond has made rasterisers crash

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is right: `raw` is the COCO dataset as compiled code may read it."""

    source: str
    raw: dict[str, Any]
    sizes: Mapping[int, tuple[int, int]]  # image id -> height, width; 0 where the file does not say
    names: Mapping[int, str]  # category id -> a name that no other has
    masks: bool  # every object has a segmentation
    files: Mapping[int, str] = field(
        default_factory=dict
    )  # image id -> file name; the id where there is none


def read_truth(source: Path | Raw) -> Truth:
    """Check a COCO dataset: a file, or what one holds."""
    tidy = read_tidy_truth(source) if isinstance(source, Path) else None
    raw = tidy or (read_json(source) if isinstance(source, Path) else source)
    name = str(source) if isinstance(source, Path) else "truth"
    for key in ("images", "annotations", "categories"):
        if not isinstance(raw, Mapping) or not isinstance(raw.get(key), list):
            raise _wrong(name, "", f'must be a COCO dataset with a list "{key}", but has none')
    sizes = {image["id"]: _size(name, place, image) for place, image in enumerate(_rows(name, raw, "images"))}
    names = _name_categories(_rows(name, raw, "categories"))
    annotations = raw["annotations"] if tidy else list(_rows(name, raw, "annotations"))
    for place, row in enumerate(annotations if not tidy else ()):
        message = _find_mistake(row, sizes, names)
        if message:
            raise _wrong(name, f"annotations[{place}]", message)
    content = {
        "images": [
            {"id": number, "height": height, "width": width} for number, (height, width) in sizes.items()
        ],
        "categories": [{"id": number, "name": own} for number, own in names.items()],
        "annotations": _check_masks(
            name, annotations if tidy else [_pick(row) for row in annotations], sizes
        ),
    }
    masks = all(row.get("segmentation") for row in annotations)
    files = {image["id"]: _name_file(image) for image in raw["images"]}
    return Truth(source=name, raw=content, sizes=sizes, names=names, masks=masks, files=files)


def _name_file(image: Raw) -> str:
    name = image.get("file_name")
    return name if isinstance(name, str) and name else str(image["id"])


def _pick(row: Raw) -> Raw:
    """Leave out what nobody has looked at."""
    return {key: row[key] for key in _USED if key in row}


def _wrong(name: str, where: str, message: str) -> DatasetError:
    return DatasetError(name, where, f"{message}; mend the file", RULE)


def _rows(name: str, raw: Raw, key: str) -> Sequence[Raw]:
    """The rows of a list, each an object with a whole number as its id."""
    seen = set()
    for place, row in enumerate(raw[key]):
        if not isinstance(row, Mapping) or not is_id(row.get("id")) or row["id"] < 0:
            message = "must be an object with a whole number of 0 or more as id, but is not"
            raise _wrong(name, f"{key}[{place}]", message)
        if row["id"] in seen:
            raise _wrong(name, f"{key}[{place}]", f"ids must differ, but {row['id']} is there twice")
        seen.add(row["id"])
    rows: list[Raw] = raw[key]
    return rows


def _size(name: str, place: int, image: Raw) -> tuple[int, int]:
    height, width = image.get("height", 0), image.get("width", 0)
    if type(height) is not int or type(width) is not int:
        raise _wrong(name, f"images[{place}]", "height and width must be whole numbers, but are not")
    if height or width:
        try:
            require_raster_size(width, height)
        except ValueError as error:
            raise _wrong(name, f"images[{place}]", str(error)) from error
    return height, width


def _name_categories(rows: Sequence[Raw]) -> dict[int, str]:
    """Two categories of one name are told apart by their ids."""
    names = [str(row.get("name", row["id"])) for row in rows]
    return {
        row["id"]: name if names.count(name) == 1 else f"{name} ({row['id']})"
        for row, name in zip(rows, names, strict=True)
    }


def _find_mistake(row: Raw, sizes: Mapping[int, object], names: Mapping[int, object]) -> str:
    """Say what is wrong with an annotation, but for its run lengths."""
    image, category = row.get("image_id"), row.get("category_id")
    if not is_id(image) or image not in sizes:
        return f"image_id must be an image of this file, but got {show(image)}"
    if not is_id(category) or category not in names:
        return f"category_id must be a category of this file, but got {show(category)}"
    if row.get("iscrowd", 0) not in (0, 1):
        return f"iscrowd must be 0 or 1, but got {show(row['iscrowd'])}"
    if not is_number(row.get("area")) or row["area"] < 0:
        return f"area must be a number of 0 or more, but got {show(row.get('area'))}"
    return find_box_mistake(row.get("bbox")) or find_outline_mistake(row.get("segmentation"))


def show(value: object) -> str:
    """Name what was found, in one line that is not long."""
    return repr(value)[:60]


def is_id(value: object) -> bool:
    """Tell whole numbers that stand in a column of floats as they are."""
    return isinstance(value, int) and not isinstance(value, bool) and -_EXACT < value < _EXACT


def is_number(value: object) -> bool:
    """Tell finite numbers from all else; true and false are no numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_HUGE < value < _HUGE


def are_numbers(values: Sequence[object]) -> bool:
    """Tell the same of many at once: the sum of what is not finite is not finite."""
    if {*map(type, values)} == {float}:
        return isfinite(sum(values))  # type: ignore[arg-type]
    return all(map(is_number, values))


def find_box_mistake(box: object) -> str:
    """Say what is wrong with x, y, width, height."""
    if not isinstance(box, list | tuple) or len(box) != 4 or not are_numbers(box):
        return f"bbox must be four finite numbers, but got {show(box)}"
    if box[2] < 0 or box[3] < 0:
        return f"bbox must have a width and height of 0 or more, but got {show(box)}"
    return ""


def find_outline_mistake(segmentation: object) -> str:
    """Say what is wrong with rings; run lengths are looked at elsewhere."""
    if isinstance(segmentation, list):
        for ring in segmentation:
            if not isinstance(ring, list) or len(ring) < 6 or len(ring) % 2:
                return "segmentation must be lists of 6 or more numbers, x and y in turn, but is not"
            if not are_numbers(ring) or max(ring) > FARTHEST or min(ring) < -FARTHEST:
                return f"segmentation must be numbers up to {FARTHEST:g}, but is not"
    elif segmentation is not None and not isinstance(segmentation, Mapping):
        return f"segmentation must be polygons or run lengths, but got {show(segmentation)}"
    return ""


def _check_masks(name: str, rows: list[Raw], sizes: Mapping[int, tuple[int, int]]) -> list[Raw]:
    """Check all run lengths, and write those that are lists of numbers as COCO's text."""
    masks = enumerate([row.get("segmentation") for row in rows])
    places = [place for place, mask in masks if type(mask) is not list and isinstance(mask, Mapping)]
    wanted = [sizes[rows[place]["image_id"]] for place in places]
    try:
        checked = check_run_lengths([rows[place]["segmentation"] for place in places], wanted)
    except BadRunLengths as error:
        raise _wrong(name, f"annotations[{places[error.place]}]", str(error)) from error
    rows = list(rows)
    for place, segmentation in zip(places, checked, strict=True):
        rows[place] = {**rows[place], "segmentation": segmentation}
    return rows


class BadRunLengths(ValueError):
    """A mask that cannot be read; `place` is its place in the list."""

    def __init__(self, place: int, message: str) -> None:
        super().__init__(message)
        self.place = place


def check_run_lengths(masks: Sequence[Raw], sizes: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """Return masks that compiled code may read: of their image's size, and with runs that fill it."""
    texts = [_to_bytes(mask.get("counts")) for mask in masks]
    result: list[dict[str, Any]] = []
    for place, (mask, size, found) in enumerate(zip(masks, sizes, count_pixels(texts), strict=True)):
        declared = mask.get("size")
        if (
            not isinstance(declared, list | tuple)
            or len(declared) != 2
            or any(type(n) is not int for n in declared)
        ):
            raise BadRunLengths(place, f"size must be height and width, but got {show(declared)}")
        height, width = declared
        if any(size) and (height, width) != size:
            message = f"the mask must be {size[0]} x {size[1]} as its image, but is {height} x {width}"
            raise BadRunLengths(place, message)
        if found == height * width > 0 and any(size):
            result.append({"size": [height, width], "counts": texts[place]})
        else:
            result.append(_look_closer(place, mask, height, width))
    return result


def _to_bytes(counts: object) -> bytes:
    return (
        counts
        if isinstance(counts, bytes)
        else counts.encode("utf-8", "replace")
        if isinstance(counts, str)
        else b""
    )


def _look_closer(place: int, mask: Raw, height: int, width: int) -> dict[str, Any]:
    try:
        return require_mask(height, width, mask.get("counts")).to_rle()
    except ValueError as error:
        raise BadRunLengths(place, str(error)) from error

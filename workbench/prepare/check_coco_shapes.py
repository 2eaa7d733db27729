"""The rules of COCO shapes: polygons and run lengths that are what they claim, boxes and areas that agree with them."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from workbench.data import mask as masks
from workbench.data.geometry import Box, Ring, clip_ring
from workbench.data.mask import Mask

Raw = Mapping[str, Any]
Said = tuple[str, str, str]  # where, rule, message
Extent = tuple[int, Box]  # a mask's pixels, and the box around them
LARGEST = 1e6
EDGE = 1.0  # px that a polygon may reach over the edge without a word: exporters round
BOX_SLACK = 2.0  # px between the box's side and the mask's
AREA_SLACK = 0.6  # of half the box's girth: the band that rounding of an outline can cost


class ShapeCheck:
    """Checks annotation after annotation; what is only worth one line in all is counted."""

    def __init__(self, images: Mapping[int, Raw]) -> None:
        self._images = images
        self._boxes_only = 0
        self._crowd_polygons = 0

    def check(self, where: str, annotation: Raw) -> Iterator[Said]:
        """Yield (where, rule, message) for one annotation."""
        if "segments_info" in annotation or "caption" in annotation:
            return
        size = self._find_size(annotation)
        extent: Extent | None = None
        segmentation = annotation.get("segmentation")
        if isinstance(segmentation, dict):
            said, extent = _read_rle(segmentation, size)
            yield from ((where, *one) for one in said)
        elif isinstance(segmentation, list) and segmentation:
            self._crowd_polygons += annotation.get("iscrowd") == 1
            said, extent = _read_polygons(segmentation, size)
            yield from ((where, *one) for one in said)
        elif segmentation not in (None, []):
            yield (
                where,
                "bad-segmentation",
                f"it must be a list or RLE, but got {type(segmentation).__name__}; mend it",
            )
        elif "bbox" in annotation:
            self._boxes_only += 1
        yield from ((where, *one) for one in _check_box_and_area(annotation, extent))

    def sum_up(self) -> Iterator[Said]:
        """Yield what was counted."""
        if self._boxes_only:
            count = self._boxes_only
            yield (
                "annotations",
                "box-only",
                f"each should have a mask, but {count} have a box only; boxes can be learned",
            )
        if self._crowd_polygons:
            count = self._crowd_polygons
            yield (
                "annotations",
                "crowd-polygon",
                f"a crowd must be run lengths, but {count} are polygons; write them anew",
            )

    def _find_size(self, annotation: Raw) -> tuple[int, int] | None:
        number = annotation.get("image_id")
        image = self._images.get(number) if isinstance(number, int) else None
        return read_size(image) if image else None


def read_size(image: Raw) -> tuple[int, int] | None:
    """Return width and height where they are such that pixels can be drawn."""
    width, height = image.get("width"), image.get("height")
    if not (_is_number(width) and _is_number(height)):
        return None
    fits = 0 < width <= masks.MAX_SIDE and 0 < height <= masks.MAX_SIDE and width * height <= masks.MAX_PIXELS
    return (int(width), int(height)) if fits else None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST


def _read_rle(rle: Raw, size: tuple[int, int] | None) -> tuple[list[tuple[str, str]], Extent | None]:
    claimed = rle.get("size")
    if not (isinstance(claimed, list) and len(claimed) == 2 and all(type(side) is int for side in claimed)):
        return [
            ("bad-rle", f"size must be [height, width], but got {str(claimed)[:40]}; write the mask again")
        ], None
    if size and claimed != [size[1], size[0]]:
        wanted = f"the image's [{size[1]}, {size[0]}]"
        return [("bad-rle", f"size must be {wanted}, but got {claimed}; write the mask again")], None
    try:
        mask = masks.require_mask(claimed[0], claimed[1], rle.get("counts"))
    except ValueError as error:
        return [("bad-rle", f"{error}; write the mask again")], None
    return _measure([], mask)


def _measure(said: list[tuple[str, str]], mask: Mask) -> tuple[list[tuple[str, str]], Extent | None]:
    extent = masks.measure([mask])[0]
    if extent[0]:
        return said, extent
    return [*said, ("no-pixels", "the shape must cover a pixel, but covers none; delete it")], None


def _read_polygons(
    polygons: list[Any], size: tuple[int, int] | None
) -> tuple[list[tuple[str, str]], Extent | None]:
    """Check each polygon, and rasterise them together when all are sound."""
    said: list[tuple[str, str]] = []
    rings: list[Ring] = []
    over = 0.0
    if _is_number(polygons[0]) and all(map(_is_number, polygons)):
        return [
            ("bad-segmentation", "it must be a list of polygons, but is one bare polygon; put it in a list")
        ], None
    for number, polygon in enumerate(polygons):
        problem = _find_problem(polygon)
        if problem:
            said.append(
                ("bad-segmentation", f"polygon {number} must be x, y, x, y …, but {problem}; draw it again")
            )
            continue
        ring = tuple(map(float, polygon))
        if size:
            out = max(-min(ring), max(ring[::2]) - size[0], max(ring[1::2]) - size[1])
            over, ring = max(over, out), clip_ring(ring, *size) if out > 0 else ring
        if ring:
            rings.append(ring)
    if said:
        return said, None
    if not rings:
        return [
            ("outside", "the shape must lie on the image, but lies wholly beside it; delete it or move it")
        ], None
    if over > EDGE:
        said.append(("partly-outside", f"the shape should lie on the image, but reaches {over:.1f} px out"))
    return _measure(said, masks.unite(masks.rings_to_masks(rings, *size))) if size else (said, None)


def _find_problem(polygon: object) -> str:
    if not isinstance(polygon, list):
        return f"is {type(polygon).__name__}"
    if len(polygon) % 2:
        return f"has an odd count of numbers, {len(polygon)}"
    if len(polygon) < 6:
        return f"has {len(polygon) // 2} points and needs 3"
    if set(map(type, polygon)) <= {int, float} and all(-LARGEST <= value <= LARGEST for value in polygon):
        return ""
    wrong = next(value for value in polygon if not _is_number(value))
    return f"has {str(wrong)[:40]} in it"


def _check_box_and_area(annotation: Raw, extent: Extent | None) -> Iterator[tuple[str, str]]:
    box, area = annotation.get("bbox"), annotation.get("area")
    sound = isinstance(box, list) and len(box) == 4 and all(map(_is_number, box)) and min(box[2:]) > 0
    if box is not None and not sound:
        yield "bad-box", f"bbox must be x, y, width, height above 0, but got {str(box)[:60]}; write it again"
    if extent is None:
        return
    pixels, real = extent
    if box is not None and sound:
        sides = (box[0], box[1], box[0] + box[2], box[1] + box[3])
        off = max(
            abs(a - b) for a, b in zip(sides, (real.x_min, real.y_min, real.x_max, real.y_max), strict=True)
        )
        if off > BOX_SLACK:
            yield "box-differs", f"bbox must be the mask's, but a side is {off:.1f} px off; write it again"
    if area is not None:
        yield from _check_area(area, pixels, (real.x_max - real.x_min) + (real.y_max - real.y_min))


def _check_area(area: object, real: int, girth: float) -> Iterator[tuple[str, str]]:
    if not isinstance(area, int | float) or not abs(area) <= LARGEST**2:
        yield "area-differs", f"area must be a number, but got {str(area)[:40]!r}; write it again"
    elif abs(area - real) > max(AREA_SLACK * girth, 4.0):
        share = 100 * (area - real) / real
        yield (
            "area-differs",
            f"area must be the mask's {real}, but got {area:g} ({share:+.0f} %); write it again",
        )

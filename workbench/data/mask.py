"""Run-length masks, and the only door to pycocotools: nothing unchecked passes it.

pycocotools crashes on coordinates that are infinite or huge, and reads past the end of a short RLE.
Its raster rule is the one rule of this project: areas and boxes come from it, never from a polygon.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate, chain, pairwise
from math import ceil
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings

from workbench.data.geometry import Box, Outline, Ring

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.uint8]

MAX_SIDE = 32_767  # Labelme 7's own limit; twice that would overflow the raster code's counters
_AT_ONCE = 255  # pycocotools counts the masks whose area it is asked for in one byte
MAX_PIXELS = 178_956_970  # where Pillow refuses too; three pictures of a byte each still fit a small machine


@dataclass(frozen=True, slots=True)
class Mask:
    """A mask as COCO's compressed run lengths."""

    height: int
    width: int
    counts: bytes

    def to_rle(self) -> dict[str, Any]:
        """Return the dict that pycocotools and COCO json know."""
        return {"size": [self.height, self.width], "counts": self.counts}


def rle_to_mask(rle: dict[str, Any]) -> Mask:
    """Wrap what pycocotools returned."""
    height, width = rle["size"]
    return Mask(height, width, rle["counts"])


def rings_to_masks(rings: Sequence[Ring], width: int, height: int) -> list[Mask]:
    """Rasterise many rings of one image at once; each must be finite and cut to the image."""
    from numpy import fromiter
    from pycocotools import _mask as coco

    require_raster_size(width, height)
    if not rings:
        return []
    flat = fromiter(chain.from_iterable(rings), float)
    if not (flat.min() >= -1 and flat.max() <= max(width, height) + 1):  # NaN fails every comparison
        raise ValueError("a ring must be finite and cut to its image before it is rasterised")
    ends = list(accumulate(map(len, rings), initial=0))
    rles = coco.frPoly([flat[start:end] for start, end in pairwise(ends)], height, width)
    return [Mask(height, width, rle["counts"]) for rle in rles]


def outline_to_mask(outline: Outline, width: int, height: int) -> Mask:
    """Rasterise an outline: the union of its rings."""
    return unite(rings_to_masks(outline.rings, width, height))


def ring_to_mask_cropped(ring: Ring, width: int, height: int) -> Mask | None:
    """Rasterise a ring that leaves the image on a larger canvas and crop that; None where it goes too far out."""
    left, top = (max(0, ceil(-min(ring[axis::2]))) for axis in (0, 1))
    wide, high = (ceil(max(size, max(ring[axis::2]))) + 1 for axis, size in ((0, width), (1, height)))
    if (left + wide) > 4 * width or (top + high) > 4 * height:
        return None
    try:
        require_raster_size(left + wide, top + high)
    except ValueError:
        return None
    shifted = tuple(value + (left, top)[place % 2] for place, value in enumerate(ring))
    whole = mask_to_array(rings_to_masks([shifted], left + wide, top + high)[0])
    return array_to_mask(whole[top : top + height, left : left + width])


def stamp_to_mask(png: str, corner: tuple[int, int], width: int, height: int) -> Mask:
    """Lay the picture of a mask shape on an empty image; what hangs over the edge is cut."""
    import numpy as np

    require_raster_size(width, height)
    (x, y), stamp = corner, png_to_array(png)
    canvas = np.zeros((height, width), np.uint8, order="F")
    part = stamp[max(0, -y) : max(0, height - y), max(0, -x) : max(0, width - x)]
    canvas[max(0, y) : max(0, y) + part.shape[0], max(0, x) : max(0, x) + part.shape[1]] = part
    return array_to_mask(canvas)


def require_raster_size(width: int, height: int) -> None:
    """Refuse a canvas that the raster code cannot count, or that would fill the memory."""
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise ValueError(f"an image must be 1 to {MAX_SIDE} px wide and high, but is {width} x {height}")


def array_to_mask(array: "Array") -> Mask:
    """Encode a binary picture."""
    import numpy as np
    from pycocotools import mask as coco

    return rle_to_mask(coco.encode(np.asfortranarray(array, dtype=np.uint8)))


def mask_to_array(mask: Mask) -> "Array":
    """Decode to a picture of 0 and 1."""
    from pycocotools import mask as coco

    array: Array = coco.decode(mask.to_rle())
    return array


def unite(masks: Sequence[Mask]) -> Mask:
    """Return what any of the masks covers."""
    from pycocotools import mask as coco

    if len(masks) == 1:
        return masks[0]
    return rle_to_mask(coco.merge([mask.to_rle() for mask in masks]))


def subtract(mask: Mask, holes: Sequence[Mask]) -> Mask:
    """Return the mask without what the holes cover."""
    if not holes:
        return mask
    return array_to_mask(mask_to_array(mask) & (1 - mask_to_array(unite(holes))))


def measure(several: Sequence[Mask]) -> list[tuple[int, Box]]:
    """Count the pixels of each mask and find the smallest box around them: many at once, since each call costs."""
    from pycocotools import mask as coco

    if not several:
        return []
    rles = [mask.to_rle() for mask in several]
    boxes = [Box(x, y, x + width, y + height) for x, y, width, height in coco.toBbox(rles).tolist()]
    parts = (rles[start : start + _AT_ONCE] for start in range(0, len(rles), _AT_ONCE))
    return list(zip(chain.from_iterable(coco.area(part).tolist() for part in parts), boxes, strict=True))


def area(mask: Mask) -> int:
    """Count the pixels."""
    return measure([mask])[0][0]


def box(mask: Mask) -> Box:
    """Return the smallest box around the pixels."""
    return measure([mask])[0][1]


def iou(one: Mask, other: Mask) -> float:
    """Return the share of common pixels; two empty masks are equal."""
    from pycocotools import mask as coco

    if area(one) == area(other) == 0:
        return 1.0
    return float(coco.iou([one.to_rle()], [other.to_rle()], [0])[0, 0])


def require_mask(height: int, width: int, counts: object) -> Mask:
    """Check a COCO RLE (text, bytes or a list of runs) before any C code sees it."""
    require_raster_size(width, height)
    runs = counts if isinstance(counts, list) else _unpack_runs(counts)
    if not all(type(run) is int and run >= 0 for run in runs):
        raise ValueError("the runs of an RLE must be whole numbers of 0 or more")
    if sum(runs) != height * width:
        raise ValueError(
            f"the runs must add up to {height} x {width} = {height * width}, but give {sum(runs)}"
        )
    return _runs_to_mask(runs, height, width)


def _runs_to_mask(runs: list[int], height: int, width: int) -> Mask:
    from pycocotools import mask as coco

    return rle_to_mask(coco.frPyObjects({"size": [height, width], "counts": runs}, height, width))


def _unpack_runs(counts: object) -> list[int]:
    """Read COCO's packed text: 5 bits a letter, from the third run on as a difference to the run before the last."""
    text = counts.encode("utf-8", "replace") if isinstance(counts, str) else counts
    if not isinstance(text, bytes):
        raise ValueError(f"the counts of an RLE must be text or a list, but are {type(counts).__name__}")
    runs: list[int] = []
    value = shift = 0
    for letter in text:
        chunk = letter - 48
        if not 0 <= chunk < 64 or shift > 60:
            raise ValueError(f"an RLE must be COCO's packed text, but has {bytes([letter])!r}")
        value |= (chunk & 31) << shift
        shift += 5
        if not chunk & 32:
            value -= (1 << shift) if chunk & 16 else 0
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError("an RLE must be complete, but ends inside a run")
    return runs


def png_to_array(text: str) -> "Array":
    """Decode the base64 PNG of a Labelme mask shape to a picture of 0 and 1."""
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        content = BytesIO(b64decode(text, validate=True))
        with (
            catch_warnings(action="ignore"),
            Image.open(content, formats=["PNG"]) as picture,
        ):  # large ones warn
            require_raster_size(*picture.size)
            return (np.asarray(picture.convert("L")) > 0).astype(np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"a mask must be a base64 PNG, but cannot be decoded ({error})") from error


def array_to_png(array: "Array") -> str:
    """Encode a picture of 0 and 1 as the base64 PNG (1 bit) of a Labelme mask shape."""
    from base64 import b64encode

    from PIL import Image

    stream = BytesIO()
    Image.fromarray(array > 0).save(stream, "PNG")
    return b64encode(stream.getvalue()).decode()

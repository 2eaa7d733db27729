"""Files of COCO results as nearly all are: read and checked as columns, which takes a third of the time.

Anything out of the ordinary is left to the careful reader, which looks at row after row and says what is wrong.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from workbench.evaluation.coco.run_lengths import count_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT = 2**53  # whole numbers below stand in a column of floats as they are
_HUGE = 1e300


class Tidy(NamedTuple):
    """Columns of a file."""

    table: "NDArray[np.float64]"  # image id, x, y, width, height, score, category id
    masks: tuple[bytes, ...] | None
    sizes: "NDArray[np.int64] | None"


class _Mask(msgspec.Struct, gc=False):
    size: tuple[int, int]
    counts: str


class _Row(msgspec.Struct, gc=False):
    image_id: int
    category_id: int
    score: float
    bbox: tuple[float, float, float, float]
    segmentation: _Mask | None = None


_DECODER = msgspec.json.Decoder(list[_Row])


def read_tidy(path: Path, images: Mapping[int, tuple[int, int]]) -> Tidy | None:
    """Return the columns of a file that is in order; None where only a closer look can tell.

    `images` are the ids that may be in it, with heights and widths.
    """
    try:
        if not path.is_file():
            return None
        rows = _DECODER.decode(path.read_bytes())
        table = _to_table(rows)
    except (OSError, ValueError, OverflowError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    if table is None or not {row.image_id for row in rows} <= images.keys():
        return None
    masks = [row.segmentation for row in rows if row.segmentation is not None]
    if not masks:
        return Tidy(table, None, None)
    texts, sizes = tuple([mask.counts.encode() for mask in masks]), [mask.size for mask in masks]
    if sizes != [images[row.image_id] for row in rows]:  # nor where some have no mask
        return None
    table_of_sizes = np.array(sizes, np.int64)
    if table_of_sizes.min() <= 0 or (np.array(count_pixels(texts)) != table_of_sizes.prod(axis=1)).any():
        return None
    return Tidy(table, texts, table_of_sizes)


def _to_table(rows: Sequence[_Row]) -> "NDArray[np.float64] | None":
    """Return numbers that are what they must be, None where one is not."""
    if not rows:
        return None
    images, categories = (
        np.fromiter(map(attrgetter(name), rows), np.int64, len(rows)) for name in ("image_id", "category_id")
    )
    boxes = np.fromiter(chain.from_iterable(map(attrgetter("bbox"), rows)), float, 4 * len(rows)).reshape(
        -1, 4
    )
    scores = np.fromiter(map(attrgetter("score"), rows), float, len(rows))
    fine = all((np.abs(column) < _EXACT).all() for column in (images, categories))
    if not fine or not all((np.abs(column) < _HUGE).all() for column in (boxes, scores)):
        return None
    return np.column_stack([images, boxes, scores, categories]) if (boxes[:, 2:] >= 0).all() else None

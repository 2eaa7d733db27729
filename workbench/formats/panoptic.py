"""COCO panoptic: a json of segments, and for each image a PNG whose colour is the segment's id."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from workbench.data.painting import Painting, Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def painting_to_png(painting: Painting) -> bytes:
    """Encode ids as red + 256 · green + 65536 · blue."""
    import numpy as np

    return picture_to_png(
        np.stack([painting.ids >> shift & 255 for shift in (0, 8, 16)], axis=-1).astype(np.uint8)
    )


def picture_to_png(picture: "NDArray[np.uint8]") -> bytes:
    """Encode a picture as PNG: mode L or RGB, never a palette (Detectron2 would read its colours as classes)."""
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=6)
    return stream.getvalue()


def segment_to_json(segment: Segment) -> dict[str, Any]:
    """Return one entry of segments_info."""
    return {
        "id": segment.id,
        "category_id": segment.category.id,
        "area": segment.area,
        "bbox": segment.box.to_xywh(),
        "iscrowd": int(segment.crowd),
    }

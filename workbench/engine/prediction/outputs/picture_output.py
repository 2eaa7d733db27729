"""Pictures of classes and of segments, as the dataset folders have them: PNGs, and COCO panoptic's json."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from workbench.engine.prediction.images import Seen
from workbench.engine.prediction.outputs.coco_files import PANOPTIC as PANOPTIC_JSON
from workbench.engine.prediction.outputs.joint import Joint
from workbench.engine.prediction.outputs.names import Named
from workbench.engine.prediction.writer import ids_to_colors
from workbench.files import write_atomically
from workbench.formats.panoptic import picture_to_png

PANOPTIC, SEMANTIC = "panoptic", "semantic"


class SemanticOutput:
    """The class of each pixel: 0 is the first class of the project, 1 the second …"""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self, images: Iterable[Named]) -> list[str]:
        """One PNG an image."""
        return [f"{SEMANTIC}/{one.picture}" for one in images]

    def add(self, seen: Seen, named: Named) -> list[str]:
        """Write one."""
        if seen.semantic is None:
            return []
        name = f"{SEMANTIC}/{named.picture}"
        write_atomically(self._folder / name, picture_to_png(seen.semantic))
        return [name]

    def close(self) -> list[str]:
        """Nothing belongs to all images."""
        return []

    def drop(self) -> None:
        """Nothing is half-written."""


class PanopticOutput:
    """COCO panoptic: a PNG of segment ids an image, and a json that says what each segment is."""

    def __init__(self, folder: Path, joint: Joint, ids: Mapping[str, int]) -> None:
        self._folder, self._joint, self._ids = folder, joint, ids

    def name(self, images: Iterable[Named]) -> list[str]:
        """One PNG an image, and one json."""
        return [f"{PANOPTIC}/{one.picture}" for one in images] + [PANOPTIC_JSON]

    def add(self, seen: Seen, named: Named) -> list[str]:
        """Write one PNG, and hand on what its segments are."""
        if seen.segment_ids is None:
            return []
        number = self._ids.get(named.key, seen.number)
        write_atomically(
            self._folder / PANOPTIC / named.picture, picture_to_png(ids_to_colors(seen.segment_ids))
        )
        about = {"id": number, "file_name": named.key, "width": seen.width, "height": seen.height}
        segments = [segment | _measure(seen.segment_ids, segment["id"]) for segment in seen.segments]
        annotation = {"image_id": number, "file_name": named.picture, "segments_info": segments}
        self._joint.add((orjson.dumps(about), orjson.dumps(annotation)))
        return [f"{PANOPTIC}/{named.picture}"]

    def close(self) -> list[str]:
        """All images were handed on."""
        return self._joint.close()

    def drop(self) -> None:
        """Leave no half of a file behind."""
        self._joint.drop()


def _measure(ids: NDArray[np.int64], number: int) -> dict[str, Any]:
    """Count the pixels of a segment and find the box around them."""
    mine = ids == number
    rows, columns = np.flatnonzero(mine.any(axis=1)), np.flatnonzero(mine.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    box = [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y]
    return {"area": int(mine.sum()), "bbox": box, "iscrowd": 0}

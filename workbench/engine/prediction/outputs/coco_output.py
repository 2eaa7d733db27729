"""What an image adds to COCO's files: results for `workbench evaluate`, and a dataset that any tool opens by itself."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from workbench.data.mask import area
from workbench.data.prediction import Prediction
from workbench.engine.prediction.images import Seen
from workbench.engine.prediction.outputs.coco_files import DATASET, RESULTS
from workbench.engine.prediction.outputs.joint import Joint
from workbench.engine.prediction.outputs.names import Named


class CocoOutput:
    """Objects go on as they are found."""

    def __init__(self, joint: Joint, ids: Mapping[str, int]) -> None:
        self._joint, self._ids = joint, ids

    def name(self, images: Iterable[Named]) -> list[str]:
        """Two files, whatever there is to see."""
        return [RESULTS, DATASET]

    def add(self, seen: Seen, named: Named) -> list[str]:
        """Hand on an image with its objects."""
        number = self._ids.get(named.key, seen.number)
        about = {"id": number, "file_name": named.key, "width": seen.width, "height": seen.height}
        piece = [orjson.dumps(about)]
        for one in seen.found:
            piece += (orjson.dumps(one.to_json() | {"image_id": number}), orjson.dumps(_complete(one)))
        self._joint.add(piece)
        return []

    def close(self) -> list[str]:
        """All images were handed on."""
        return self._joint.close()

    def drop(self) -> None:
        """Leave no half of a file behind."""
        self._joint.drop()


def _complete(one: Prediction) -> dict[str, Any]:
    """What an annotation has and a result has not; whoever joins them counts."""
    box = one.box.to_xywh()
    return {"area": area(one.segmentation) if one.segmentation else box[2] * box[3], "iscrowd": 0}

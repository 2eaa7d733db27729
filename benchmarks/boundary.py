"""Boundary AP (Cheng et al., CVPR 2021): COCO's mask AP, where a match must fit at the border, too."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as codec
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

WIDTH = 0.02  # of the image's diagonal: how far from the outline a pixel is still border


class BoundaryEval(COCOeval):
    """pycocotools' own matching, on the smaller of mask IoU and IoU of the borders."""

    def computeIoU(self, image: int, category: int) -> Any:  # noqa: N802
        """Override what the matching compares by."""
        whole = super().computeIoU(image, category)
        if not len(whole):
            return whole
        truths = self._gts[image, category]
        found = sorted(self._dts[image, category], key=lambda row: -row["score"])[: self.params.maxDets[-1]]
        crowds = [int(row["iscrowd"]) for row in truths]
        borders = [[find_border(row["segmentation"]) for row in rows] for rows in (found, truths)]
        return np.minimum(whole, codec.iou(*borders, crowds))


def find_border(mask: dict[str, Any]) -> dict[str, Any]:
    """Keep what lies near the outline; the image's own edge counts as outline."""
    pixels = codec.decode(mask)
    depth = max(1, round(WIDTH * float(np.hypot(*pixels.shape))))
    eroded = cv2.erode(np.pad(pixels, 1), np.ones((3, 3), np.uint8), iterations=depth)[1:-1, 1:-1]
    border: dict[str, Any] = codec.encode(np.asfortranarray(pixels - eroded))
    return border


def measure_boundary_ap(truth: Path, predictions: Path) -> float:
    """Score a file of predictions."""
    judged = COCO(str(truth))
    judge = BoundaryEval(judged, judged.loadRes(str(predictions)), "segm")
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return float(judge.stats[0])

"""What a model found: one object of one image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.data.geometry import Box
from workbench.data.mask import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A found object; `category_id` is the dataset's (1…N), `score` goes from 0 to 1."""

    image_id: int
    category_id: int
    score: float
    box: Box
    segmentation: Mask | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row of a COCO results list."""
        row: dict[str, Any] = {
            "image_id": self.image_id,
            "category_id": self.category_id,
            "bbox": self.box.to_xywh(),
            "score": self.score,
        }
        if self.segmentation:
            size = (self.segmentation.height, self.segmentation.width)
            row["segmentation"] = {"size": size, "counts": self.segmentation.counts.decode("ascii")}
        return row


def json_to_prediction(row: Mapping[str, Any]) -> Prediction:
    """Understand a checked row of a COCO results list."""
    x, y, width, height = row["bbox"]
    raw = row.get("segmentation")
    return Prediction(
        image_id=row["image_id"],
        category_id=row["category_id"],
        score=row["score"],
        box=Box(x, y, x + width, y + height),
        segmentation=Mask(raw["size"][0], raw["size"][1], raw["counts"].encode("ascii")) if raw else None,
    )

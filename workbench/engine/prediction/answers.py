"""What one of Detectron2's models says of one image, in the ids of the dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.modeling import GeneralizedRCNN
from numpy.typing import NDArray

from workbench.data.dataset import Category
from workbench.engine.feed.sample import wants_centers
from workbench.engine.prediction.found import Found, Rows, find_nothing, found_to_rows, paste, read_instances

Sample = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One image: objects, the class of each pixel, segments; None where the model gives none."""

    found: Found | None = None
    semantic: NDArray[np.uint8] | None = None
    segment_ids: NDArray[np.int64] | None = None
    segments: tuple[dict[str, Any], ...] = ()

    @property
    def rows(self) -> Rows | None:
        """The objects as COCO results, their masks pasted."""
        return None if self.found is None else found_to_rows(*paste([self.found]))


def answer_nothing(cfg: CfgNode, record: Sample) -> Answer:
    """Return the answer of a model of this kind that finds nothing; each pixel is of its first class."""
    kind, size = cfg.MODEL.META_ARCHITECTURE, (int(record["height"]), int(record["width"]))
    whole = kind == "PanopticDeepLab" or (kind == "PanopticFPN" and cfg.MODEL.PANOPTIC_FPN.COMBINE.ENABLED)
    detects = kind in ("GeneralizedRCNN", "PanopticFPN")
    return Answer(
        found=find_nothing(record["image_id"], size) if detects else None,
        semantic=None if kind == "GeneralizedRCNN" else np.zeros(size, np.uint8),
        segment_ids=np.zeros(size, np.int64) if whole else None,
    )


class Asker:
    """Asks a model about samples, one by one, as it stands (the caller sets eval mode)."""

    def __init__(self, model: torch.nn.Module, cfg: CfgNode, categories: Sequence[Category]) -> None:
        self._model = model
        self._things = tuple(category.id for category in categories if category.thing)
        self._stuff = tuple(category.id for category in categories if not category.thing)
        self._all = tuple(category.id for category in categories)
        self._divisor = int(model.meta.label_divisor) if wants_centers(cfg) else 0
        # a plain detector lets its masks be had before they are pasted into whole images
        self._raw = isinstance(model, GeneralizedRCNN) and type(model).inference is GeneralizedRCNN.inference

    def ask(self, sample: Sample) -> Answer:
        """Predict one image."""
        with torch.inference_mode():
            if self._raw:
                found = self._model.inference([sample], do_postprocess=False)[0]
                return Answer(found=self._to_found(found, sample))
            return self._read(self._model([sample])[0], sample)

    def _to_found(self, found: Any, sample: Sample) -> Found:
        size = (int(sample["height"]), int(sample["width"]))
        return read_instances(found, sample["image_id"], size, self._things, raw=self._raw)

    def _read(self, output: Mapping[str, Any], sample: Sample) -> Answer:
        ids: NDArray[np.int64] | None = None
        segments: tuple[dict[str, Any], ...] = ()
        if "panoptic_seg" in output:
            ids, segments = self._read_segments(*output["panoptic_seg"])
        semantic = None
        if "sem_seg" in output:
            semantic = output["sem_seg"].argmax(dim=0).to("cpu", torch.uint8).numpy()
        found = self._to_found(output["instances"], sample) if "instances" in output else None
        return Answer(found=found, semantic=semantic, segment_ids=ids, segments=segments)

    def _read_segments(
        self, picture: torch.Tensor, infos: Sequence[Mapping[str, Any]] | None
    ) -> tuple[NDArray[np.int64], tuple[dict[str, Any], ...]]:
        ids = picture.to("cpu", torch.int64).numpy()
        if infos is None:
            return self._read_labels(ids)
        there = set(np.unique(ids).tolist())
        segments = tuple(
            {"id": int(info["id"]), "category_id": self._to_category(info)}
            for info in infos
            if info["id"] in there
        )
        return ids, segments

    def _to_category(self, info: Mapping[str, Any]) -> int:
        """Stuff counts from 1: 0 stands for all things."""
        place = int(info["category_id"])
        return self._things[place] if info["isthing"] else self._stuff[place - 1]

    def _read_labels(self, labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], tuple[dict[str, Any], ...]]:
        """Panoptic-DeepLab gives class · divisor + number; -1 is unknown, which COCO writes as 0."""
        values, places = np.unique(labels, return_inverse=True)
        known = values >= 0
        numbers: NDArray[np.int64] = np.where(known, np.cumsum(known), 0)
        segments = tuple(
            {"id": int(number), "category_id": self._all[int(value) // self._divisor]}
            for value, number in zip(values, numbers, strict=True)
            if number
        )
        return numbers[places].reshape(labels.shape), segments

"""What one of Detectron2's models says of one image, in the ids of the dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.data import MetadataCatalog
from detectron2.modeling import GeneralizedRCNN
from numpy.typing import NDArray

from workbench.data.dataset import Category
from workbench.engine.feed.sample import wants_centers
from workbench.engine.prediction.paste import Rows, instances_to_rows

Sample = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One image: objects, the class of each pixel, segments; None where the model gives none."""

    rows: Rows | None = None
    semantic: NDArray[np.uint8] | None = None
    segment_ids: NDArray[np.int64] | None = None
    segments: tuple[dict[str, Any], ...] = ()


def answer_nothing(cfg: CfgNode, height: int, width: int) -> Answer:
    """Return the answer of a model of this kind that finds nothing; each pixel is of its first class."""
    kind = cfg.MODEL.META_ARCHITECTURE
    whole = kind == "PanopticDeepLab" or (kind == "PanopticFPN" and cfg.MODEL.PANOPTIC_FPN.COMBINE.ENABLED)
    return Answer(
        rows=[] if kind in ("GeneralizedRCNN", "PanopticFPN") else None,
        semantic=None if kind == "GeneralizedRCNN" else np.zeros((height, width), np.uint8),
        segment_ids=np.zeros((height, width), np.int64) if whole else None,
    )


class Asker:
    """Asks a model about samples, one by one, as it stands (the caller sets eval mode)."""

    def __init__(self, model: torch.nn.Module, cfg: CfgNode, categories: Sequence[Category]) -> None:
        self._model = model
        self._things = tuple(category.id for category in categories if category.thing)
        self._stuff = tuple(category.id for category in categories if not category.thing)
        self._all = tuple(category.id for category in categories)
        self._divisor = 0
        if wants_centers(cfg):
            known = MetadataCatalog.get(cfg.DATASETS.TRAIN[0]) if cfg.DATASETS.TRAIN else None
            self._divisor = int(known.get("label_divisor", 1000)) if known else 1000
        # a plain detector lets its masks be had before they are pasted into whole images
        self._raw = isinstance(model, GeneralizedRCNN) and type(model).inference is GeneralizedRCNN.inference

    def ask(self, sample: Sample) -> Answer:
        """Predict one image."""
        with torch.inference_mode():
            if self._raw:
                found = self._model.inference([sample], do_postprocess=False)[0]
                return Answer(rows=self._to_rows(found, sample))
            return self._read(self._model([sample])[0], sample)

    def _to_rows(self, found: Any, sample: Sample) -> Rows:
        size = (int(sample["height"]), int(sample["width"]))
        return instances_to_rows(found, sample["image_id"], size, self._things, raw=self._raw)

    def _read(self, output: Mapping[str, Any], sample: Sample) -> Answer:
        ids: NDArray[np.int64] | None = None
        segments: tuple[dict[str, Any], ...] = ()
        if "panoptic_seg" in output:
            ids, segments = self._read_segments(*output["panoptic_seg"])
        semantic = None
        if "sem_seg" in output:
            semantic = output["sem_seg"].argmax(dim=0).to("cpu", torch.uint8).numpy()
        rows = self._to_rows(output["instances"], sample) if "instances" in output else None
        return Answer(rows=rows, semantic=semantic, segment_ids=ids, segments=segments)

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

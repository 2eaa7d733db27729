"""A trained model, ready to be asked: weights, config and classes come from its run folder."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import torch
from detectron2.config import CfgNode
from detectron2.data import MetadataCatalog

from workbench.data.dataset import Category
from workbench.engine.feed.catalog import LABEL_DIVISOR
from workbench.engine.feed.sample import make_test_sample
from workbench.engine.models.build import build_model
from workbench.engine.prediction.answers import Answer, Asker
from workbench.engine.prediction.classes import read_run_categories
from workbench.engine.training.course import read_config
from workbench.engine.training.weights_file import read_weights
from workbench.errors import InputMissing
from workbench.project import Task
from workbench.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A model in eval mode with everything one must know to use it."""

    model: torch.nn.Module
    cfg: CfgNode
    task: Task
    categories: tuple[Category, ...]

    def predict_record(self, record: Mapping[str, Any]) -> Answer:
        """Predict one image, given as a record: file_name, image_id, height and width."""
        return Asker(self.model, self.cfg, self.categories).ask(make_test_sample(record, self.cfg))


def load_predictor(run: Run, *, device: str = "cpu") -> Predictor:
    """Build a run's model with its best weights, or its final ones where none were judged."""
    path = run.best if run.best.exists() else run.final
    if not path.exists():
        raise InputMissing(f"{run.folder}: must have weights, but has none yet; let workbench train finish")
    state, about = read_weights(path)
    cfg = read_config(run.config, tuple(about.get("extend", ())))
    cfg.MODEL.DEVICE = device
    cfg.MODEL.WEIGHTS = ""  # the run's own follow
    categories = read_run_categories(run)
    with _in_catalog(cfg, categories):
        model = build_model(cfg)
    model.load_state_dict(state)
    model.eval()
    return Predictor(model=model, cfg=cfg, task=about["task"], categories=categories)


@contextmanager
def _in_catalog(cfg: CfgNode, categories: Sequence[Category]) -> Iterator[None]:
    """Panoptic-DeepLab asks Detectron2's catalog for its classes while it is built, and the dataset may be gone."""
    name = f"classes_{uuid4().hex}"
    numbers = {category.id: place for place, category in enumerate(categories) if category.thing}
    known = MetadataCatalog.get(name)
    known.set(thing_dataset_id_to_contiguous_id=numbers, label_divisor=LABEL_DIVISOR)
    cfg.DATASETS.TRAIN = (name,)
    try:
        yield
    finally:
        cfg.DATASETS.TRAIN = ()
        MetadataCatalog.pop(name)

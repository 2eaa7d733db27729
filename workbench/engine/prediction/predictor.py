"""A trained model, ready to be asked: the weights carry the config, the classes and the picture format with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from detectron2.config import CfgNode

from workbench.data.dataset import Category
from workbench.engine.prediction.answers import Answer, Asker
from workbench.engine.prediction.evaluator import evaluating
from workbench.engine.feed.sample import make_test_sample
from workbench.engine.training.weights_file import read_weights
from workbench.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A model in eval mode with everything one must know to use it."""

    model: torch.nn.Module
    cfg: CfgNode
    task: str
    categories: tuple[Category, ...]

    def predict_record(self, record: Mapping[str, Any]) -> Answer:
        """Predict one image of a dataset."""
        return Asker(self.model, self.cfg, self.categories).ask(make_test_sample(record, self.cfg))

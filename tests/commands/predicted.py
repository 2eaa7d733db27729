"""Small runs with random weights, images to show them, and how to do that by the command."""

import numpy as np
from PIL import Image

from tests.engine.feed.tiny import make_dataset
from tests.engine.prediction.rows import build
from tests.engine.prediction.test_predictor import put_run
from workbench.cli import main
from workbench.engine.models.table import MODELS

TASKS = {"mask_rcnn_nano": "instance", "semantic_nano": "panoptic", "panoptic_nano": "panoptic"}


def put_runs(folder):
    """A run of each kind."""
    found = {}
    for name, task in TASKS.items():
        home = folder / name
        home.mkdir()
        make_dataset(home, task, images=3)
        model, cfg = build(name, stuff=0 if task == "instance" else 2)
        cfg.MODEL.PANOPTIC_FPN.COMBINE.INSTANCES_CONFIDENCE_THRESH = 0.0
        cfg.MODEL.PANOPTIC_FPN.COMBINE.STUFF_AREA_LIMIT = 1
        run = put_run(home / "run", model, cfg, MODELS[name], next(home.rglob("project.toml")))
        run.record.write_text("{}")
        found[name] = run
    return found


def draw(path, seed=1, size=(60, 40)):
    """An image of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path


def predict(run, *words, out):
    """Everything that is found, whatever its score."""
    given = ["--device", "cpu", "--min-score", "0", "--out", str(out)]
    return main(["predict", str(run.folder), *given, *map(str, words)])


def list_files(folder):
    """Their names."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

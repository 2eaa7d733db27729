import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
from itertools import islice

import numpy as np
from PIL import Image

from tests.engine.feed.tiny import make_cfg, make_dataset
from workbench.engine.feed.batch_sheet import NOTHING_KNOWN, build_palette, draw_batch_sheet
from workbench.engine.feed.loader import Feed
from workbench.engine.feed.records import read_records
from workbench.formats.manifest import read_manifest
from workbench.settings import AugmentSettings


@pytest.mark.parametrize("task", ["instance", "semantic", "panoptic"])
def test_the_sheet_shows_each_class_in_its_colour_and_what_is_not_known(tmp_path, task):
    folder = make_dataset(tmp_path, task)
    feed = Feed(
        read_records(folder, "train"), make_cfg(), AugmentSettings(rotation=40.0), seed=0, batch=4, cache_mb=0
    )
    manifest = read_manifest(folder)
    path = tmp_path / "batches.png"
    draw_batch_sheet(islice(feed.batches(), 3), path, build_palette(manifest, task), make_cfg())
    pixels = np.asarray(Image.open(path))
    tiles = {tuple(color) for color in pixels[64:].reshape(-1, 3).tolist()}
    assert (NOTHING_KNOWN in tiles) == (task != "instance")
    if task != "semantic":
        assert all(category.color in tiles for category in manifest.categories if category.thing)
    key = {tuple(color) for color in pixels[:64].reshape(-1, 3).tolist()}
    assert all(category.color in key for category in manifest.categories)

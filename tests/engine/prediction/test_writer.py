"""Predictions on disk and in memory are the same, for any number of processes, and memory does not grow with images."""

import tracemalloc
from dataclasses import replace

import numpy as np
import orjson
import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import torch
from detectron2.structures import Boxes, Instances

from workbench.engine.prediction.found import Found, found_to_columns, found_to_rows, paste, read_instances
from workbench.engine.prediction.writer import PartWriter, Places, join
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth

torch.set_num_threads(1)
SIZE = (60, 80)


def draw(image, count, *, masks=True, size=SIZE):
    generator = np.random.default_rng(image)
    corner = generator.uniform(0, 40, (count, 2))
    boxes = np.hstack([corner, corner + generator.uniform(3, 20, (count, 2))]).astype(np.float32)
    return Found(
        image_id=image,
        size=size,
        boxes=boxes,
        scores=generator.random(count, np.float32),
        categories=generator.integers(1, 3, count),
        soft=generator.random((count, 28, 28), np.float32) if masks else None,
    )


def write(places, images, world=1, **more):
    kept = []
    for rank in range(world):
        with PartWriter(places, rank, **more) as writer:
            for one in images[rank::world]:
                writer.add(one)
        kept += writer.kept
    join(places, world, {}, instances=True)
    return kept


def make_truth(images):
    return read_truth({
        "images": [{"id": n, "height": SIZE[0], "width": SIZE[1]} for n in range(1, images + 1)],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
        "annotations": [],
    })  # fmt: skip


@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("counts", [(3, 0, 5, 1, 0, 0, 40, 2), (0, 0, 0), (1,), (0, 2)])
def test_what_is_kept_in_memory_is_what_the_file_holds(tmp_path, counts, masks):
    places = Places(results=tmp_path / "val.json")
    images = [draw(image, count, masks=masks) for image, count in enumerate(counts, 1)]
    known = found_to_columns(write(places, images, keep=True))
    read = read_predictions(places.results, make_truth(len(counts)))
    assert np.array_equal(known.table, read.table)
    assert known.table.dtype == read.table.dtype
    assert known.boxed == read.boxed
    assert known.masks == read.masks
    if sum(counts) and masks:
        assert np.array_equal(known.sizes, read.sizes)
        assert len(known.masks) == sum(counts)
    rows = [row for one in images for row in found_to_rows(*paste([one]))]
    assert orjson.loads(places.results.read_bytes()) == orjson.loads(orjson.dumps(rows))


@pytest.mark.parametrize("world", [2, 3, 5])
def test_any_number_of_processes_leaves_the_same_bytes(tmp_path, world):
    images = [draw(image, image * 7 % 5) for image in range(1, 12)]
    for count in (1, world):
        write(Places(results=tmp_path / f"{count}.json"), images, count)
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / f"{world}.json").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_prediction_has_a_line_of_its_own(tmp_path):
    write(Places(results=tmp_path / "val.json"), [draw(1, 2), draw(2, 0), draw(3, 1)])
    lines = (tmp_path / "val.json").read_text().splitlines()
    assert [lines[0], lines[-1], len(lines)] == ["[", "]", 5]
    assert [orjson.loads(line.rstrip(","))["image_id"] for line in lines[1:-1]] == [1, 1, 3]


def test_a_name_with_braces_stays_as_it_is_in_panoptic_results(tmp_path):
    places = Places(results=tmp_path / "val.json")
    row = {"image_id": 1, "file_name": 'a},{"b.png', "segments_info": [{"id": 1}, {"id": 2}]}
    with PartWriter(places) as writer:
        writer.add_picture("panoptic", "a.png", np.zeros((2, 2, 3), np.uint8))
        writer.add(None, row)
        writer.add(None, row)
    join(places, 1, {"images": [], "categories": []}, instances=False)
    assert orjson.loads(places.panoptic.read_bytes())["annotations"] == [row, row]
    assert not places.results.exists()


def test_who_fails_on_the_way_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), PartWriter(Places(results=tmp_path / "val.json")) as writer:
        writer.add(draw(1, 3))
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_masks_that_cannot_be_pasted_leave_nothing(tmp_path):
    """Those of the last images are pasted when all have been asked for."""
    mixed = [draw(1, 3), replace(draw(2, 3), soft=np.zeros((3, 14, 14), np.float32))]
    with pytest.raises(ValueError, match="broadcast"):
        write(Places(results=tmp_path / "val.json"), mixed)
    assert not list(tmp_path.iterdir())


def measure_peak(places, images):
    tracemalloc.start()
    write(places, LazyImages(images))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


class LazyImages:
    """Images that are drawn when they are asked for."""

    def __init__(self, count):
        self.count = count

    def __getitem__(self, part):
        return (draw(image, 20) for image in range(1, self.count + 1))


def test_memory_does_not_grow_with_images(tmp_path):
    """Four hundred images hold 25 MB of soft masks; a batch of them is pasted at a time."""
    places = Places(results=tmp_path / "val.json")
    few, many = measure_peak(places, 60), measure_peak(places, 400)
    assert many < few * 1.1
    assert many < 60e6


def test_images_with_many_or_huge_objects_do_not_wait_for_each_other(tmp_path):
    """100 whole pictures are encoded when they come, and soft masks of 224 rows after each image."""
    found = Instances(SIZE)
    found.pred_boxes = Boxes(torch.tensor([[2.0, 3.0, 20.0, 30.0]] * 30))
    found.scores, found.pred_classes = torch.rand(30), torch.zeros(30, dtype=torch.long)
    found.pred_masks = torch.rand(30, 1, 224, 224)
    with PartWriter(Places(results=tmp_path / "val.json"), keep=True) as writer:
        writer.add(read_instances(found, 1, SIZE, (1,), raw=True))
        assert [len(one.masks.texts) for one in writer.kept] == [30]
    found.pred_masks = torch.rand(30, *SIZE) > 0.5
    assert read_instances(found, 1, SIZE, (1,), raw=False).soft is None

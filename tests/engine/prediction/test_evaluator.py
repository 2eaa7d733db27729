"""Real small models predict tiny datasets; what lies on disk and what is scored is looked at."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import numpy as np
import torch
from detectron2.evaluation import COCOEvaluator
from PIL import Image

from tests.conversion.folders import put, put_project
from tests.drawing import square
from tests.engine.feed.tiny import make_dataset
from tests.engine.processes import run_together
from workbench.conversion.dataset import convert_project
from workbench.engine.config.derive_classes import count_classes
from workbench.engine.feed.records import read_records
from workbench.engine.feed.sample import make_test_sample
from workbench.engine.models.build import build_model, row_config
from workbench.engine.models.table import MODELS
from workbench.engine.prediction.evaluator import evaluate_part, predict_to_file
from workbench.engine.training.stop import Stop, Stopped
from workbench.engine.watching.pictures import Pictures
from workbench.formats.manifest import read_manifest
from workbench.project import read_project
from workbench.run import Run

torch.set_num_threads(1)


def build(name, things=2, stuff=2):
    """A row with random weights, small pictures and a threshold that lets everything through."""
    model = MODELS[name]
    cfg = row_config(model)
    for key, what in model.class_keys.items():
        cfg.merge_from_list([key, count_classes(what, things, stuff)])
    cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST = 64, 100
    cfg.MODEL.ROI_HEADS.SCORE_THRESH_TEST = 0.0
    cfg.TEST.DETECTIONS_PER_IMAGE = 7
    cfg.MODEL.WEIGHTS = ""
    torch.manual_seed(1)
    return build_model(cfg), cfg


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("instance"))


@pytest.fixture(scope="module")
def panoptic(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("panoptic"), "panoptic")


@pytest.fixture(scope="module")
def detector():
    return build("mask_rcnn_nano", stuff=0)


def test_predictions_are_those_of_detectron2s_own_evaluator(instance, detector, tmp_path):
    """The same rows, in the order of the images, whatever mode the model was in."""
    model, cfg = detector
    model.train()
    found = evaluate_part(model, instance, "train", cfg, out=tmp_path)
    assert model.training
    model.eval()
    expected = []
    for record in read_records(instance, "train"):
        sample = make_test_sample(record, cfg)
        with torch.no_grad():
            output = model([sample])
        judge = COCOEvaluator.__new__(COCOEvaluator)
        judge._cpu_device, judge._predictions = torch.device("cpu"), []
        judge.process([sample], output)
        expected += [row for one in judge._predictions for row in one["instances"]]
    things = [category.id for category in read_manifest(instance).categories if category.thing]
    for row in expected:
        row["category_id"] = things[row["category_id"]]
    rows = json.loads(Run(folder=tmp_path).predictions("train").read_bytes())
    assert rows == json.loads(json.dumps(expected))
    assert len(rows) > 10
    assert found.images == 6
    assert {"box", "mask", "per_category"} < set(found.scores)


def test_scores_are_written_and_nothing_else_is_left(instance, detector, tmp_path):
    found = evaluate_part(*detector[:1], instance, "train", detector[1], out=Run(folder=tmp_path))
    text = (tmp_path / "scores" / "train.json").read_text()
    assert json.loads(text) == json.loads(json.dumps(found.scores))
    assert "NaN" not in text
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["predictions/train.json", "scores/train.json"]


def test_what_a_killed_evaluation_left_half_written_is_swept_away(instance, detector, tmp_path):
    """Seen once among hundreds of kills: half a file of predictions moved along with the best run's folder."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    run = Run(folder=tmp_path)
    left = [
        path.with_name(f".train.json.{gone.pid}.workbench.tmp")
        for path in (run.predictions("train"), run.scores("train"))
    ]
    for path in left:
        path.parent.mkdir()
        path.write_bytes(b"[")
    model, cfg = detector
    evaluate_part(model, instance, "train", cfg, out=run)
    assert not any(path.exists() for path in left)
    assert run.predictions("train").is_file() and run.scores("train").is_file()


def test_what_a_kill_left_of_a_sheet_of_pictures_is_swept_away(instance, detector, tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = tmp_path / f".step_0000004.png.{gone.pid}.workbench.tmp"
    left.write_bytes(b"half")
    model, cfg = detector
    model.eval()
    Pictures(instance, "train", cfg, count=1).draw(model, 8, tmp_path / "step_0000008.png")
    assert [path.name for path in tmp_path.iterdir()] == ["step_0000008.png"]


def test_the_same_model_gives_the_same_bytes_with_one_process_and_with_three(instance, detector, tmp_path):
    model, cfg = detector
    records, categories = read_records(instance, "train"), read_manifest(instance).categories

    def work(ranks):
        torch.set_num_threads(1)
        predict_to_file(model, records, cfg, tmp_path / "three.json", categories=categories, ranks=ranks)

    predict_to_file(model, records, cfg, tmp_path / "one.json", categories=categories)
    assert run_together(3, work) == [0, 0, 0]
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "three.json").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_who_is_asked_to_stop_in_the_middle_takes_the_others_along(instance, detector, tmp_path):
    model, cfg = detector
    records, categories = read_records(instance, "train"), read_manifest(instance).categories

    def work(ranks):
        stop = Stop()
        if ranks.rank == 1:
            stop.handle(signal.SIGTERM, None)
        torch.set_num_threads(1)
        with pytest.raises(Stopped):
            predict_to_file(
                *(model, records, cfg, tmp_path / "one.json"),
                categories=categories,
                ranks=ranks,
                check=stop.check,
            )

    assert run_together(2, work) == [0, 0]
    assert not (tmp_path / "one.json").exists()


def test_an_evaluation_that_is_stopped_leaves_the_last_one_as_it_was(instance, detector, tmp_path):
    model, cfg = detector
    evaluate_part(model, instance, "train", cfg, out=tmp_path)
    before = (tmp_path / "predictions" / "train.json").read_bytes()
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_part(model, instance, "train", cfg, out=tmp_path, check=stop)
    assert (tmp_path / "predictions" / "train.json").read_bytes() == before
    evaluate_part(model, instance, "train", cfg, out=tmp_path)
    assert len(list((tmp_path / "predictions").iterdir())) == 1


def test_a_model_that_finds_nothing_scores_zero(instance, tmp_path):
    model, cfg = build("mask_rcnn_nano", stuff=0)
    model.roi_heads.box_predictor.test_score_thresh = 1.1
    found = evaluate_part(model, instance, "train", cfg, out=tmp_path)
    assert json.loads((tmp_path / "predictions" / "train.json").read_bytes()) == []
    assert found.scores["mask"]["AP"] == 0
    assert "there are no predictions: every value is 0" in found.notes


def test_a_panoptic_model_is_scored_by_every_family(panoptic, tmp_path):
    model, cfg = build("panoptic_nano")
    cfg.MODEL.PANOPTIC_FPN.COMBINE.INSTANCES_CONFIDENCE_THRESH = 0.0
    model = build_model(cfg)
    model.combine_instances_score_thresh = 0.0
    model.combine_stuff_area_thresh = 1
    found = evaluate_part(model, panoptic, "train", cfg, out=tmp_path)
    assert {"panoptic", "box", "mask", "semantic", "per_category"} < set(found.scores)
    raw = json.loads((tmp_path / "predictions" / "panoptic_train.json").read_bytes())
    assert [row["image_id"] for row in raw["annotations"]] == [1, 2, 3, 4, 5, 6]
    for row in raw["annotations"]:
        picture = np.asarray(
            Image.open(tmp_path / "predictions" / "panoptic_train" / row["file_name"])
        ).astype(int)
        ids = picture @ [1, 256, 65536]
        assert set(np.unique(ids)) - {0} == {segment["id"] for segment in row["segments_info"]}
        assert {segment["category_id"] for segment in row["segments_info"]} <= {1, 2, 3, 4}
    assert {"things", "sky", "sea", "cat", "dog"} == set(found.scores["per_category"])
    again = evaluate_part(model, panoptic, "train", cfg, out=tmp_path)
    assert again.scores == found.scores
    assert not [path for path in (tmp_path / "predictions").iterdir() if path.name.startswith(".")]


def test_a_semantic_model_leaves_pictures_and_miou(panoptic, tmp_path):
    model, cfg = build("semantic_nano")
    found = evaluate_part(model, panoptic, "train", cfg, out=tmp_path, task="semantic")
    assert set(found.scores) == {"semantic", "per_category", "images", "notes"}
    assert 0 <= found.scores["semantic"]["mIoU"] <= 1
    pictures = sorted((tmp_path / "predictions" / "semantic_train").iterdir())
    assert len(pictures) == 6
    with Image.open(pictures[0]) as picture:
        assert picture.mode == "L"
    assert not (tmp_path / "predictions" / "train.json").exists()


def test_pictures_are_named_as_the_truths_even_where_another_part_has_an_image_of_that_stem(tmp_path):
    lists = "".join(f'{name} = "../../{name}.txt"\n' for name in ("train", "val"))
    project = put_project(tmp_path, ["cat"], task="semantic", stuff=["sky"], more=f"[split.lists]\n{lists}")
    folder = tmp_path / "annotations" / "p"
    put(folder, "one", square("cat", 5, 5, 30), square("sky", 50, 0, 40))
    with Image.open(folder / "one.png") as picture:
        picture.convert("RGB").rotate(180).save(folder / "one.jpg")
    twin = json.loads((folder / "one.json").read_text()) | {"imagePath": "one.jpg"}
    (folder / "one_jpg.json").write_text(json.dumps(twin))
    (tmp_path / "train.txt").write_text("one.png\n")
    (tmp_path / "val.txt").write_text("one.jpg\n")
    dataset = Path(convert_project(read_project(project), None, as_rle=False, strict=False).out)
    model, cfg = build("semantic_nano", things=1, stuff=1)
    evaluate_part(model, dataset, "val", cfg, out=tmp_path, task="semantic")
    truths = [path.name for path in (dataset / "semantic_val").iterdir()]
    assert [path.name for path in (tmp_path / "predictions" / "semantic_val").iterdir()] == truths
    assert truths == ["one.jpg.png"]

"""A run folder is all one needs: what a loaded model says is what the evaluation wrote."""

import shutil

import orjson
import pytest
import yaml

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import numpy as np
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from PIL import Image

from tests.engine.feed.tiny import make_dataset
from tests.engine.prediction.rows import build, make_config
from workbench.engine.feed.catalog import registered
from workbench.engine.feed.records import read_records
from workbench.engine.models.build import build_model
from workbench.engine.models.table import MODELS
from workbench.engine.prediction.evaluator import evaluate_part
from workbench.engine.prediction.predictor import load_predictor
from workbench.engine.training.course import dump_config
from workbench.engine.training.weights_file import write_weights
from workbench.errors import InputMissing
from workbench.run import Run

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    found = {}
    for task in ("instance", "panoptic"):
        home = tmp_path_factory.mktemp(task)
        found[task] = make_dataset(home, task, images=4), next(home.rglob("project.toml"))
    return found


def put_run(folder, model, cfg, row, project, *, best=False):
    """What a training leaves, as far as prediction wants it."""
    run = Run(folder=folder)
    folder.mkdir(exist_ok=True)
    shutil.copyfile(project, run.project_copy)
    run.config.write_text(yaml.safe_dump(dump_config(cfg)))
    about = dict.fromkeys(("classes", "config", "image"), "")
    about |= {"task": row.task, "model": row.name, "extend": list(row.extend)}
    write_weights(run.best if best else run.final, model.state_dict(), about)
    return run


def as_bytes(rows):
    return orjson.loads(orjson.dumps(rows))


def test_objects_are_those_of_the_evaluation(homes, tmp_path):
    dataset, project = homes["instance"]
    model, cfg = build("mask_rcnn_nano", stuff=0)
    run = put_run(tmp_path, model, cfg, MODELS["mask_rcnn_nano"], project)
    evaluate_part(model, dataset, "train", cfg, out=run)
    predictor = load_predictor(run)
    assert predictor.task == "instance"
    assert [category.name for category in predictor.categories] == ["cat", "dog"]
    assert not predictor.model.training
    answers = [predictor.predict_record(record) for record in read_records(dataset, "train")]
    rows = [row for answer in answers for row in answer.rows]
    assert as_bytes(rows) == orjson.loads(run.predictions("train").read_bytes())
    assert len(rows) > 10


def test_classes_of_pixels_are_those_of_the_evaluation(homes, tmp_path):
    dataset, project = homes["panoptic"]
    model, cfg = build("semantic_nano")
    run = put_run(tmp_path, model, cfg, MODELS["semantic_nano"], project)
    evaluate_part(model, dataset, "train", cfg, out=run, task="semantic")
    predictor = load_predictor(run)
    pictures = sorted((run.predictions("train").parent / "semantic_train").iterdir())
    for record, path in zip(read_records(dataset, "train", "semantic"), pictures, strict=True):
        answer = predictor.predict_record(record)
        assert np.array_equal(answer.semantic, np.asarray(Image.open(path)))
        assert answer.rows is None


@pytest.mark.parametrize("name", ["panoptic_nano", "panoptic_deeplab_r52"])
def test_segments_are_those_of_the_evaluation(homes, tmp_path, name):
    """Panoptic-DeepLab asks the catalog for its classes; the run has them, when the dataset is gone."""
    dataset, project = homes["panoptic"]
    cfg = make_config(name)
    cfg.MODEL.PANOPTIC_FPN.COMBINE.INSTANCES_CONFIDENCE_THRESH = 0.0
    cfg.MODEL.PANOPTIC_FPN.COMBINE.STUFF_AREA_LIMIT = 1
    whole = name == "panoptic_deeplab_r52"
    if whole:
        cfg.MODEL.PANOPTIC_DEEPLAB.CENTER_THRESHOLD = 0.0
    with registered(dataset, whole=whole) as names:
        cfg.DATASETS.TRAIN = (names["train"],)
        torch.manual_seed(1)
        model = build_model(cfg)
        run = put_run(tmp_path, model, cfg, MODELS[name], project)
        evaluate_part(model, dataset, "train", cfg, out=run)
    before = set(MetadataCatalog.list()), set(DatasetCatalog.list())
    predictor = load_predictor(run)
    written = orjson.loads(run.predictions("panoptic_train").read_bytes())["annotations"]
    for record, row in zip(read_records(dataset, "train"), written, strict=True):
        answer = predictor.predict_record(record)
        picture = np.asarray(Image.open(tmp_path / "predictions" / "panoptic_train" / row["file_name"]))
        assert np.array_equal(answer.segment_ids, picture.astype(int) @ [1, 256, 65536])
        assert list(answer.segments) == row["segments_info"]
        assert answer.segments
    assert (set(MetadataCatalog.list()), set(DatasetCatalog.list())) == before


def test_the_best_weights_go_before_the_last_ones(homes, tmp_path):
    model, cfg = build("mask_rcnn_nano", stuff=0)
    given = (tmp_path, model, cfg, MODELS["mask_rcnn_nano"], homes["instance"][1])
    name, weight = next(iter(model.named_parameters()))
    for value, best in ((0.5, False), (0.25, True)):
        torch.nn.init.constant_(weight, value)
        run = put_run(*given, best=best)
        assert load_predictor(run).model.state_dict()[name].eq(value).all()


def test_a_run_without_weights_or_without_its_project_gets_a_line(homes, tmp_path):
    with pytest.raises(InputMissing, match="has none yet"):
        load_predictor(Run(folder=tmp_path))
    model, cfg = build("mask_rcnn_nano", stuff=0)
    run = put_run(tmp_path, model, cfg, MODELS["mask_rcnn_nano"], homes["instance"][1])
    run.project_copy.unlink()
    with pytest.raises(InputMissing, match="put it back"):
        load_predictor(run)

"""`workbench train` with every kind of network that the table has, narrow and for two steps, scored at the end."""

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("detectron2")
import torch

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.engine.models.table import MODELS

FRAME = "INPUT.MIN_SIZE_TRAIN (64,) INPUT.MIN_SIZE_TEST 64 INPUT.MAX_SIZE_TRAIN 96 INPUT.MAX_SIZE_TEST 96"
RESNET = (
    "MODEL.RESNETS.DEPTH 50 MODEL.RESNETS.WIDTH_PER_GROUP 4 MODEL.RESNETS.STEM_OUT_CHANNELS 8 "
    "MODEL.RESNETS.RES2_OUT_CHANNELS 8"
)
PYRAMID = f"{RESNET} MODEL.RESNETS.NORM BN MODEL.FPN.OUT_CHANNELS 16"
FEW = (
    "MODEL.RPN.POST_NMS_TOPK_TRAIN 20 MODEL.RPN.POST_NMS_TOPK_TEST 10 MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE 8"
)
ASPP = "MODEL.SEM_SEG_HEAD.CONVS_DIM 16 MODEL.SEM_SEG_HEAD.ASPP_CHANNELS 16"
NARROW = {
    "cascade_mask_rcnn_r50": f"{PYRAMID} {FEW} MODEL.ROI_BOX_HEAD.FC_DIM 32 MODEL.ROI_MASK_HEAD.CONV_DIM 16",
    "semantic_nano": "",
    "semantic_lite0": "",
    "panoptic_lite0": FEW,
    "pointrend_semantic_r50": f"{PYRAMID} MODEL.SEM_SEG_HEAD.CONVS_DIM 32",
    "deeplab_v3plus_r103": f"{RESNET} {ASPP} MODEL.SEM_SEG_HEAD.PROJECT_CHANNELS [8]",
    "panoptic_deeplab_r52": f"{RESNET} {ASPP} MODEL.SEM_SEG_HEAD.PROJECT_CHANNELS [8,8] "
    "MODEL.SEM_SEG_HEAD.HEAD_CHANNELS 16 MODEL.INS_EMBED_HEAD.HEAD_CHANNELS 16 "
    "MODEL.INS_EMBED_HEAD.CONVS_DIM 16 MODEL.INS_EMBED_HEAD.ASPP_CHANNELS 16",
}
SCORE = {"instance": "mask.AP", "semantic": "semantic.mIoU", "panoptic": "panoptic.PQ"}


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """A folder a task, with a project of four drawn images in each."""
    return {task: make_home(tmp_path_factory.mktemp(task), task) for task in SCORE}


def make_home(home, task):
    stuff = [] if task == "instance" else ["sky", "grass"]
    lists = "".join(f'{name} = "../../{name}.txt"\n' for name in ("train", "val"))
    put_project(home, ["cat", "dog"], task=task, stuff=stuff, more=f"[split.lists]\n{lists}")
    for number in range(4):
        things = square("cat", 5 + 6 * number, 8, 26), square("dog", 60 - 4 * number, 40 - number, 30)
        ground = [square("sky", 0, 50, 29), square("grass", 30, 0, 40)] if stuff else []
        put(home / "annotations" / "p", f"{number}", *ground, *things)
    (home / "train.txt").write_text("0.png\n1.png\n2.png\n")
    (home / "val.txt").write_text("3.png\n")
    return home


@pytest.fixture(autouse=True)
def _one_thread():
    before, threads = Path.cwd(), torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    os.chdir(before)


def train(home, row, *words):
    os.chdir(home)
    weights = ["model.weights", ""] if "://" in MODELS[row].weights else []
    given = [
        "--model",
        row,
        "--steps",
        "2",
        "--device",
        "cpu",
        "train.batch",
        "2",
        "train.evaluate_every",
        "2",
    ]
    return main(["train", "p", *given, "train.watch", "()", *FRAME.split(), *weights, *words, "--json"])


@pytest.mark.parametrize("row", NARROW)
def test_a_network_of_each_kind_trains_and_is_scored(homes, row, capsys):
    task = MODELS[row].task
    code = train(homes[task], row, "train.precision", "fp32", *NARROW[row].split())
    said = capsys.readouterr()
    assert code == 0, said.err
    record = json.loads(said.out)
    assert (record["state"], record["step"], record["best"]["metric"]) == ("finished", 2, SCORE[task])
    assert not any(word in said.err for word in ("Traceback", "Warning"))
    (folder,) = (homes[task] / "projects" / "p" / "runs").glob(f"*{row}")
    kept = {path.name for path in folder.iterdir()}
    assert {"model_best.pth", "model_final.pth", "batches.png", "curves.png", "scores"} <= kept
    assert list((folder / "pictures").iterdir())

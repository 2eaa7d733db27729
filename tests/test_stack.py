"""The installed stack really works: Detectron2 computes, panopticapi scores, FiftyOne's database starts."""

import os
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

from tools.install.stamps import is_whole

MASK_RCNN = "COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_3x.yaml"

IN_AND_OUT = """
import fiftyone as fo
assert "workbench-check" not in fo.list_datasets()
dataset = fo.Dataset("workbench-check")
dataset.add_sample(fo.Sample(filepath="/nowhere/a.jpg", tags=["relabel"]))
assert fo.load_dataset("workbench-check").match_tags("relabel").count() == 1
dataset.delete()
print("left:", fo.list_datasets())
"""


def test_pip_check_is_clean():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_relabelled_wheels_are_whole():
    pytest.importorskip("panopticapi")
    for name in ("detectron2", "panopticapi-lite"):
        place = metadata.distribution(name)
        label = next(
            Path(str(place.locate_file(file))).parent for file in place.files or () if file.name == "METADATA"
        )
        assert is_whole(label.parent, label)


def test_panopticapi_runs_with_this_numpy():
    np = pytest.importorskip("numpy")
    api = pytest.importorskip("panopticapi.utils")
    ids = np.array([[1, 256], [65536, 70000]])
    assert (api.rgb2id(api.id2rgb(ids)) == ids).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_mask_rcnn_of_the_model_zoo_computes_an_answer_on_the_processor():
    torch = pytest.importorskip("torch")
    model_zoo = pytest.importorskip("detectron2.model_zoo")
    from detectron2.modeling import build_model

    config = model_zoo.get_config(MASK_RCNN)
    config.MODEL.WEIGHTS, config.MODEL.DEVICE = "", "cpu"
    config.MODEL.ROI_HEADS.SCORE_THRESH_TEST = 0.0  # random weights are sure of nothing,
    config.MODEL.RESNETS.NORM = "GN"  # and with frozen batch norm they give no finite number
    torch.manual_seed(0)
    model = build_model(config).eval()
    with torch.no_grad():
        (answer,) = model([{"image": torch.rand(3, 96, 128) * 255, "height": 48, "width": 64}])
    found = answer["instances"]
    assert found.image_size == (48, 64)
    assert found.pred_masks.shape == (len(found), 48, 64)
    assert len(found) > 0


@pytest.mark.slow
@pytest.mark.mongod
def test_fiftyones_database_starts_keeps_a_dataset_and_lets_it_go(tmp_path: Path):
    if find_spec("fiftyone") is None:
        pytest.skip("FiftyOne is not installed")
    settings = {
        "FIFTYONE_DATABASE_DIR": str(tmp_path / "db"),
        "FIFTYONE_DATABASE_NAME": "workbench-tests",
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_AND_OUT],
        capture_output=True,
        text=True,
        timeout=120,
        env={name: value for name, value in os.environ.items() if "DATABASE_URI" not in name} | settings,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "left: []"
    assert (tmp_path / "db").is_dir()

"""A training of one fold, typed by hand: it learns from the other folds, and is judged on this one."""

import json
from pathlib import Path

import pytest

pytest.importorskip("detectron2")

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.conversion.folds import freeze_folds
from workbench.errors import BAD_CONFIG, USAGE
from workbench.files import digest_file
from workbench.formats.frozen_folds import read_frozen_folds
from workbench.project import read_project
from workbench.run import find_run, read_record
from workbench.sweeps.record import SweepFolder, make_sweep

SMALL = (
    *("--model", "mask_rcnn_nano", "--steps", "2", "--device", "cpu", "model.weights", ""),
    *("INPUT.MIN_SIZE_TRAIN", "(64,)", "INPUT.MAX_SIZE_TRAIN", "96", "INPUT.MIN_SIZE_TEST", "64"),
    *("INPUT.MAX_SIZE_TEST", "96", "train.workers", "0", "train.precision", "fp32", "train.watch", "()"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepFolder:
    """Six images in three folds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    project = put_project(tmp_path, ["cat"], more="[split]\nseconds = -1\nhash_distance = -1\n")
    for number in range(6):
        put(tmp_path / "annotations" / "p", f"{number}", square("cat", 5 + 6 * number, 8, 26))
    folder = make_sweep(project, "cv")
    freeze_folds(read_project(project), 3, folder.folds)
    return folder


def test_a_fold_is_trained_on_the_others_and_the_same_command_goes_on_with_it(folder: SweepFolder) -> None:
    words = ["train", "p", "split.fold", "cv/2", "--run", "two", *SMALL]
    assert main(words) == 0
    record = read_record(find_run("two", folder.project / "runs"))
    assert record["typed"]["split.fold"] == record["settings"]["split"]["fold"] == "cv/2"
    assert record["dataset"]["split"] == digest_file(folder.folds)
    _, folds = read_frozen_folds(folder.folds)
    parts = json.loads((Path(record["dataset"]["folder"]) / "manifest.json").read_bytes())["parts"]
    assert parts == {image: "val" if fold == 2 else "train" for image, fold in folds.items()}
    assert main(words) == 0
    assert read_record(find_run("two", folder.project / "runs"))["dataset"] == record["dataset"]


@pytest.mark.parametrize(
    ("text", "code"), [("cv", USAGE), ("cv/0", BAD_CONFIG), ("cv/4", BAD_CONFIG), ("xv/1", BAD_CONFIG)]
)
def test_a_fold_that_is_not_there_is_refused_before_anything_is_made(
    folder: SweepFolder, text: str, code: int
) -> None:
    assert main(["train", "p", "split.fold", text, "--run", "two", *SMALL]) == code
    assert not (folder.project / "datasets").exists()

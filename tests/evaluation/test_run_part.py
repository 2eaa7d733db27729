"""A part of a run: where truth and predictions lie, and a line for all that may be wrong with them. No torch."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("hotcoco")

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.errors import DatasetError, InputMissing
from workbench.evaluation.run_part import find_part
from workbench.run import Run, RunError, write_record


@pytest.fixture
def home(tmp_path, monkeypatch):
    project = put_project(tmp_path, ["cat", "dog"], more='[split.lists]\nval = "../../val.txt"\n')
    for number in range(3):
        put(
            tmp_path / "annotations" / "p",
            f"{number}",
            square("cat", 5, 8, 26),
            square("dog", 50, 40 - number, 30),
        )
    (tmp_path / "val.txt").write_text("1.png\n2.png\n")
    monkeypatch.chdir(tmp_path)
    assert main(["convert", "p"]) == 0
    return project


@pytest.fixture
def run(home):
    """A run that found everything."""
    (dataset,) = (home / "datasets").glob("*/")
    made = Run(folder=home / "runs" / "20260101-100000-mask_rcnn_nano")
    made.predictions("val").parent.mkdir(parents=True)
    about = {"folder": str(dataset), "fingerprint": dataset.name}
    write_record(made, {"state": "finished", "task": "instance", "dataset": about})
    truth = json.loads((dataset / "val.json").read_bytes())
    rows = [
        {"image_id": row["image_id"], "category_id": row["category_id"], "bbox": row["bbox"], "score": 0.9}
        for row in truth["annotations"]
    ]
    made.predictions("val").write_text(json.dumps(rows))
    return made


def shown(capsys, *words, code=0):
    capsys.readouterr()
    assert main(["evaluate", *map(str, words)]) == code
    return capsys.readouterr()


def change(run, **more):
    record = json.loads(run.record.read_bytes())
    write_record(run, {**record, **more})


def test_a_run_is_judged_by_its_folder_its_name_and_its_project(run, capsys):
    for words in ([run.folder], [run.name], ["p"]):
        document = json.loads(shown(capsys, *words, "--json").out)
        assert document["box"]["AP"] == pytest.approx(1)
    assert json.loads(run.scores("val").read_bytes()) == document
    assert json.loads(run.mistakes("val").read_bytes())["mistakes"] == []
    assert {row["by"] for row in document["slices"]} >= {"class", "brightness", "sharpness"}


def test_a_slice_of_a_csv_goes_by_the_names_of_the_annotations(run, tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("image,camera\n1.png,left\n2.png,right\n")
    rows = json.loads(shown(capsys, "p", "--json", "--slices", table).out)["slices"]
    assert [(row["value"], row["images"], row["truths"]) for row in rows if row["by"] == "camera"] == [
        ("left", 1, 2),
        ("right", 1, 2),
    ]


def test_a_run_without_a_dataset_in_its_record_gets_a_line(run):
    for about in (None, "x", {}, {"folder": "x"}):
        change(run, dataset=about)
        with pytest.raises(RunError, match="dataset: must name a folder and a fingerprint"):
            find_part(run, "val")


def test_another_dataset_under_the_same_folder_gets_a_line(run):
    record = json.loads(run.record.read_bytes())
    change(run, dataset={**record["dataset"], "fingerprint": "0123456789abcdef"})
    with pytest.raises(DatasetError, match="must be 0123456789abcdef, which the run was trained on"):
        find_part(run, "val")


def test_a_dataset_that_is_gone_gets_a_line(run, home):
    change(run, dataset={"folder": str(home / "datasets" / "gone"), "fingerprint": "gone"})
    with pytest.raises(InputMissing, match="is gone; workbench convert makes it again"):
        find_part(run, "val")


def test_a_part_that_is_not_there_gets_a_line(run):
    with pytest.raises(
        DatasetError, match=r"must be one of the dataset's parts \(train, val\), but got 'test'"
    ):
        find_part(run, "test")


def test_predictions_of_other_images_get_a_line(run, capsys):
    run.predictions("val").write_text(
        '[{"image_id": 77, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}]'
    )
    said = shown(capsys, "p", code=65).err
    assert "predictions/val.json: [0]: image_id must be an image of" in said
    run.predictions("val").write_text("[{")
    assert "ends in the middle" in shown(capsys, "p", code=65).err


def test_a_class_that_a_gate_misspells_is_refused_before_anything_is_read(run, capsys):
    run.predictions("val").write_text("no json")
    assert 'did you mean "dog"?' in shown(capsys, "p", "--gate", "dgo:box.AP>=0.1", code=2).err


def test_a_panoptic_run_without_its_configuration_gets_a_line(run, capsys):
    change(run, task="panoptic")
    assert "must be the configuration of the run" in shown(capsys, "p", code=1).err


def test_judging_what_is_predicted_needs_no_torch(run):
    code = (
        "import sys; from workbench.cli import main; code = main(['evaluate', 'p', '--json']); "
        "print(code, 'torch' in sys.modules, 'detectron2' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "0 False False"

"""`workbench predict`: what it writes, what it leaves alone, and what it says."""

import json
import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import numpy as np
import torch
from PIL import Image
from pycocotools.coco import COCO

from tests.commands.predicted import draw, list_files, predict, put_runs
from workbench.cli import main
from workbench.engine.prediction.outputs.names import name_files
from workbench.formats.labelme import read_annotation

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return put_runs(tmp_path_factory.mktemp("runs"))


def test_all_that_is_found_is_written_three_times_over(runs, tmp_path, capsys):
    draw(tmp_path / "in" / "a.png"), draw(tmp_path / "in" / "deep" / "b.jpg", 2)
    out = tmp_path / "out"
    assert predict(runs["mask_rcnn_nano"], tmp_path / "in", "--json", out=out) == 0
    said = json.loads(capsys.readouterr().out)
    assert list_files(out) == [
        "coco.json", "labelme/a.json", "labelme/a.png", "labelme/deep/b.jpg", "labelme/deep/b.json",
        "overlay/a.jpg", "overlay/deep/b.jpg", "predicted.json", "results.json",
    ]  # fmt: skip
    assert sorted([*said["files"], "predicted.json"]) == list_files(out)
    truth = COCO(str(out / "coco.json"))
    assert said["objects"] == len(truth.anns) == len(truth.loadRes(str(out / "results.json")).anns) > 3
    assert said["classes"].keys() == {"cat", "dog"}
    assert [image["file_name"] for image in truth.imgs.values()] == ["a.png", "deep/b.jpg"]
    for number, one in truth.anns.items():
        assert (one["iscrowd"], one["area"]) == (0, int(truth.annToMask(one).sum()))
        assert number > 0 and 0 <= one["score"] <= 1
    shapes = read_annotation(out / "labelme" / "a.json").shapes
    assert {shape.extra["workbench"]["run"] for shape in shapes} == {"run"}
    numbers = {shape.extra["workbench"]["id"] for shape in shapes}
    covering = [one["image_id"] == 1 and one["area"] > 0 for one in truth.anns.values()]
    assert numbers == {place for place, covers in enumerate(covering) if covers}
    capsys.readouterr()
    assert main(["check", str(out / "labelme"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["errors"] == 0


def test_equal_inputs_give_equal_bytes(runs, tmp_path):
    draw(tmp_path / "in" / "a.png")
    for name in ("one", "two"):
        predict(runs["mask_rcnn_nano"], tmp_path / "in", out=tmp_path / name)
    one, two = (
        {name: (tmp_path / which / name).read_bytes() for name in list_files(tmp_path / which)}
        for which in ("one", "two")
    )
    assert one == two


def test_a_second_run_replaces_its_own_files_and_nothing_else(runs, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    draw(folder / "a.png")
    gone = draw(folder / "b.png", 2)
    assert predict(runs["mask_rcnn_nano"], folder, out=out) == 0
    (out / "labelme" / "notes.txt").write_text("mine")
    gone.unlink()
    assert predict(runs["mask_rcnn_nano"], folder, "--format", "labelme", out=out) == 0
    assert list_files(out) == ["labelme/a.json", "labelme/a.png", "labelme/notes.txt", "predicted.json"]
    assert folder.joinpath("a.png").exists()


def test_what_somebody_worked_on_is_never_written_over(runs, tmp_path, capsys):
    draw(tmp_path / "in" / "a.png")
    out = tmp_path / "out"
    predict(runs["mask_rcnn_nano"], tmp_path / "in", out=out)
    path = out / "labelme" / "a.json"
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps(content))  # saved again, and nothing changed
    assert predict(runs["mask_rcnn_nano"], tmp_path / "in", out=out) == 0
    content["shapes"][0]["points"][0][0] += 1
    path.write_text(json.dumps(content))
    before = {name: (out / name).read_bytes() for name in list_files(out)}
    capsys.readouterr()
    assert predict(runs["mask_rcnn_nano"], tmp_path / "in", out=out) == 73
    assert "somebody has worked on it; choose another --out" in capsys.readouterr().err
    assert {name: (out / name).read_bytes() for name in list_files(out)} == before


def test_what_somebody_worked_on_stays_when_its_image_is_gone(runs, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    draw(folder / "a.png"), draw(folder / "b.png", 2)
    predict(runs["mask_rcnn_nano"], folder, out=out)
    (out / "labelme" / "b.json").write_text('{"shapes": [], "imagePath": "b.png", "imageData": null}')
    (folder / "b.png").unlink()
    assert predict(runs["mask_rcnn_nano"], folder, out=out) == 0
    assert (out / "labelme" / "b.json").exists()


@pytest.mark.parametrize("name", ["labelme/a.json", "coco.json", "overlay/a.jpg"])
def test_a_file_of_somebody_else_stops_it_before_it_begins(runs, tmp_path, capsys, name):
    draw(tmp_path / "in" / "a.png")
    out = tmp_path / "out"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("mine")
    assert predict(runs["mask_rcnn_nano"], tmp_path / "in", out=out) == 73
    assert "somebody else made it" in capsys.readouterr().err
    assert list_files(out) == [name]


def test_a_killed_run_is_known_as_ours(runs, tmp_path, monkeypatch):
    from workbench.engine.prediction.outputs.overlay_output import OverlayOutput

    draw(tmp_path / "in" / "a.png"), draw(tmp_path / "in" / "b.png", 2)
    out = tmp_path / "out"

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(OverlayOutput, "add", die)
        assert predict(runs["mask_rcnn_nano"], tmp_path / "in", out=out) == 130
    assert list_files(out) == ["labelme/a.json", "labelme/a.png", "predicted.json"]  # no half of a COCO file
    assert predict(runs["mask_rcnn_nano"], tmp_path / "in", out=out) == 0


def test_a_bad_image_is_told_of_and_the_rest_is_written(runs, tmp_path, capsys):
    draw(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b\x1b[31m.png").write_text("no picture")
    assert predict(runs["mask_rcnn_nano"], tmp_path / "in", "--json", out=tmp_path / "out") == 1
    shown = capsys.readouterr()
    said = json.loads(shown.out)
    assert (said["images"], [Path(one["path"]).name for one in said["skipped"]]) == (
        1,
        ["b\x1b[31m.png"],
    )
    assert "\x1b" not in shown.err and "passed over" in shown.err
    assert "overlay/a.jpg" in list_files(tmp_path / "out")


def test_a_name_that_is_no_utf8_is_told_of_and_the_rest_is_written(runs, tmp_path, capsys):
    odd = os.fsencode(draw(tmp_path / "in" / "a.png").with_name("z")) + b"\xff.png"
    shutil.copy(tmp_path / "in" / "a.png", odd)
    assert predict(runs["mask_rcnn_nano"], tmp_path / "in" / "*.png", "--json", out=tmp_path / "out") == 1
    said = json.loads(capsys.readouterr().out)
    assert [(one["path"][-11:], one["reason"]) for one in said["skipped"]] == [
        ("z\\udcff.png", "the name must be UTF-8, but is not; rename the file")
    ]
    assert said["images"] == 1 and "overlay/a.jpg" in list_files(tmp_path / "out")


def test_two_images_of_one_stem_share_no_file():
    keys = ["a.jpg", "a.png", "a_jpg.jpg", "x/a.jpg", "plain"]
    named = name_files(keys)
    for kind in ("picture", "labelled", "labelme", "overlay"):
        assert len({getattr(one, kind).lower() for one in named.values()}) == len(keys)
    assert named["a.png"].labelled == "a_png.png" and named["x/a.jpg"].labelme == "x/a.json"


def test_ids_are_those_of_a_coco_file_where_it_knows_the_image(runs, tmp_path):
    draw(tmp_path / "in" / "a.png"), draw(tmp_path / "in" / "b.png", 2)
    images = [{"id": 41, "file_name": "elsewhere/b.png"}]
    (tmp_path / "truth.json").write_text(json.dumps({"images": images}))
    words = (tmp_path / "in", "--ids", tmp_path / "truth.json", "--format", "coco")
    assert predict(runs["mask_rcnn_nano"], *words, out=tmp_path / "out") == 0
    found = COCO(str(tmp_path / "out" / "coco.json")).imgs
    assert {image["file_name"]: number for number, image in found.items()} == {"b.png": 41, "a.png": 42}


def test_the_score_is_the_run_s_own_where_it_is_known(runs, tmp_path, capsys):
    run, image = runs["mask_rcnn_nano"], draw(tmp_path / "a.png")
    words = ["predict", str(run.folder), str(image), "--device", "cpu", "--out", str(tmp_path / "out")]
    main(words)
    assert "score of 0.50 or more (the middle" in capsys.readouterr().err
    run.scores("val").parent.mkdir(exist_ok=True)
    run.scores("val").write_text('{"score": 0.25}')
    main(words)
    assert "score of 0.25 or more (where the run did best" in capsys.readouterr().err
    run.scores("val").unlink()


def test_a_panoptic_run_writes_segments(runs, tmp_path):
    draw(tmp_path / "in" / "a.png")
    assert predict(runs["panoptic_nano"], tmp_path / "in", out=tmp_path / "out") == 0
    document = json.loads((tmp_path / "out" / "panoptic.json").read_bytes())
    (entry,) = document["annotations"]
    pixels = np.asarray(Image.open(tmp_path / "out" / "panoptic" / entry["file_name"])).astype(int)
    ids = pixels @ [1, 256, 65536]
    assert {one["id"] for one in entry["segments_info"]} == set(np.unique(ids)) - {0}
    assert sum(one["area"] for one in entry["segments_info"]) == (ids > 0).sum()
    shapes = read_annotation(tmp_path / "out" / "labelme" / "a.json").shapes
    assert {shape.label for shape in shapes} - {"hole"} <= {"cat", "dog", "sky", "sea"}
    assert predict(runs["panoptic_nano"], tmp_path / "in", "--tile", "32", out=tmp_path / "tiled") == 1


def test_a_semantic_run_writes_classes(runs, tmp_path, capsys):
    draw(tmp_path / "in" / "a.png")
    assert predict(runs["semantic_nano"], tmp_path / "in", "--json", out=tmp_path / "out") == 0
    assert set(json.loads(capsys.readouterr().out)["classes"].values()) == {0, 1}
    assert np.asarray(Image.open(tmp_path / "out" / "semantic" / "a.png")).max() < 4
    assert "coco.json" not in list_files(tmp_path / "out")
    assert predict(runs["semantic_nano"], tmp_path / "in", "--tile", "32", out=tmp_path / "out") == 0


@pytest.mark.parametrize(
    "words", [["--format", "pdf"], ["--format", ","], ["--min-score", "2"], ["--tile", "5"]]
)
def test_words_that_make_no_sense_are_refused(runs, tmp_path, words):
    assert predict(runs["mask_rcnn_nano"], draw(tmp_path / "a.png"), *words, out=tmp_path / "out") == 2
    assert not (tmp_path / "out").exists()

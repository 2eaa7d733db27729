"""`workbench relabel` as a person types it, on a run whose predictions are drawn."""

import json
import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("hotcoco")

from tests.drafting.desks import save_as_labelme, tick
from tests.report.runs import make_run
from workbench.cli import main
from workbench.drafting.draft import KEY
from workbench.drafting.dress import NOTE
from workbench.formats.labelme import read_annotation
from workbench.run import Run

ROW = {"iou": 0.5, "score": 0.9, "note": "often right", "category": "face", "truth_category": "face"}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("drawn"), "faces", "instance")


@pytest.fixture
def run(drawn, tmp_path):
    """A run of one's own; its dataset stays where it was made."""
    home = drawn.folder.parents[3]
    shutil.copytree(home / "projects/faces", tmp_path / "projects/faces")
    shutil.copytree(home / "annotations/faces", tmp_path / "annotations/faces")
    before = Path.cwd()
    os.chdir(tmp_path)
    yield Run(folder=Path("projects/faces/runs") / drawn.folder.name)
    os.chdir(before)


@pytest.fixture
def scene(run):
    """The first image of val: its Labelme file, its truths, and which prediction is about which."""
    dataset = Path(json.loads(run.record.read_text())["dataset"]["folder"])
    truth = json.loads((dataset / "val.json").read_text())
    rows = json.loads(run.predictions("val").read_text())
    of_rows = [row for place, row in enumerate(truth["annotations"]) if place % 7]
    names = {row["id"]: row["name"] for row in truth["categories"]}
    about = truth["images"][0]
    pairs = [
        (one, place)
        for place, (row, one) in enumerate(zip(rows, of_rows, strict=True))
        if row["image_id"] == about["id"]
    ]
    return about, pairs, names


def suspect(run, about, *rows):
    run.mistakes("val").parent.mkdir(exist_ok=True)
    suspects = [
        ROW | {"image": about["file_name"], "suspicion": 0.9 - place / 10} | row
        for place, row in enumerate(rows)
    ]
    run.mistakes("val").write_text(json.dumps({"score": 0.5, "least": {}, "suspects": suspects}))


def ask(capsys, *words):
    code = main(["relabel", *words, "--json"])
    printed = capsys.readouterr()
    return code, json.loads(printed.out) if printed.out else printed.err


def test_suspects_are_drafted_opened_by_hand_and_brought_back(run, scene, capsys):
    about, pairs, names = scene
    (lost, lost_row), (wrong, _), (poor, poor_row) = pairs[:3]
    path = Path("annotations/faces") / about["annotation"]
    raw = json.loads(path.read_text())
    (place,) = lost["shapes"]
    gone = raw["shapes"].pop(place)  # since the dataset was made: places of shapes have moved, too
    path.write_text(json.dumps(raw))
    before = path.read_bytes()
    suspect(
        run,
        about,
        {
            "kind": "missing-label",
            "truth": None,
            "prediction": lost_row,
            "category": names[lost["category_id"]],
        },
        {"kind": "poor-outline", "truth": poor["id"], "prediction": poor_row},
        {"kind": "spurious-label", "truth": wrong["id"], "prediction": None},
    )
    code, done = ask(capsys, str(run.folder), "--suspects", "3")
    assert (code, done["ready"], done["proposals"], done["noted"]) == (0, [about["file_name"]], 2, 2)
    assert json.loads(run.selection.read_text())["source"] == "suspects"
    draft = run.drafts / about["annotation"]
    laid = read_annotation(draft)
    assert len(laid.shapes) == len(raw["shapes"]) + 2
    assert laid.shapes[-2].label == gone["label"]
    assert sum(1 for shape in laid.shapes if (shape.description or "").startswith(NOTE)) == 4
    assert path.read_bytes() == before

    assert main(["relabel", str(run.folder)]) == 0
    assert "untouched" in capsys.readouterr().out
    code, done = ask(capsys, str(run.folder), "--accept")
    assert (code, done["accepted"], done["waiting"]) == (0, [], [about["file_name"]])
    assert path.read_bytes() == before

    save_as_labelme(draft, tick)
    assert main(["relabel", str(run.folder), "--accept"]) == 0
    out = capsys.readouterr().out
    assert "1 image brought back" in out
    assert "as the machine drew them: 1 shape" in out
    assert "offers that stay behind, since the old shape was not deleted: 1" in out
    assert "Next: workbench convert faces, workbench train faces" in out
    after = read_annotation(path)
    assert [shape.label for shape in after.shapes] == [
        *(shape["label"] for shape in raw["shapes"]),
        gone["label"],
    ]
    assert after.shapes[-1].extra[KEY]["run"] == run.name
    (backup,) = (run.drafts / ".workbench/backup").glob(f"*/{about['annotation']}")
    assert backup.read_bytes() == before
    assert main(["check", "faces", "--no-pixels"]) == 0


def test_all_takes_what_nobody_touched(run, scene, capsys):
    about, pairs, names = scene
    (lost, row) = pairs[0]
    path = Path("annotations/faces") / about["annotation"]
    raw = json.loads(path.read_text())
    raw["shapes"] = []
    path.write_text(json.dumps(raw))
    suspect(run, about, {"kind": "missing-label", "truth": None, "prediction": row})
    ask(capsys, str(run.folder), "--suspects", "1")
    code, done = ask(capsys, str(run.folder), "--accept", "--all")
    assert (code, [one["state"] for one in done["accepted"]]) == (0, ["untouched"])
    assert [shape.label for shape in read_annotation(path).shapes] == [names[lost["category_id"]]]
    assert done["changes"]["added"] == {names[lost["category_id"]]: 1}


def test_a_conflict_is_told_and_the_exit_code_says_so(run, scene, capsys):
    about, pairs, _ = scene
    suspect(run, about, {"kind": "spurious-label", "truth": pairs[0][0]["id"], "prediction": None})
    ask(capsys, str(run.folder), "--suspects", "1")
    path = Path("annotations/faces") / about["annotation"]
    raw = json.loads(path.read_text())
    old = raw["shapes"][0]["label"]
    new = [label for label in ("face", "eye", "mouth") if label != old][:2]
    save_as_labelme(run.drafts / about["annotation"], lambda raw: raw["shapes"][0].update(label=new[0]))
    raw["shapes"][0]["label"] = new[1]
    path.write_text(json.dumps(raw))
    assert main(["relabel", str(run.folder), "--accept"]) == 1
    out = capsys.readouterr().out
    assert f"conflict: {about['annotation']}: shapes[0]: {new[0]}: " in out


def test_an_image_that_is_begun_on_another_desk_stays_there_and_the_rest_moves(run, scene, capsys):
    about, pairs, _ = scene
    suspect(run, about, {"kind": "spurious-label", "truth": pairs[0][0]["id"], "prediction": None})
    ask(capsys, str(run.folder), "--suspects", "1")
    newer = Run(folder=run.folder.with_name("20261122-120000-model"))
    shutil.copytree(run.folder, newer.folder, ignore=shutil.ignore_patterns("drafts"))
    code, done = ask(capsys, str(newer.folder), "--suspects", "1")
    assert (done["ready"], done["withdrawn"]) == ([about["file_name"]], 1)
    assert not (run.drafts / about["annotation"]).exists()
    save_as_labelme(newer.drafts / about["annotation"], lambda raw: raw["shapes"].pop())
    code, done = ask(capsys, str(run.folder), "--suspects", "1")
    assert (code, done["ready"]) == (0, [])
    assert done["elsewhere"] == {about["file_name"]: str(newer.drafts)}
    code, done = ask(capsys, str(newer.folder), "--suspects", "1")
    assert (done["ready"], done["left"]) == ([], [about["file_name"]])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--suspects", "3", "--useful", "2"], "choose one"),
        (["--all"], "--all goes with --accept"),
        (["--suspects", "3", "--accept"], "pick something new afterwards"),
        (["--suspects", "0"], "must be 1 or more"),
        (["--suspects", "1", "--min-score", "2"], "from 0 to 1"),
    ],
)
def test_words_that_make_no_sense_together_are_refused(words, said, run, capsys):
    assert main(["relabel", str(run.folder), *words]) == 2
    assert said in capsys.readouterr().err


def test_without_mistakes_the_command_that_makes_them_is_named(run, capsys):
    assert main(["relabel", str(run.folder), "--suspects", "3"]) == 66
    assert f"workbench evaluate {run.folder}" in capsys.readouterr().err


def test_without_drafts_there_is_nothing_to_bring_back(run, capsys):
    assert main(["relabel", str(run.folder), "--accept"]) == 66
    assert not run.drafts.exists()

"""workbench compare: the answer, the refusals, and what is told of images, data, settings and growth."""

import json
import shutil

import numpy as np
import pytest

pytest.importorskip("hotcoco")
pytest.importorskip("pycocotools")

from tests.commands.rivals import convert, drop, make_run, prepare
from tests.evaluation.noisy import find, make_world
from workbench.cli import main
from workbench.run import read_record, write_record

BALLOONS = ("a-small", "b-middle", "c-full", "d-seed")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Balloons trained on growing data; chips as panoptic and semantic runs."""
    home = tmp_path_factory.mktemp("rivals")
    for project in ("balloons", "chipsets"):
        prepare(home, project)
    full = convert(home, "balloons")
    drop(home, "balloons", 20)
    middle = convert(home, "balloons")
    drop(home, "balloons", 14)
    small = convert(home, "balloons")
    for name, dataset, quality in zip(
        BALLOONS, (small, middle, full, full), (0.5, 0.65, 0.75, 0.75), strict=True
    ):
        make_run(home, "balloons", dataset, name, quality=quality, seed=int(name == "d-seed"))
    chips = convert(home, "chipsets")
    make_run(home, "chipsets", chips, "e-panoptic", quality=0.5, task="panoptic")
    make_run(
        home, "chipsets", chips, "f-panoptic", quality=0.95, task="panoptic", settings={"train": {"lr": 0.1}}
    )
    make_run(home, "chipsets", chips, "g-objects", quality=0.7)
    for name, quality in (("h-pixels", 0.3), ("i-pixels", 0.95)):
        make_run(home, "chipsets", chips, name, quality=quality, task="semantic")
    return home


@pytest.fixture
def home(made, monkeypatch):
    monkeypatch.chdir(made)
    monkeypatch.setenv("COLUMNS", "100")
    return made


def flat(shown):
    """Sentences as if they had never been folded."""
    return " ".join(shown.split())


def compare(capsys, *typed, code=0):
    assert main(["compare", *typed]) == code
    shown = capsys.readouterr()
    return shown.out if code == 0 else shown.err


def read(capsys, *typed):
    return json.loads(compare(capsys, *typed, "--json"))


# two runs


def test_runs_whose_data_differ_in_train_only_are_compared(home, capsys):
    found = read(capsys, "a-small", "c-full")
    assert (found["sets"], found["images"], found["headline"]) == ("same", 19, "mask.AP")
    (one,) = found["comparisons"]
    change = one["metrics"]["mask"]["AP"]
    assert change["verdict"] == "better"
    assert change["interval"][0] < change["difference"] < change["interval"][1]
    assert change["other"] - change["first"] == pytest.approx(change["difference"])
    assert one["words"].startswith("B is better: ")
    assert one["per_category"]["balloon"]["mask"]["AP"] == change
    data = one["dataset"]
    assert list(data) == ["train"]
    assert data["train"]["images"] == [41, 75]
    assert (data["train"]["added"], data["train"]["removed"]) == (34, 0)


def test_the_numbers_are_those_of_evaluate(home, capsys):
    from workbench.evaluation.analysis import Settings, analyse_part
    from workbench.evaluation.run_part import find_part
    from workbench.run import find_run

    part = find_part(find_run("projects/balloons/runs/c-full"), "val")
    wanted = analyse_part(part, Settings()).document
    found = read(capsys, "a-small", "c-full")["comparisons"][0]["metrics"]
    for kind in ("box", "mask", "boundary"):
        for key, row in found[kind].items():
            assert row["other"] == pytest.approx(wanted[kind][key], abs=1e-12), key


def test_seeds_alone_are_called_luck(home, capsys):
    shown = compare(capsys, "c-full", "d-seed")
    assert "which is not more than noise" in shown
    assert "data from A to B: the same\nsettings from A to B: the same" in shown
    assert "note: A and B differ in nothing but their seeds" in shown


def test_who_finds_nothing_finds_no_masks_either(home, capsys, tmp_path):
    run = shutil.copytree("projects/balloons/runs/c-full", tmp_path / "runs" / "blind")
    (run / "predictions" / "val.json").write_text("[]")
    found = read(capsys, str(run), "c-full")
    assert found["headline"] == "mask.AP"
    assert found["comparisons"][0]["metrics"]["boundary"]["AP"]["first"] == 0
    assert found["comparisons"][0]["metrics"]["mask"]["AP"]["verdict"] == "better"


def test_the_same_seed_twice_is_luck_that_nobody_wrote_down(home, capsys, tmp_path):
    run = shutil.copytree("projects/balloons/runs/c-full", tmp_path / "runs" / "again")
    assert "differ in nothing but what nobody wrote down" in flat(compare(capsys, "c-full", str(run)))


def test_a_run_that_is_not_finished_is_called_so(home, capsys, tmp_path):
    run = shutil.copytree("projects/balloons/runs/c-full", tmp_path / "runs" / "cut-short")
    save_record_of(run, read_record_of(run) | {"state": "stopped", "typed": {"train.lr": "0.5"}})
    shown = flat(compare(capsys, "c-full", str(run)))
    assert "note: B is stopped, not finished" in shown
    assert "typed" not in shown


def test_what_is_read_first_is_the_answer(home, capsys):
    lines = compare(capsys, "a-small", "c-full", "--images", "2").splitlines()
    assert lines[0] == "val: 19 images"
    assert lines[2].split() == ["A", "a-small", "seed", "0", "dataset", lines[2].split()[-1]]
    assert lines[5].startswith("B is better: ")
    assert lines[7].split() == ["A", "B", "B-A", "95%", "B>A"]
    assert lines[8].startswith("mask AP ")
    assert lines[8].endswith("better")
    assert max(map(len, lines[:22])) <= 100
    listed = [line for line in lines if "balloons-0" in line]
    assert len(listed) <= 4


def test_every_image_is_in_one_of_three_piles_and_the_largest_change_comes_first(home, capsys):
    images = read(capsys, "a-small", "c-full")["comparisons"][0]["images"]
    assert len(images["better"]) + len(images["worse"]) + images["same"] == 19
    gains = [row["other"] - row["first"] for row in images["better"]]
    assert gains == sorted(gains, reverse=True)
    assert len(images["better"]) > len(images["worse"])


def test_equal_input_gives_equal_bytes(home, capsys):
    assert compare(capsys, "a-small", "c-full", "--json") == compare(capsys, "a-small", "c-full", "--json")


def test_the_order_turns_the_sign_only(home, capsys):
    there = read(capsys, "a-small", "c-full")["comparisons"][0]["metrics"]["box"]["AP"]
    back = read(capsys, "c-full", "a-small")["comparisons"][0]["metrics"]["box"]["AP"]
    assert back["interval"] == pytest.approx([-end for end in there["interval"][::-1]])
    assert back["above"] == pytest.approx(1 - there["above"])
    assert back["verdict"] == "worse"


def test_several_runs_are_one_table_against_the_first(home, capsys):
    shown = compare(capsys, "a-small", "b-middle", "c-full")
    (head,) = [line for line in shown.splitlines() if "C-A" in line]
    assert head.split() == ["A", "B", "B-A", "C", "C-A"]
    assert shown.count("\nB ") == 2  # its name, and its answer
    assert "images from A to C: " in shown


# other tasks


def test_panoptic_runs_are_compared_by_segments_objects_and_pixels(home, capsys):
    found = read(capsys, "e-panoptic", "f-panoptic")
    (one,) = found["comparisons"]
    assert found["headline"] == "panoptic.PQ"
    assert set(one["metrics"]) == {"panoptic", "mask", "boundary", "box", "semantic"}
    assert one["metrics"]["panoptic"]["PQ"]["verdict"] == "better"
    assert set(one["per_category"]["board"]) == {"panoptic", "semantic"}
    assert one["settings"] == [{"key": "settings.train.lr", "values": [0.01, 0.1]}]
    assert "differ in nothing but" not in " ".join(found["notes"])


def test_panoptic_numbers_are_those_of_evaluate(home, capsys):
    from workbench.evaluation.analysis import Settings, analyse_part
    from workbench.evaluation.run_part import find_part
    from workbench.run import find_run

    part = find_part(find_run("projects/chipsets/runs/f-panoptic"), "val")
    wanted = analyse_part(part, Settings()).document
    found = read(capsys, "e-panoptic", "f-panoptic")["comparisons"][0]
    for family in ("panoptic", "semantic"):
        for key, row in found["metrics"][family].items():
            assert row["other"] == pytest.approx(wanted[family][key], abs=1e-12), key
    for name, row in found["per_category"].items():
        for key, change in row.get("panoptic", {}).items():
            assert change["other"] == pytest.approx(wanted["per_category"][name]["panoptic"][key]), (
                name,
                key,
            )


def test_semantic_runs_are_compared_by_pixels(home, capsys):
    found = read(capsys, "h-pixels", "i-pixels", "--growth")
    (one,) = found["comparisons"]
    assert found["headline"] == "semantic.mIoU"
    assert set(one["metrics"]) == {"semantic"}
    assert one["metrics"]["semantic"]["mIoU"]["verdict"] == "better"
    assert one["per_category"]["board"]["semantic"]["IoU"]["difference"] > 0
    assert one["images"]["better"][0]["missed"] is None
    assert found["growth"][0]["unit"] == "images"
    shown = compare(capsys, "h-pixels", "i-pixels")
    assert "(mean IoU of the image)" in shown
    assert [line.split()[0] for line in shown.splitlines()[8:12]] == ["mIoU", "fwIoU", "mACC", "pACC"]


def test_runs_of_two_tasks_are_compared_by_what_both_have(home, capsys):
    found = read(capsys, "f-panoptic", "g-objects")
    assert found["headline"] == "mask.AP"
    assert set(found["comparisons"][0]["metrics"]) == {"mask", "boundary", "box"}


# refusing


@pytest.fixture
def changed(home, tmp_path):
    """The same project with one label of a validation image drawn anew, and another validation image gone."""
    other = tmp_path / "other"
    shutil.copytree(home, other, ignore=shutil.ignore_patterns("runs", "datasets"))
    prepare(other, "balloons")
    folder = other / "annotations" / "balloons"
    split = json.loads((other / "projects" / "balloons" / "split.json").read_text())
    val = sorted(name for name, part in split.get("parts", split).items() if part == "val")
    path = (folder / val[0]).with_suffix(".json")
    raw = json.loads(path.read_text())
    raw["shapes"][0]["points"] = [[x + 3, y] for x, y in raw["shapes"][0]["points"]]
    path.write_text(json.dumps(raw))
    (folder / val[1]).unlink()
    (folder / val[1]).with_suffix(".json").unlink()
    make_run(other, "balloons", convert(other, "balloons"), "z-changed", quality=0.75)
    return other / "projects" / "balloons" / "runs" / "z-changed", val


def test_other_validation_sets_are_refused_in_one_line_that_says_in_what(home, changed, capsys):
    run, val = changed
    error = compare(capsys, "c-full", str(run), code=65)
    assert error.count("\n") == 1
    assert f"1 image only in the first ({val[1]})" in error
    assert f"1 image with other labels ({val[0]})" in error
    assert "--common compares on the 17 images that all have alike" in error


def test_stuff_that_was_painted_anew_is_another_truth(home, capsys, tmp_path):
    twin = shutil.copytree("projects/chipsets/runs/e-panoptic", tmp_path / "runs" / "painted")
    record = read_record_of(twin)
    folder = shutil.copytree(record["dataset"]["folder"], tmp_path / "painted-data")
    save_record_of(twin, record | {"dataset": record["dataset"] | {"folder": str(folder)}})
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["outputs"]["panoptic_val/IMG_0007_1.png"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    error = compare(capsys, "e-panoptic", str(twin), code=65)
    assert "but differs: 1 image with other labels (IMG_0007_1.jpg)" in error


def test_common_compares_on_what_is_alike_and_says_what_was_left_out(home, changed, capsys):
    run, val = changed
    shown = compare(capsys, "c-full", str(run), "--common")
    assert shown.startswith("val: 17 images, those that all have alike\n")
    assert f"note: left out, for A and B do not have it alike: 1 image only in A ({val[1]})" in flat(shown)
    found = read(capsys, "c-full", str(run), "--common")
    assert (found["sets"], found["images"]) == ("common", 17)
    assert found["comparisons"][0]["differences"]["only_first"] == [val[1]]


def test_force_compares_and_gives_no_verdict(home, changed, capsys):
    run, _ = changed
    shown = compare(capsys, "c-full", str(run), "--force")
    assert "NOT the same" in shown.splitlines()[0]
    assert "says nothing about which is better" in flat(shown)
    rows = [line for line in shown.splitlines() if line.startswith(("mask AP", "box AP"))]
    assert rows
    assert all(line.endswith(("other images", "no truth")) for line in rows)
    assert "images from" not in shown
    (one,) = read(capsys, "c-full", str(run), "--force")["comparisons"]
    assert one["images"] is None
    assert one["metrics"]["mask"]["AP"]["verdict"] == "other images"


def test_a_run_that_was_trained_on_what_is_judged_knows_the_answers(home, changed, capsys, tmp_path):
    run, _ = changed
    record = read_record_of(run)
    folder = tmp_path / "leaky"
    shutil.copytree(record["dataset"]["folder"], folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    trained = next(row for row in manifest["sources"] if manifest["parts"][row["image"]] == "train")
    judged = next(row for row in manifest["sources"] if manifest["parts"][row["image"]] == "val")
    trained["image_digest"] = judged["image_digest"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    leaky = shutil.copytree(run, tmp_path / "runs" / "y-leaky")
    save_record_of(leaky, record | {"dataset": record["dataset"] | {"folder": str(folder)}})
    shown = compare(capsys, str(run), str(leaky))
    assert f"note: B was trained on 1 of these images ({judged['image']})" in flat(shown)
    assert "A was trained on" not in shown


def read_record_of(folder):
    from workbench.run import Run

    return read_record(Run(folder=folder))


def save_record_of(folder, record):
    from workbench.run import Run

    write_record(Run(folder=folder), record)


def test_bursts_are_those_of_the_first_run_so_that_all_runs_are_drawn_alike(home, capsys, tmp_path):
    twin = shutil.copytree("projects/chipsets/runs/g-objects", tmp_path / "runs" / "twin")
    record = read_record_of(twin)
    folder = shutil.copytree(record["dataset"]["folder"], tmp_path / "twin-data")
    save_record_of(twin, record | {"dataset": record["dataset"] | {"folder": str(folder)}})
    (twin / "project.toml").write_text("[split]\nseconds = 0\n")
    found = read(capsys, "g-objects", str(twin))
    assert (found["images"], found["bursts"]) == (11, 6)
    assert found["comparisons"][0]["metrics"]["mask"]["AP"]["verdict"] == "equal"
    assert found["comparisons"][0]["metrics"]["mask"]["AP"]["interval"] == [0, 0]
    shown = compare(capsys, "g-objects", str(twin))
    assert shown.startswith("val: 11 images in 6 bursts\n")
    assert "note: bursts are told by names and times" in flat(shown)
    assert read(capsys, str(twin), "g-objects")["bursts"] == 11


# growth


def test_growth_says_what_more_labels_would_bring(home, capsys):
    found = read(capsys, "--growth", "a-small", "b-middle", "c-full")
    overall, balloon = found["growth"]
    assert (overall["category"], balloon["category"]) == ("", "balloon")
    assert [point["labelled"] for point in overall["points"]] == sorted(
        point["labelled"] for point in overall["points"]
    )
    assert overall["likely"][0] < overall["more"]
    assert overall["gain"] == 0.03
    shown = compare(capsys, "--growth", "a-small", "b-middle", "c-full", "--gain", "0.05")
    assert "more labelled objects (" in shown
    assert "for +5.0 mask AP" in shown


def test_two_amounts_are_called_a_direction(home, capsys):
    assert "two amounts of data make a direction, not a curve" in compare(
        capsys, "--growth", "a-small", "c-full"
    )


def test_no_growth_is_not_made_up(home, capsys):
    shown = compare(capsys, "--growth", "c-full", "d-seed")
    assert "Cannot say what more labels would bring: all runs had the same amount" in shown
    assert read(capsys, "--growth", "c-full", "d-seed")["growth"][0]["reason"].startswith("all runs had")


# files


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(5)
    truth = make_world(rng, 30)
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    for name, miss in (("a", 0.5), ("b", 0.05)):
        (tmp_path / f"{name}.json").write_text(json.dumps(find(rng, truth, miss=miss)))
    return tmp_path


def test_plain_files_are_compared(files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    typed = ("--truth", "gt.json", "--predictions", "a.json", "b.json")
    found = read(capsys, *typed)
    assert [row["name"] for row in found["runs"]] == ["a.json", "b.json"]
    assert found["comparisons"][0]["metrics"]["box"]["AP"]["verdict"] == "better"
    shown = compare(capsys, *typed)
    assert shown.startswith("30 images\n")
    assert "settings from" not in shown


@pytest.mark.parametrize(
    ("images", "first", "other", "words"),
    [
        (8, "full", "full", "A and B have the same box AP"),
        (8, "none", "none", "A and B have the same box AP"),
        (8, "none", "full", "B is better"),
        (1, "full", "full", "note: 1 image cannot tell a difference from noise"),
        (0, "none", "none", "must be judged on images, but there are none"),
    ],
)
def test_little_or_nothing_is_compared_without_a_word_too_much(tmp_path, capsys, images, first, other, words):
    rng = np.random.default_rng(0)
    truth = make_world(rng, images)
    for name, content in (("gt", truth), ("none", []), ("full", find(rng, truth, miss=0))):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    code = main(["compare", "--truth", str(tmp_path / "gt.json"), "--predictions",
                 *(str(tmp_path / f"{name}.json") for name in (first, other))])  # fmt: skip
    shown = capsys.readouterr()
    assert code == (0 if images else 65)
    assert words in flat(shown.out + shown.err)
    assert "nan" not in shown.out
    assert "of 0 such" not in shown.out


def test_images_without_truth_have_no_scores(tmp_path, capsys):
    rng = np.random.default_rng(0)
    truth = make_world(rng, 8)
    (tmp_path / "p.json").write_text(json.dumps(find(rng, truth)))
    (tmp_path / "gt.json").write_text(json.dumps(truth | {"annotations": []}))
    paths = [str(tmp_path / name) for name in ("gt.json", "p.json", "p.json")]
    shown = compare(capsys, "--truth", paths[0], "--predictions", *paths[1:])
    assert "A and B cannot be compared by box AP: there is none." in shown


# what makes no sense


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ((), "takes runs, or --truth and --predictions"),
        (("one",), "takes two or more"),
        (("--truth", "x.json"), "go together"),
        (("--truth", "x.json", "--predictions", "a.json"), "takes two or more"),
        (("a", "b", "--common", "--force"), "exclude each other"),
        (("--truth", "x", "--predictions", "a", "b", "--growth"), "--growth takes runs"),
        (("a", "b", "--gain", "3"), "must be above 0 and below 1"),
    ],
)
def test_what_makes_no_sense_is_said(typed, message, capsys):
    assert message in compare(capsys, *typed, code=2)


def test_an_unknown_run_gets_the_nearest_name(home, capsys):
    error = compare(capsys, "a-small", "c-fall", code=66)
    assert 'c-fall: must be a run or a project, but is neither; did you mean "c-full"?' in error


def test_a_name_that_two_projects_have_is_not_guessed(home, capsys, tmp_path):
    twin = home / "projects" / "chipsets" / "runs" / "a-small"
    shutil.copytree(home / "projects" / "balloons" / "runs" / "a-small", twin)
    try:
        assert "name the folder" in compare(capsys, "a-small", "c-full", code=66)
    finally:
        shutil.rmtree(twin)


def test_a_run_without_predictions_says_what_makes_them(home, capsys, tmp_path):
    run = shutil.copytree("projects/balloons/runs/c-full", tmp_path / "runs" / "bare")
    shutil.rmtree(run / "predictions")
    error = compare(capsys, "a-small", str(run), code=66)
    assert f"workbench evaluate {run} --split val makes it" in error


def test_names_of_a_user_cannot_steer_the_terminal(files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    truth = json.loads((files / "gt.json").read_text())
    truth["categories"][0]["name"] = "\x1b[31mred"
    for row in truth["images"]:
        row["file_name"] = f"\x1b[2J{row['id']}.jpg"
    (files / "gt.json").write_text(json.dumps(truth))
    (files / "b.json").rename(files / "\x1b[1mb.json")
    assert "\x1b" not in compare(capsys, "--truth", "gt.json", "--predictions", "a.json", "\x1b[1mb.json")

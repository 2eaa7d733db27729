"""The plugin without the App: rows of runs, tags that exclude one another, commands as programs of their own."""

import json
from types import SimpleNamespace

import pytest
import yaml

from tests.tour import ROOT
from workbench.review.errands import Done, find_home, run_errand, start_errand
from workbench.review.run_rows import list_run_rows
from workbench.review.trouble import ReviewError

PLUGIN = ROOT / "workbench/review/plugin"


def make_project(home):
    project = home / "projects" / "kites"
    project.mkdir(parents=True)
    return project


def add_run(project, name, record, scores=None, mistakes=None):
    folder = project / "runs" / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(record if isinstance(record, str) else json.dumps(record))
    for kind, document in (("scores", scores), ("mistakes", mistakes)):
        if document is not None:
            (folder / kind).mkdir()
            (folder / kind / "val.json").write_text(json.dumps(document))


def test_runs_are_told_newest_first_with_scores_mistakes_and_lineage(tmp_path):
    project = make_project(tmp_path)
    add_run(project, "1-old", {"state": "finished", "best": {"metric": "mask.AP", "value": 0.4125}})
    record = {
        "state": "stopped",
        "step": 20,
        "steps": 60,
        "model": "mask_rcnn_nano",
        "seed": 3,
        "weights": {"source": "/models/of/mine/model_best.pth"},
        "dataset": {"fingerprint": "0123456789abcdef"},
        "git": {"commit": "abcdef0123456789", "dirty": True},
        "started": "2026-11-21T19:02:10+0000",
    }
    scores = {"mask": {"AP": 0.5}, "box": {"AP": 0.6}, "intervals": {"mask.AP": [0.4, 0.6]}}
    add_run(project, "2-new", record, scores, {"mistakes": [{}, {}]})
    new, old = list_run_rows(project)
    assert new == {
        "run": "2-new",
        "state": "stopped, 20/60",
        "score": "mask AP 50.0 (40–60)",
        "mistakes": "2",
        "model": "mask_rcnn_nano",
        "from": "mine/model_best.pth",
        "dataset": "01234567",
        "seed": "3",
        "code": "abcdef01+",
        "started": "2026-11-21 19:02",
    }
    assert (old["run"], old["score"], old["mistakes"]) == ("1-old", "mask AP 41.2", "–")


def test_a_damaged_run_costs_the_table_nothing(tmp_path):
    project = make_project(tmp_path)
    add_run(project, "1", "{half", {"mask": "?"}, ["?"])
    add_run(project, "2", {"git": None, "best": None, "weights": "?", "intervals": 3})
    (project / "runs/2/scores").mkdir()
    (project / "runs/2/scores/val.json").write_text('{"mask": {"AP"')
    rows = list_run_rows(project)
    assert [(row["run"], row["state"]) for row in rows] == [("2", "–"), ("1", "unreadable")]
    assert {row["score"] for row in rows} == {"–"}


def test_a_run_whose_process_died_is_interrupted(tmp_path):
    project = make_project(tmp_path)
    add_run(project, "1", {"state": "running", "step": 5, "steps": 9})
    assert list_run_rows(project)[0]["state"] == "interrupted, 5/9"


def test_a_command_is_a_program_of_its_own_that_a_folder_cannot_shadow(tmp_path):
    project = make_project(tmp_path)
    (tmp_path / "workbench").mkdir()
    (tmp_path / "workbench/__init__.py").write_text("raise SystemExit('not this one')")
    done = run_errand(project, ["models", "--json"])
    assert done.good and done.typed == "workbench models --json" and len(json.loads(done.result)) > 5


def test_what_a_command_refuses_is_its_last_line(tmp_path):
    done = run_errand(make_project(tmp_path), ["evaluate", "nobody"])
    assert not done.good and done.reason.startswith("workbench: nobody: must be a run")
    assert Done(typed="workbench x", code=9, result="", said="").reason == "workbench x ended with 9"


def test_a_command_that_takes_too_long_is_ended_and_says_what_to_do(tmp_path):
    with pytest.raises(ReviewError, match="run it in a terminal"):
        run_errand(make_project(tmp_path), ["models"], longest=0.01)


def test_one_that_was_started_and_ended_at_once_says_why(tmp_path):
    ended = start_errand(make_project(tmp_path), ["evaluate", "nobody"], patience=60)
    assert ended and not ended.good and "nobody: must be a run" in ended.reason


def test_a_project_that_has_moved_away_is_said(tmp_path):
    project = make_project(tmp_path)
    assert find_home(project) == tmp_path
    with pytest.raises(ReviewError, match="gone"):
        find_home(tmp_path / "away" / "projects" / "kites")


def test_what_the_plugin_declares_is_what_it_registers(database):
    from workbench.review.plugin import register

    declared = yaml.safe_load((PLUGIN / "fiftyone.yml").read_text())
    names = []
    register(SimpleNamespace(register=lambda kind: names.append(kind(_builtin=False).config.name)))
    assert names == [*declared["operators"], *declared["panels"]]
    assert declared["name"] == "@workbench/detectron2"


def test_what_commands_said_is_told_in_lines_that_fit_with_runs_by_name(database, tmp_path):
    from workbench.review.plugin.errand_operators import WIDE, tell

    run = tmp_path / "2-run"
    first = Done(typed="workbench one", code=0, result=f"{run}/drafts: {'word ' * 30}\n  a table\n", said="")
    told = tell([first, Done(typed=f"workbench two {run}", code=0, result="done\n", said="hm")], tmp_path)
    assert told["typed"] == "workbench two 2-run" and "failed" not in told
    lines = told["lines"].splitlines()
    assert lines[0].startswith("2-run/drafts: word") and max(map(len, lines)) <= WIDE
    assert lines[-3:] == ["  a table", "", "done"]
    assert (
        tell([Done(typed="x", code=1, result="", said="no\nworkbench: why\n")], tmp_path)["failed"]
        == "workbench: why"
    )


@pytest.fixture
def dataset(database):
    fo = database.fo
    one = fo.Dataset("workbench-tests-of-the-plugin")
    labels = [fo.Detection(label=name, bounding_box=[0, 0, 0.5, 0.5]) for name in "ab"]
    one.add_samples(
        [fo.Sample(filepath="/a.jpg", truth=fo.Detections(detections=labels)), fo.Sample(filepath="/b.jpg")]
    )
    yield one
    one.delete()


def test_images_that_are_selected_are_tagged_and_fine_takes_the_other_tags_away(dataset):
    from workbench.review.plugin.tagging import name_selection, put_tag

    first, second = (sample.id for sample in dataset)
    for tag in ("relabel", "wrong-label"):
        put_tag(dataset.view(), dataset, tag, labels=(), samples=[first])
    assert dataset[first].tags == ["relabel", "wrong-label"] and dataset[second].tags == []
    assert dataset.count_label_tags() == {}
    put_tag(dataset.view(), dataset, "fine", labels=(), samples=[first])
    assert dataset[first].tags == ["fine"]
    put_tag(dataset.view(), dataset, "missing-label", labels=(), samples=[first])
    assert dataset[first].tags == ["missing-label"]
    assert name_selection(dataset.view(), (), [first]) == "1 image"


def test_labels_that_are_selected_are_tagged_in_place_of_their_images(dataset):
    from workbench.review.plugin.tagging import name_selection, put_tag

    sample = dataset.first()
    chosen = {"label_id": sample.truth.detections[1].id, "sample_id": sample.id, "field": "truth"}
    put_tag(dataset.view(), dataset, "relabel", labels=[chosen], samples=[sample.id])
    put_tag(dataset.view(), dataset, "fine", labels=[chosen], samples=[])
    sample.reload()
    assert [one.tags for one in sample.truth.detections] == [[], ["fine"]] and sample.tags == []
    assert name_selection(dataset.view(), [chosen, chosen], [sample.id]) == "2 labels"


def test_what_is_selected_among_patches_is_a_label(dataset):
    from workbench.review.plugin.tagging import name_selection, put_tag

    patches = dataset.to_patches("truth")
    place = patches.first()
    put_tag(patches, dataset, "relabel", labels=(), samples=[place.id])
    sample = dataset.first()
    sample.reload()
    assert [one.tags for one in sample.truth.detections] == [["relabel"], []] and sample.tags == []
    assert name_selection(patches, (), [place.id]) == "1 label"


def test_views_of_the_run_that_was_shown_last_come_first(database):
    from workbench.review.plugin.look import find_run, sort_views
    from workbench.review.plugin.subject import Subject

    subject = Subject(
        project=PLUGIN, runs={"r1": {"run": "1", "part": "val"}, "r2": {"run": "2", "part": "val"}}
    )
    names = ["mine", "Misses (1, val)", "Misses (2, val)", "Duplicates (2, val)"]
    ordered = [view["name"] for view in sort_views([{"name": name} for name in names], subject)]
    assert ordered == ["Misses (2, val)", "Duplicates (2, val)", "Misses (1, val)", "mine"]
    assert [find_run(name, subject) for name in names] == ["", "r1", "r2", "r2"]

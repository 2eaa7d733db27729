"""Reviewed again, with other labels or another run: no tag is lost, and nothing that is not ours is touched."""

import json
import shutil

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.review.showing import FIELD, KEY, labels, load, review, tag
from workbench.cli import main
from workbench.data.mask import array_to_mask
from workbench.data.selection import FINE, MISSING_LABEL, RELABEL, WRONG_LABEL
from workbench.errors import NO_INPUT, SERVICE_DOWN
from workbench.evaluation.run_part import find_part
from workbench.review.fields import MARK, TRUTH, name_dataset
from workbench.review.tags import read_tags

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def own(database, faces):
    """A run of one's own, and its dataset."""
    review(faces)
    return faces, load(database, faces)


def test_tags_of_images_and_objects_become_a_selection(own, database):
    run, dataset = own
    first = tag(dataset, FIELD, 3, RELABEL)
    second = tag(
        dataset, TRUTH, labels(dataset.match({"part": "val"}), TRUTH)[-1].number, WRONG_LABEL, "my own"
    )
    third = dataset.match({"part": "train"}).first()
    third.tags = [MISSING_LABEL]
    third.save()
    tag(dataset, FIELD, 5, FINE)
    found = read_tags(run)
    picks = {pick.image: pick for pick in found.picks}
    assert found.source == "tags" and found.run == run.name
    assert 3 in picks[first].predictions and RELABEL in picks[first].tags
    assert picks[second].truths and WRONG_LABEL in picks[second].tags and "my own" not in picks[second].tags
    assert picks[third["key"]].tags == (MISSING_LABEL,) and picks[third["key"]].part == "train"
    assert all(5 not in pick.predictions for pick in found.picks)
    assert [pick.image for pick in found.picks] == sorted(picks)


def test_a_tag_on_a_picture_of_classes_is_one_on_its_image(database, drawn_runs):
    run = drawn_runs["panoptic"]
    review(run)
    dataset = load(database, run)
    sample = dataset.match({"part": "val"}).first()
    sample["truth_segments"].tags = [WRONG_LABEL]
    sample.save()
    assert [(pick.image, pick.tags) for pick in read_tags(run).picks] == [(sample["key"], (WRONG_LABEL,))]
    sample["truth_segments"].tags = []
    sample.save()


def test_a_second_review_keeps_tags_ids_and_what_somebody_drew(own, database):
    run, dataset = own
    tag(dataset, FIELD, 3, RELABEL)
    sample = dataset.match({"part": "val"}).first()
    sample.tags = ["fine"]
    sample[TRUTH].detections.append(database.fo.Detection(label="face", bounding_box=[0, 0, 0.1, 0.1]))
    sample.save()
    before = {label.number: label.id for label in labels(dataset, FIELD)}
    review(run)
    dataset.reload()
    assert {label.number: label.id for label in labels(dataset, FIELD)} == before
    assert [label.number for label in labels(dataset, FIELD) if label.tags] == [3]
    again = dataset[sample.id]
    assert again.tags == ["fine"]
    assert len(again[TRUTH].detections) == len(sample[TRUTH].detections)
    assert "number" not in again[TRUTH].detections[-1].to_dict()
    assert dataset.load_evaluation_results(KEY).ytrue_ids is not None


def test_another_part_has_a_field_of_its_own_whose_tags_count_too(own):
    run, dataset = own
    images = json.loads(find_part(run, "train").truth.read_bytes())
    row = images["annotations"][0]
    name = next(one["file_name"] for one in images["images"] if one["id"] == row["image_id"])
    raw = json.loads(run.predictions("val").read_bytes())[0]
    size = next([one["height"], one["width"]] for one in images["images"] if one["id"] == row["image_id"])
    counts = array_to_mask(np.ones(size, np.uint8)).counts.decode()
    said = {**raw, "image_id": row["image_id"], "segmentation": {"size": size, "counts": counts}}
    run.predictions("train").write_text(json.dumps([said]))
    review(run, "--split", "train")
    dataset.reload()
    sample = dataset.match({"key": name}).first()
    sample[f"{FIELD}_train"].detections[0].tags = [RELABEL]
    sample.save()
    assert [(pick.image, pick.part, pick.predictions) for pick in read_tags(run).picks] == [
        (name, "train", (0,))
    ]
    assert KEY in dataset.list_evaluations() and f"{KEY}_train" in dataset.list_evaluations()


def test_a_tag_on_a_prediction_that_is_no_more_moves_to_its_image(own, capsys):
    run, dataset = own
    image = tag(dataset, FIELD, 0, RELABEL)
    kept = tag(dataset, FIELD, 7, WRONG_LABEL)
    results = run.predictions("val")
    results.write_text(json.dumps(json.loads(results.read_bytes())[1:]))
    capsys.readouterr()
    review(run)
    assert "1 tags of objects that are no more" in capsys.readouterr().err
    dataset.reload()
    picks = {pick.image: pick for pick in read_tags(run).picks}
    assert RELABEL in picks[image].tags
    assert picks[kept].predictions == (6,)  # the same one, a row further up


def test_a_new_truth_leaves_the_old_one_to_the_runs_that_were_judged_by_it(own, database):
    run, dataset = own
    project = run.folder.parent.parent
    annotations = project.parent.parent / "annotations" / "faces"
    labelled = sorted(
        {sample["key"] for sample in dataset.match({"part": "val"}) if sample[TRUTH].detections}
    )
    removed = labelled[0]
    number = labels(dataset.match({"key": labelled[1]}), TRUTH)[0].number
    tag(dataset, TRUTH, number, WRONG_LABEL)
    path = (annotations / removed).with_suffix(".json")
    raw = json.loads(path.read_bytes())
    raw["shapes"] = raw["shapes"][1:]
    path.write_text(json.dumps(raw))
    assert main(["explore", str(project), "--no-app"]) == 0
    dataset.reload()
    old = dataset.get_evaluation_info(KEY).config.gt_field
    assert old.startswith("truth_") and dataset.has_sample_field(old)
    assert dataset.count(f"{old}.detections") == dataset.count("truth.detections") + 1
    tagged = dataset.match_labels(tags=WRONG_LABEL, fields=[TRUTH]).count()
    assert tagged == 1
    assert dataset.load_evaluation_results(KEY).mAP() > 0
    picks = [pick for pick in read_tags(run).picks if pick.truths]
    assert [pick.truths for pick in picks] == [(number,)]
    missed = dataset.load_saved_view("Misses (20261121-120000-model, val)")
    assert missed.count(f"{old}.detections") > 0
    review(run)  # the run's own truth comes back
    dataset.reload()
    assert dataset.get_evaluation_info(KEY).config.gt_field == TRUTH
    assert [pick.truths for pick in read_tags(run).picks if pick.truths] == [(number,)]


def test_what_was_not_reviewed_has_no_tags(database, faces, capsys):
    assert main(["review", str(faces.folder / "nothing"), "--no-app"]) == NO_INPUT
    with pytest.raises(Exception, match="workbench review") as error:
        read_tags(faces)
    assert error.value.exit_code == NO_INPUT


def test_a_dataset_of_that_name_that_is_not_ours_is_left_alone(database, faces, capsys):
    theirs = database.fo.Dataset(name_dataset(faces.folder.parent.parent), persistent=True)
    theirs.add_sample(database.fo.Sample(filepath="/nowhere/a.jpg"))
    assert main(["review", str(faces.folder), "--no-app"]) == SERVICE_DOWN
    assert "somebody else's" in capsys.readouterr().err
    theirs.reload()
    assert theirs.count() == 1 and MARK not in theirs.info
    theirs.delete()


def test_two_projects_of_one_name_have_a_dataset_each(own, drawn_runs):
    _, dataset = own
    assert dataset.name != name_dataset(drawn_runs["instance"].folder.parent.parent)


def test_explore_shows_what_is_not_labelled_and_what_looks_alike(database, faces, capsys):
    project = faces.folder.parent.parent
    annotations = project.parent.parent / "annotations" / "faces"
    first = sorted(annotations.glob("*.jpg"))[0]
    shutil.copy(first, annotations / "zz.jpg")
    assert main(["explore", str(project), "--no-app", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["unlabelled"] == 1 and document["near_duplicates"] >= 2
    dataset = load(database, faces)
    assert dataset.load_saved_view("Not labelled").values("key") == ["zz.jpg"]
    keys = {sample["key"]: sample for sample in dataset}
    copy = keys["zz.jpg"]
    assert copy["near_duplicates"] == keys[first.name]["near_duplicates"] and copy["uniqueness"] == 0
    assert copy["part"] == "" and copy[TRUTH] is None
    near = dataset.sort_by_similarity(copy.id, brain_key="alike", k=2).values("key")
    assert set(near) == {"zz.jpg", first.name}
    copy.tags = [RELABEL]
    copy.save()
    review(faces)
    assert [(pick.image, pick.part) for pick in read_tags(faces).picks] == [("zz.jpg", "")]

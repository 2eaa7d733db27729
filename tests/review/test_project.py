"""A run in FiftyOne: as FiftyOne itself would have it, with the figures of `workbench evaluate`."""

import json

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.review.showing import FIELD, KEY, labels, load, review
from workbench.cli import main
from workbench.data.mask import Mask, mask_to_array
from workbench.evaluation.run_part import find_part
from workbench.review.fields import TRUTH
from workbench.review.kinds_of_views import list_views

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def reviewed(database, drawn_runs):
    """The dataset of a run, to be looked at only."""
    review(drawn_runs["instance"])
    return load(database, drawn_runs["instance"])


def test_every_truth_and_prediction_is_there_with_its_exact_mask(reviewed, drawn_runs):
    part = find_part(drawn_runs["instance"], "val")
    rows = json.loads(part.results.read_bytes())
    found = labels(reviewed, FIELD)
    assert sorted(label.number for label in found) == list(range(len(rows)))
    sizes = {
        row["id"]: (row["width"], row["height"]) for row in json.loads(part.truth.read_bytes())["images"]
    }
    for label in found:
        row = rows[label.number]
        width, height = sizes[row["image_id"]]
        array = mask_to_array(Mask(*row["segmentation"]["size"], row["segmentation"]["counts"].encode()))
        left, top, wide, high = (
            round(share * side)
            for share, side in zip(label.bounding_box, (width, height, width, height), strict=True)
        )
        again = np.zeros_like(array)
        again[top : top + high, left : left + wide] = label.mask
        assert (again == array).all() and label.confidence == row["score"]


def test_train_is_there_too_and_nothing_is_undeclared(reviewed, drawn_runs):
    manifest = find_part(drawn_runs["instance"], "val").manifest
    assert {sample["key"]: sample["part"] for sample in reviewed} == dict(manifest.parts)
    assert reviewed.get_dynamic_field_schema() == {}
    assert reviewed.media_type == "image" and reviewed.persistent
    assert all(sample.metadata.width for sample in reviewed)


def test_rows_are_written_as_fiftyone_writes_them(database, reviewed):
    sample = reviewed.match({FIELD: {"$exists": True}}).first()
    ours = database.find_samples(reviewed).find_one({"key": sample["key"]})
    copy = database.fo.Dataset()
    copy.add_sample(sample.copy())
    copied = next(copy._sample_collection.find())
    for key in ("_media_type", "filepath", "tags", "metadata", "key", "part", KEY + "_tp"):
        assert ours[key] == copied[key]
    for field in (TRUTH, FIELD):
        for one, other in zip(ours[field]["detections"], copied[field]["detections"], strict=True):
            assert {**one, "_id": 0, "mask": 0} == {**other, "_id": 0, "mask": 0}
    assert set(copied) - set(ours) <= {name for name in copied if copied[name] is None}
    copy.delete()


def test_the_figures_are_those_of_evaluate(reviewed, drawn_runs, tmp_path, capsys):
    assert main(["evaluate", str(drawn_runs["instance"].folder), "--out", str(tmp_path), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    results = reviewed.load_evaluation_results(KEY)
    assert results.mAP() == pytest.approx(scores["mask"]["AP"], abs=1e-12)
    assert reviewed.get_evaluation_info(KEY).config.use_masks
    review(drawn_runs["instance"], "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["AP"] == pytest.approx(scores["mask"]["AP"], abs=1e-12)
    sums = {name: sum(reviewed.values(f"{KEY}_{name}") and [v or 0 for v in reviewed.values(f"{KEY}_{name}")])
            for name in ("tp", "fp", "fn")}  # fmt: skip
    assert sums == {name: document[name] for name in sums}
    assert document["tp"] + document["fp"] == document["predictions"]


def test_fiftyone_would_have_matched_the_same(reviewed):
    """The referee: its own evaluation with masks, label by label."""
    copy = reviewed.match({"part": "val"}).clone()
    copy.evaluate_detections(FIELD, gt_field=TRUTH, eval_key="theirs", use_masks=True, compute_mAP=True)
    for field in (TRUTH, FIELD):
        for label in labels(copy, field):
            said = label.to_dict()
            assert said["theirs"] == said[KEY]
            assert (said.get("theirs_id") or None) == said.get(f"{KEY}_id")
            assert (said.get("theirs_iou") or 0) == pytest.approx(said.get(f"{KEY}_iou", 0), abs=1e-6)
    theirs = copy.load_evaluation_results("theirs").mAP()
    assert reviewed.load_evaluation_results(KEY).mAP() == pytest.approx(theirs, abs=1e-6)
    copy.delete()


def test_patches_of_the_evaluation_can_be_looked_at(reviewed):
    patches = reviewed.match({"part": "val"}).to_evaluation_patches(KEY)
    counts = patches.count_values("type")
    for name in ("tp", "fp", "fn"):
        assert counts.get(name, 0) == sum(
            reviewed.values(f"{KEY}_{name}")[i] or 0 for i in range(len(reviewed))
        )


def test_saved_views_have_the_rows_of_every_other_showing(reviewed, drawn_runs, tmp_path, capsys):
    review(drawn_runs["instance"], "--json")
    counts = json.loads(capsys.readouterr().out)["views"]
    assert (
        main(["review", str(drawn_runs["instance"].folder), "--static", str(tmp_path / "s"), "--json"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["views"] == counts
    fields = {"misses": TRUTH}
    titles = {view.name: view.title for view in list_views_of(drawn_runs["instance"])}
    for name, count in counts.items():
        saved = f"{titles[name]} (20261121-120000-model, val)"
        assert (saved in reviewed.list_saved_views()) == (count > 0)
        if not count:
            continue
        view = reviewed.load_saved_view(saved)
        if name in ("hardest-images", "negatives-with-detections"):
            assert view.count() == count
        elif name != "suspected-label-errors":
            shown = view.count(f"{fields.get(name, FIELD)}.detections")
            assert shown == count or (name == "poor-boundaries" and 0 < shown <= count)


def list_views_of(run):
    from workbench.review.judged import judge

    return judge(find_part(run, "val")).views


def test_the_hardest_image_comes_first(reviewed):
    view = reviewed.load_saved_view("Hardest images (20261121-120000-model, val)")
    hardness = view.values(f"{KEY}_hardness")
    assert hardness == sorted(hardness, reverse=True) and hardness[0] > 0


@pytest.mark.parametrize("task", ["panoptic", "semantic"])
def test_pictures_of_classes_are_segmentations(database, drawn_runs, task):
    run = drawn_runs[task]
    review(run)
    dataset = load(database, run)
    part = find_part(run, "val")
    names = {category.id: category.name for category in part.manifest.categories}
    assert dataset.mask_targets["truth_segments"] == dataset.mask_targets[f"{FIELD}_segments"] == names
    val = dataset.match({"part": "val"})
    truth, found = (np.concatenate([sample[field].get_mask().ravel() for sample in val])
                    for field in ("truth_segments", f"{FIELD}_segments"))  # fmt: skip
    assert set(np.unique(truth)) <= {0, *names} and len(np.unique(truth)) > 2
    assert (truth == found).mean() == 1 if task == "panoptic" else 0.5 < (truth == found).mean() < 1
    assert dataset.match({"part": "train"}).first()["truth_segments"] is not None
    hardness = [value for value in val.values(f"{KEY}_hardness") if value is not None]
    assert len(hardness) == len(val)


def test_definitions_of_views_are_shared():
    from workbench.review import judged, static

    assert judged.list_views is list_views is static.list_views

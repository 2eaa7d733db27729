"""Which objects a picture is about, which are drawn beside them, and how images are ranked."""

from dataclasses import replace

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("hotcoco")

from tests.report.runs import make_run
from workbench.evaluation.run_part import find_part
from workbench.report.drawing.pictures import Plan
from workbench.report.drawing.views import read_views
from workbench.report.material import Material, Seen, Source, Views
from workbench.report.sections.painted import rank_painted


def seen(number, category, x, score=None):
    return Seen(number=number, category=category, box=(x, 10.0, 20.0, 20.0), segmentation=None, score=score)


VIEWS = Views(
    images={1: Source(id=1, name="one.jpg", width=400, height=300)},
    truths={1: [seen(5, 1, 10.0), seen(6, 1, 40.0), seen(7, 2, 300.0)]},
    found={1: [seen(0, 1, 10.0, 0.9), seen(1, 1, 60.0, 0.3), seen(2, 2, 90.0, 0.3)]},
    colors={1: (255, 0, 0), 2: (0, 0, 255)},
    names={1: "a", 2: "b"},
)
MATERIAL = Material(
    run="run",
    part="val",
    record={},
    scores={"score": 0.5},
    mistakes={"least": {"a": 0.5, "b": 0.2}},
    views=VIEWS,
)


def drawn(row):
    """Where what is drawn begins, truth and prediction, with a star for what the picture is about."""
    plan = Plan(MATERIAL)
    plan.add_mistake({"image_id": 1, **row})
    return [
        sorted(f"{mark.box[0]:.0f}{'*' if mark.strong else ''}" for mark in view.marks)
        for view in plan._wanted[1]
    ]


def test_sure_predictions_stand_beside_what_a_picture_is_about():
    assert drawn({"kind": "missed", "truth": 6}) == [["10", "300", "40*"], ["10", "90"]]


def test_an_unsure_prediction_is_drawn_when_the_picture_is_about_it():
    assert drawn({"kind": "background", "prediction": 1}) == [["10", "300", "40"], ["10", "60*", "90"]]


def test_the_others_of_a_merged_mask_are_truths_and_of_a_split_one_predictions():
    assert drawn({"kind": "merged", "truth": 5, "prediction": 0, "others": [6]})[0] == ["10*", "300", "40*"]
    assert drawn({"kind": "split", "truth": 5, "prediction": 0, "others": [1]})[1] == ["10*", "60*", "90"]


def test_pairs_say_what_is_to_be_seen():
    plan = Plan(MATERIAL)
    pair = plan.add_mistake(
        {"kind": "class", "image_id": 1, "image": "one.jpg", "truth": 5, "prediction": 2, "iou": 0.6}
    )
    assert (pair.title, pair.note) == ("b 0.30, is a", "IoU 0.60 · one.jpg")
    assert pair.truth_alt == "Truth in one.jpg: a, 20 × 20 pixels"
    assert pair.found_alt == "Model in one.jpg: b, 20 × 20 pixels, score 0.30"
    suspect = plan.add_mistake({"kind": "spurious-label", "image_id": 1, "truth": 7, "prediction": None})
    assert suspect.title == "Label of nothing? b, not found"
    whole = plan.add_image({"image_id": 1, "value": 0.5})
    assert (whole.title, whole.note) == ("one.jpg", "50\u00a0% right")
    assert whole.truth_alt == "Truth in one.jpg: 2 a, 1 b" and whole.found_alt == "Model in one.jpg: 1 a, 1 b"


@pytest.mark.parametrize("row", [{"image_id": 9, "truth": 5}, {"image_id": 1}, {"image_id": 1, "truth": 99}])
def test_what_is_not_there_has_no_picture(row):
    assert Plan(MATERIAL).add_mistake({"kind": "missed", **row}) is None


def test_without_a_dataset_there_are_no_pictures():
    plan = Plan(replace(MATERIAL, views=Views()))
    assert plan.add_mistake({"kind": "missed", "image_id": 1, "truth": 5}) is None
    assert plan.draw(10**6) == {}


@pytest.mark.parametrize("task", ["panoptic", "semantic"])
def test_images_of_segments_and_classes_are_ranked_the_worst_first(task, tmp_path):
    part = find_part(make_run(tmp_path, "chipsets", task), "val")
    rows = rank_painted(part, read_views(part))
    values = [row["value"] for row in rows]
    assert len(rows) == len(part.files) and values == sorted(values)
    assert values[0] == 1.0 if task == "panoptic" else 0.3 < values[0] < values[-1] < 1.0

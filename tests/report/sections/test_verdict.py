"""The first sentence, worked by hand."""

from dataclasses import replace

import pytest

pytest.importorskip("jinja2")

from tests.report.example import make_material
from workbench.evaluation.advice import find_advice
from workbench.report.material import Material
from workbench.report.sections.mistakes import choose
from workbench.report.sections.verdict import count_objects, write_lead

MORE = {"errors": {"kinds": {kind: {"count": 9, "cost": 0.3} for kind in ("place", "duplicate", "missed")}}}


def objects(*classes, **more):
    """A material of objects: (name, truths, precision, recall) a class."""
    rows = {
        name: {
            "mask": {"AP": 0.5},
            "truths": truths,
            "predictions": truths,
            "at": {"precision": precision, "recall": recall, "score": 0.5},
        }
        for name, truths, precision, recall in classes
    }
    scores = {"mask": {"AP": 0.5}, "images": 20, "per_category": rows, **more}
    return Material(run="run", part="val", record={"task": "instance"}, scores=scores)


def test_objects_are_counted_over_all_classes():
    material = objects(("a", 40, 0.8, 0.5), ("b", 10, 1.0, 1.0))
    assert count_objects(material) == (30.0, 35.0, 50)  # 20 of 25 reported, and 10 of 10
    assert (
        write_lead(material).finding
        == "It finds 30 of 50 objects, and 86\u00a0% of what it reports is right."
    )


@pytest.mark.parametrize(
    ("precision", "recall", "level"),
    [
        (0.9, 0.9, "good"),
        (0.9, 0.89, "useful"),
        (0.7, 0.7, "useful"),
        (0.69, 0.7, "poor"),
        (1.0, 0.5, "poor"),
    ],
)
def test_the_level_goes_by_f1(precision, recall, level):
    assert write_lead(objects(("a", 100, precision, recall))).level == level


def test_nothing_to_find_is_not_to_be_told_and_nothing_found_is_poor():
    assert write_lead(objects(("a", 0, None, None))).saying == "Not to be told"
    lead = write_lead(objects(("a", 12, None, 0.0)))
    assert (lead.level, lead.finding) == ("poor", "It reports nothing, and there are 12 objects.")


def test_a_gate_that_does_not_hold_decides():
    gates = [{"gate": "mask.AP>=0.9", "passed": False}]
    lead = write_lead(objects(("a", 100, 1.0, 1.0), gates=gates))
    assert lead.level == "poor" and lead.finding.startswith(
        "The gate mask.AP>=0.9 does not hold; it finds 100"
    )


def test_segments_go_by_pq_and_are_good_only_when_the_lower_end_is_useful():
    row = {"panoptic": {"PQ": 0.75, "found": 45, "false": 5, "missed": 15}}
    scores = {"panoptic": {"PQ": 0.75}, "per_category": {"a": row}, "intervals": {"panoptic.PQ": [0.5, 0.9]}}
    material = Material(run="run", part="val", record={"task": "panoptic"}, scores=scores)
    lead = write_lead(material)
    assert (lead.level, lead.finding) == (
        "good",
        "It finds 45 of 60 segments, and 90\u00a0% of what it reports is right.",
    )
    doubtful = {**scores, "intervals": {"panoptic.PQ": [0.4, 0.9]}}
    assert write_lead(replace(material, scores=doubtful)).level == "useful"


def test_pixels_go_by_miou():
    scores = {"semantic": {"mIoU": 0.6, "pACC": 0.91}, "per_category": {"a": {"semantic": {"IoU": 0.3}}}}
    lead = write_lead(Material(run="run", part="val", record={"task": "semantic"}, scores=scores))
    assert lead.level == "useful"
    assert lead.finding.startswith("91\u00a0% of all pixels are right")


def test_what_to_do_next_is_what_evaluate_says(tmp_path):
    material = make_material(tmp_path)
    assert write_lead(material).next == ("first step", "second step", "third step")
    old = {key: value for key, value in material.scores.items() if key != "advice"}
    assert write_lead(replace(material, scores=old)).next == tuple(find_advice(old, material.suspects))


def test_few_images_are_said_to_be_few():
    assert not write_lead(objects(("a", 50, 1, 1), intervals={"mask.AP": [0.45, 0.54]})).doubt
    lead = write_lead(objects(("a", 50, 1, 1), intervals={"mask.AP": [0.35, 0.54]}))
    assert lead.next[0].startswith("Judge on more images: 20") and not lead.doubt  # once is enough
    crowded = objects(("a", 50, 1, 1), intervals={"mask.AP": [0.35, 0.54]})
    several = replace(crowded, scores={**crowded.scores, **MORE})
    assert write_lead(several).doubt.startswith("20 images say little")


def test_pictures_of_a_kind_come_from_many_images():
    rows = [
        {"image_id": image, "score": score}
        for image, score in ((1, 0.9), (1, 0.8), (2, 0.7), (1, 0.6), (3, 0.1))
    ]
    assert [row["score"] for row in choose(rows, 4)] == [0.9, 0.7, 0.1, 0.8]

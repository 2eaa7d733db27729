"""Runs as points of a curve: what each was trained on, and which curves that makes."""

import numpy as np
import pytest

from workbench.data.dataset import Category
from workbench.data.manifest import Manifest
from workbench.evaluation.comparing.compare import Measure, Sample
from workbench.evaluation.comparing.growth import Growth
from workbench.evaluation.comparing.growth_runs import collect_growth, count_labelled

CLASSES = {"chip": (30, 12), "rare": (3, 2), "board": (20, 20), "background": (0, 0)}  # objects, images


def manifest(task="panoptic", images=20):
    categories = tuple(
        Category(id=place, name=name, thing=name in ("chip", "rare"), color=(0, 0, 0))
        for place, name in enumerate(CLASSES, 1)
    )
    classes = {name: {"instances": objects, "images": there} for name, (objects, there) in CLASSES.items()}
    train = {"images": images, "annotations": 53, "negatives": 0, "classes": classes}
    return Manifest(
        fingerprint="x", converter=1, workbench="0", project="p", task=task, categories=categories,
        unlabelled="background", options={}, image_root=".", sources=(), parts={}, counts={"parts": {"train": train}},
        outputs={},
    )  # fmt: skip


def test_things_are_counted_as_objects_and_stuff_as_images():
    found = count_labelled(manifest(), "panoptic")
    assert found.amounts == {"": 33, "chip": 30, "rare": 3, "board": 20, "background": 20}
    assert (found.images, found.per_image("chip"), found.per_image("")) == (20, 1.5, 1.65)
    units = [found.name_unit(name) for name in ("", "chip", "board", "background")]
    assert units == ["objects", "objects", "images", "images"]


def test_a_semantic_run_learns_from_images():
    found = count_labelled(manifest(), "semantic")
    assert found.amounts == {"": 20, "chip": 12, "rare": 2, "board": 20, "background": 20}
    assert {found.name_unit(name) for name in ("", "chip", "board")} == {"images"}


def test_a_dataset_without_counts_has_nothing():
    from dataclasses import replace

    assert count_labelled(replace(manifest(), counts={}), "instance").images == 0


def sample(value, place):
    return Sample(value, value + np.random.default_rng(place).normal(0, 0.004, 300), 50)


def test_every_class_that_all_runs_have_gets_a_curve_of_its_own():
    from dataclasses import replace

    first = count_labelled(manifest(), "panoptic")
    runs = [replace(first, amounts={n: a * times for n, a in first.amounts.items()}) for times in (1, 2, 4)]
    names = {
        "": (0.3, 0.4, 0.48),
        "chip": (0.3, 0.4, 0.48),
        "board": (0.5, 0.5, 0.5),
        "rare": (0.1, None, 0.2),
    }
    tables = [
        {
            Measure("panoptic", "PQ", name): sample(values[run], run)
            if values[run] is not None
            else Sample(None, np.full(300, np.nan), 0)
            for name, values in names.items()
        }
        | {Measure("mask", "AP", "chip"): sample(0.9, run)}
        for run in range(3)
    ]
    rows = collect_growth(runs, tables, Measure("panoptic", "PQ"))
    assert [row.measure.category for row in rows] == ["", "chip", "board"]
    assert [point.labelled for point in rows[1].points] == [30, 60, 120]
    assert [point.score for point in rows[1].points] == [0.3, 0.4, 0.48]
    assert isinstance(rows[1].found, Growth)
    assert rows[2].found == "the scores do not rise by more than noise"
    assert rows[1].per_image == pytest.approx(120 / 20)


def test_the_class_of_a_mean_iou_is_an_iou():
    runs = [count_labelled(manifest(), "semantic")] * 2
    tables = [
        {Measure("semantic", "mIoU"): sample(0.5, 0), Measure("semantic", "IoU", "board"): sample(0.5, 0)}
    ] * 2
    rows = collect_growth(runs, tables, Measure("semantic", "mIoU"))
    assert [row.measure.key for row in rows] == ["mIoU", "IoU"]

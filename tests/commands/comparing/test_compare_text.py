"""What compare prints: long lists are cut, sentences fit the terminal."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from workbench.commands.comparing.compare_table import format_numbers
from workbench.commands.comparing.compared import Entry, Versus
from workbench.commands.comparing.dataset_diff import describe_dataset, diff_datasets
from workbench.commands.comparing.growth_text import format_growth
from workbench.commands.folding import fold
from workbench.data.manifest import Source
from workbench.evaluation.comparing.compare import Measure, Sample, compare_samples
from workbench.evaluation.comparing.growth import Point
from workbench.evaluation.comparing.growth_fit import fit_growth
from workbench.evaluation.comparing.growth_runs import GrowthRow, find_spread
from workbench.evaluation.comparing.image_changes import ImageChanges

AP = Measure("mask", "AP")


def sample(value, spread=0.01):
    return Sample(value, value + np.linspace(-spread, spread, 99), 50)


def compared(classes, growth=(), settings=()):
    """Two runs that differ in the named classes by the given amounts."""
    measures = [AP, *(AP._replace(category=name) for name in classes)]
    first = {measure: sample(0.5) for measure in measures}
    other = {m: sample(0.5 + classes.get(m.category, 0)) for m in measures}
    entries = tuple(Entry(letter=letter, name=letter) for letter in "AB")
    versus = Versus(
        entry=entries[1],
        changes=tuple(compare_samples(first, other)),
        images=ImageChanges(better=(), worse=(), same=50),
        sure=(0.5, 0.5),
        settings=settings,
    )
    return SimpleNamespace(
        entries=entries,
        versus=(versus,),
        headline=AP,
        draws=99,
        settled=SimpleNamespace(mode="same"),
        growth=tuple(growth),
    )


def test_one_class_is_not_told_twice():
    assert "cat" not in format_numbers(compared({"cat": 0.1}))


def test_of_many_classes_those_that_changed_most_are_shown_in_their_order():
    classes = {f"class {n:02}": (0.1 if n in (3, 27) else n / 100000) for n in range(40)}
    shown = format_numbers(compared(classes))
    lines = [line for line in shown.splitlines() if line.startswith("class ")]
    assert len(lines) == 20
    assert [line.split()[1] for line in lines] == sorted(line.split()[1] for line in lines)
    assert {"03", "27", "39"} <= {line.split()[1] for line in lines}
    assert "(20 more classes changed less; --json has all)" in shown


def test_sentences_fit_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = fold("word " * 40).splitlines()
    assert max(map(len, lines)) <= 60
    assert all(line.startswith("  word") for line in lines[1:])
    monkeypatch.setenv("COLUMNS", "400")
    assert max(map(len, fold("word " * 40).splitlines())) <= 100


def manifest(**digests):
    """Images with the digests of picture and labels; all are trained on but those that begin with v."""
    sources = [
        Source(annotation=name, image=name, image_digest=picture, annotation_digest=labels)
        for name, (picture, labels) in digests.items()
    ]
    parts = {name: "val" if name.startswith("v") else "train" for name in digests}
    classes = {"cat": {"instances": len(digests), "images": 1}}
    return SimpleNamespace(
        sources=sources, parts=parts, counts={"parts": {"train": {"images": 1, "classes": classes}}}
    )


def test_images_that_came_went_and_were_labelled_anew_are_counted_by_their_bytes():
    first = manifest(a=("1", "x"), b=("2", "x"), c=("3", "x"), v=("9", "x"))
    other = manifest(moved=("1", "x"), b=("2", "new"), d=("4", "x"), e=("5", "x"), v=("9", "x"))
    diff = diff_datasets(first, other)
    assert list(diff) == ["train"]
    assert diff["train"] == {
        "images": [3, 4], "added": 2, "removed": 1, "relabelled": 1, "objects": {"cat": [4, 5]},
    }  # fmt: skip
    assert describe_dataset(diff) == [
        "train: 3 → 4 images (2 new, 1 gone, 1 labelled anew); objects: cat 4 → 5"
    ]
    assert diff_datasets(first, first) == {}


# growth


def row(*points, category="", per_image=2.0):
    rows = tuple(Point(labelled=labelled, score=score) for labelled, score in points)
    spread = find_spread(
        [np.random.default_rng(place).normal(s, 0.005, 200) for place, (_, s) in enumerate(points)]
    )
    measure = AP._replace(category=category)
    return GrowthRow(measure=measure, points=rows, found=fit_growth(rows, spread), per_image=per_image)


STEEP = ((50, 0.30), (100, 0.42), (200, 0.52))
FLAT = ((50, 0.500), (100, 0.501), (200, 0.499))
SLOW = ((50, 0.30), (100, 0.36), (200, 0.405))


def growth(*rows, **more):
    return " ".join(format_growth(compared({}, rows, **more), 0.03).split())


def test_amounts_are_said_as_objects_and_as_images():
    shown, reach = growth(row(*STEEP)), row(*STEEP).found.compute_reach(0.03)
    assert f"About {float(f'{reach.more:.2g}'):.0f} more" in shown
    more = float(shown.split("About ")[1].split()[0])
    images = float(shown.split("labelled objects (")[1].split()[0])
    assert 20 < more < 120
    assert images == pytest.approx(more / 2, rel=0.05)
    assert "50 → 100 → 200 30.0 → 42.0 → 52.0" in shown


def test_what_is_counted_by_images_is_said_so_once():
    from dataclasses import replace

    shown = growth(replace(row(*STEEP, category="board"), unit="images"))
    assert "more labelled images of board for +3.0 mask AP." in shown


def test_the_class_whose_labels_pay_most_is_named():
    shown = growth(row(*STEEP), row(*SLOW, category="slow"), row(*STEEP, category="steep"))
    assert "more labelled objects of steep" in shown
    assert "more labelled objects of slow" not in shown
    assert "the other classes grow along with it" in shown


def test_what_cannot_be_said_has_its_reason():
    shown = growth(row(*STEEP), row(*FLAT, category="flat"), row(*STEEP, category="steep"))
    assert "flat 50 → 100 → 200 50.0 → 50.1 → 49.9 cannot say" in shown
    assert "note: flat: the scores do not rise by more than noise" in shown
    assert "Cannot say what more labels would bring: the scores do not rise" in growth(row(*FLAT))


def test_runs_that_differ_in_more_than_data_are_named():
    assert "differ in more than data (settings.train.lr)" in growth(
        row(*STEEP), settings=(("settings.train.lr", 0.1, 0.2),)
    )
    assert "differ in more than data" not in growth(row(*STEEP), settings=(("git.commit", "a", "b"),))


def test_an_amount_that_is_never_enough_is_called_so():
    shown = growth(row((50, 0.93), (100, 0.955), (200, 0.965), (400, 0.969), (800, 0.970)))
    assert "will hardly bring +3.0 mask AP" in shown

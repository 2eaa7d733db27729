"""Runs cut to what they have in common: every row goes with its image, every column with its class."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.noisy import find, make_world, read_scene
from workbench.evaluation.comparing.cutting import cut
from workbench.evaluation.comparing.judged import Judged
from workbench.evaluation.comparing.val_sets import JudgedImage, ValSet
from workbench.evaluation.panoptic_quality import Segments
from workbench.evaluation.sampling.picture_draws import Pixels

CLASSES = ("class 1", "class 2", "board")


def judged():
    """Counts say where they come from: 100 · image + 10 · class."""
    rng = np.random.default_rng(0)
    truth = make_world(rng, 4)
    images = tuple(JudgedImage(number=n, name=f"{n}.jpg", key=f"key {n}", truth="") for n in (1, 2, 3, 4))
    table = 100 * np.arange(1, 5)[:, None, None] + 10 * np.arange(3)[:, None]
    return Judged(
        name="A",
        val=ValSet(images=images, classes=CLASSES),
        scene=read_scene(truth, find(rng, truth)),
        segments=Segments(table + np.zeros(4), CLASSES, np.array([True, True, False])),
        pixels=Pixels((table + np.zeros(3))[:, :2], ("things", "board")),
    )


def test_rows_and_columns_go_with_their_images_and_classes():
    small = cut(judged(), ["key 4", "key 2"], ["board", "class 2"])
    assert [image.number for image in small.val.images] == [4, 2]
    assert small.val.classes == ("board", "class 2")
    assert small.segments.counts[..., 0].tolist() == [[420, 410], [220, 210]]
    assert small.segments.names == ("board", "class 2")
    assert small.segments.things.tolist() == [False, True]
    assert small.scene.images == (4, 2)
    assert small.scene.categories == ("class 2",)


def test_all_things_as_one_stay_whatever_classes_are_kept():
    small = cut(judged(), ["key 3"], ["class 1", "board"])
    assert small.pixels.names == ("things", "board")
    assert small.pixels.counts[..., 0].tolist() == [[300, 310]]
    assert cut(judged(), ["key 3"], ["class 1"]).pixels.names == ("things",)


def test_what_a_run_does_not_have_is_not_made_up():
    from dataclasses import replace

    bare = cut(replace(judged(), scene=None, segments=None, pixels=None), ["key 1"], ["board"])
    assert (bare.scene, bare.segments, bare.pixels) == (None, None, None)

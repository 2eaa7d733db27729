"""Which runs were judged on the same: images by what they are, truths by what they say."""

import copy
import random

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.noisy import find, make_world, read_scene
from workbench.errors import DatasetError
from workbench.evaluation.coco.coco_scores import compute_coco_scores
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.comparing.judged import Judged
from workbench.evaluation.comparing.set_differences import find_differences, find_shared
from workbench.evaluation.comparing.settling import COMMON, FORCED, SAME, settle
from workbench.evaluation.comparing.val_sets import JudgedImage, ValSet, digest_truths, name_keys
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.narrowing import narrow
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.overlap.precision import compute_averages


def val(*images, classes=("cat", "dog")):
    """Images as "name:truth"; the name is the key, too."""
    rows = [text.partition(":")[::2] for text in images]
    return ValSet(
        images=tuple(
            JudgedImage(number=place, name=f"{name}.jpg", key=name, truth=truth)
            for place, (name, truth) in enumerate(rows, 1)
        ),
        classes=tuple(classes),
    )


def run(name, *images, **more):
    return Judged(name=name, val=val(*images, **more))


# what differs


def test_equal_sets_do_not_differ_whatever_their_ids():
    found = find_differences(val("a", "b", "c"), val("c", "b", "a"))
    assert not found
    assert found.common == 3


def test_what_differs_is_named():
    found = find_differences(
        val("a", "b", "c:old", "d", classes=("cat", "dog")),
        val("b", "c:new", "d", "e", "f", classes=("cat", "cow")),
    )
    assert (found.only_first, found.only_other, found.changed) == (("a.jpg",), ("e.jpg", "f.jpg"), ("c.jpg",))
    assert (found.classes_first, found.classes_other, found.common) == (("dog",), ("cow",), 2)
    assert found.tell("A", "B") == (
        "1 image only in A (a.jpg); 2 images only in B (e.jpg, f.jpg); 1 image with other labels (c.jpg); "
        "1 class only in A (dog); 1 class only in B (cow)"
    )


def test_long_lists_are_cut():
    found = find_differences(val(*"abcde"), val("z"))
    assert "5 images only in A (a.jpg, b.jpg, c.jpg, …)" in found.tell("A", "B")


def test_copies_of_one_picture_are_told_apart_by_their_turn():
    keys = name_keys(["b.jpg", "a.jpg", "c.jpg"], {"a.jpg": "1", "b.jpg": "1", "c.jpg": "2"})
    assert keys == ["1 (2)", "1", "2"]


def test_an_image_without_a_digest_is_its_path():
    assert name_keys(["a.jpg"], {}) == ["a.jpg"]


def test_what_runs_share_is_in_all_of_them():
    sets = [val("a", "b", "c:1"), val("c:1", "b"), val("b", "c:2", "a")]
    assert find_shared(sets) == (["b"], ["cat", "dog"])


# what a truth says


def digests(truth):
    return digest_truths(read_truth(truth))


def test_the_order_of_objects_and_their_ids_do_not_matter():
    truth = make_world(np.random.default_rng(0), 4)
    turned = copy.deepcopy(truth)
    random.Random(0).shuffle(turned["annotations"])
    for place, row in enumerate(turned["annotations"], 100):
        row["id"] = place
    assert digests(truth) == digests(turned)


def test_ids_of_categories_do_not_matter_but_names_do():
    truth = make_world(np.random.default_rng(0), 4)
    moved, named = copy.deepcopy(truth), copy.deepcopy(truth)
    for row in [*moved["categories"]]:
        row["id"] += 10
    for row in moved["annotations"]:
        row["category_id"] += 10
    named["categories"][0]["name"] = "other"
    assert digests(truth) == digests(moved)
    assert digests(truth) != digests(named)


@pytest.mark.parametrize("change", ["box", "class", "crowd", "gone", "new"])
def test_any_change_of_a_label_changes_its_image_only(change):
    truth = make_world(np.random.default_rng(0), 4)
    other = copy.deepcopy(truth)
    row = other["annotations"][0]
    if change == "box":
        row["bbox"][0] += 1
    elif change == "class":
        row["category_id"] = 3 - row["category_id"]
    elif change == "crowd":
        row["iscrowd"] = 1
    elif change == "gone":
        other["annotations"].remove(row)
    else:
        other["annotations"].append(row | {"id": 999, "bbox": [1.0, 1.0, 5.0, 5.0]})
    before, after = digests(truth), digests(other)
    assert [number for number in before if before[number] != after[number]] == [row["image_id"]]


def test_polygons_and_run_lengths_of_the_same_pixels_are_the_same_truth():
    coco_mask = pytest.importorskip("pycocotools.mask")
    truth = make_world(np.random.default_rng(0), 2)
    packed = copy.deepcopy(truth)
    for row, other in zip(truth["annotations"], packed["annotations"], strict=True):
        x, y, w, h = row["bbox"]
        row["segmentation"] = [[x, y, x + w, y, x + w, y + h, x, y + h]]
        found = coco_mask.frPyObjects(row["segmentation"], 640, 640)[0]
        other["segmentation"] = {"size": [640, 640], "counts": found["counts"].decode()}
    assert digests(truth) == digests(packed)


# refusing


def test_the_same_sets_are_settled_at_once():
    settled = settle([run("A", "a", "b"), run("B", "b", "a")])
    assert (settled.mode, settled.paired) == (SAME, True)
    assert [[image.name for image in one.val.images] for one in settled.judged] == [["a.jpg", "b.jpg"]] * 2


def test_other_sets_are_refused_with_a_way_on():
    with pytest.raises(DatasetError) as caught:
        settle([run("A", "a", "b"), run("B", "a", "b"), run("C", "a", "c")])
    assert str(caught.value) == (
        "C: must be judged on the same images, labels and classes as A, but differs: "
        "1 image only in the first (b.jpg); 1 image only in it (c.jpg); "
        "--common compares on the 1 image that all have alike, "
        "--force compares all the same"
    )


def test_a_set_without_images_is_refused():
    with pytest.raises(DatasetError, match="must be judged on images, but there are none"):
        settle([run("A"), run("B")], force=True)


def test_nothing_in_common_is_refused_even_then():
    with pytest.raises(DatasetError, match="have no image with the same labels in common; --force"):
        settle([run("A", "a"), run("B", "b")], common=True)
    with pytest.raises(DatasetError, match="have no class in common"):
        settle([run("A", "a", classes=("x",)), run("B", "a", classes=("y",))], common=True)
    with pytest.raises(DatasetError) as caught:
        settle([run("A", "a"), run("B", "b")])
    assert "--common" not in str(caught.value)


def test_what_all_have_alike_is_kept():
    settled = settle([run("A", "a", "b:1", "c"), run("B", "c", "b:2", "a")], common=True)
    assert (settled.mode, settled.paired) == (COMMON, True)
    assert [[image.name for image in one.val.images] for one in settled.judged] == [["a.jpg", "c.jpg"]] * 2


def test_forced_runs_are_paired_only_where_the_images_are_the_same():
    labels = settle([run("A", "a", "b:1"), run("B", "b:2", "a")], force=True)
    assert (labels.mode, labels.paired) == (FORCED, True)
    assert [image.name for image in labels.judged[1].val.images] == ["a.jpg", "b.jpg"]
    images = settle([run("A", "a", "b"), run("B", "a")], force=True)
    assert (images.mode, images.paired) == (FORCED, False)
    assert len(images.judged[0].val.images) == 2


# fewer images and classes


def test_a_narrowed_scene_scores_as_a_file_that_never_had_the_rest():
    rng = np.random.default_rng(2)
    truth = make_world(rng, 9, classes=3)
    found = find(rng, truth)
    kept, names = [7, 2, 5, 9], {2: "class 2", 3: "class 3"}
    small = {
        "images": [row for row in truth["images"] if row["id"] in kept],
        "categories": [row for row in truth["categories"] if row["id"] in names],
        "annotations": [
            row for row in truth["annotations"] if row["image_id"] in kept and row["category_id"] in names
        ],
    }
    rows = [row for row in found if row["image_id"] in kept and row["category_id"] in names]
    wanted = compute_coco_scores(small, rows).scores
    scene = narrow(read_scene(truth, found), kept, list(names.values()))
    assert scene.images == (7, 2, 5, 9)
    scores = compute_averages(scene, match(scene, compute_pairs(scene, "box")))
    assert scores.overall == pytest.approx(wanted["box"], abs=1e-12)
    assert scores.classes["class 3"] == pytest.approx(wanted["per_category"]["class 3"]["box"], abs=1e-12)


def test_narrowing_to_everything_changes_nothing_but_the_order():
    rng = np.random.default_rng(2)
    truth = make_world(rng, 5)
    scene = read_scene(truth, find(rng, truth))
    turned = narrow(scene, scene.images[::-1], scene.categories[::-1])
    again = narrow(turned, scene.images, scene.categories)
    assert np.array_equal(again.truths.image, scene.truths.image)
    assert np.array_equal(again.found.category, scene.found.category)
    assert not np.array_equal(turned.truths.image, scene.truths.image)

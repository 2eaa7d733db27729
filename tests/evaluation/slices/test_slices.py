"""Slices: who is in which, what their numbers are, and which are pointed out."""

import numpy as np
import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.coco.test_coco_scores import answer, make_truth, truth_row
from workbench.errors import DatasetError, InputMissing
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_scores import compute_coco_scores
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.objects import build_scene
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.sampling.bootstrap import resample
from workbench.evaluation.sampling.object_intervals import resample_sizes
from workbench.evaluation.slices.slice_light import group_light
from workbench.evaluation.slices.slice_table import group_table, read_table
from workbench.evaluation.slices.slices import (
    Grouping,
    group_crowding,
    group_numbers,
    group_words,
    slice_classes,
    slice_images,
    slice_sizes,
)

SQUARE = [10, 10, 40, 40]


def sliced(truth, rows, *groupings):
    right = read_truth(truth)
    scene = build_scene(right, read_predictions(rows, right))
    matches = match(scene, compute_pairs(scene, "box"))
    rows = [*slice_classes(scene, resample(scene, matches)), *slice_images(scene, matches, groupings)]
    return [row.to_json() for row in (*rows, *slice_sizes(scene, resample_sizes(scene, matches)))]


def half(images=20, bad=10, crowd=()):
    """On the first images the object is found, on the last ones something else is."""
    truth = make_truth(
        *(truth_row(n, SQUARE, image=n) for n in range(1, images + 1)), images=images, categories=1
    )
    rows = [answer(SQUARE if n > bad else [60, 60, 9, 9], 0.5, image=n) for n in range(1, images + 1)]
    return truth, rows


def by_name(rows, by):
    return {row["value"]: row for row in rows if row["by"] == by}


def test_a_slice_has_the_score_of_its_images_alone():
    truth, rows = half()
    mask = np.arange(20) >= 10
    found = by_name(sliced(truth, rows, Grouping("time", {"day": mask, "night": ~mask})), "time")
    assert (found["day"]["AP"], found["night"]["AP"]) == (pytest.approx(1), 0)
    assert found["day"]["difference"] == pytest.approx(1)
    assert found["day"]["images"] == found["day"]["truths"] == 10
    assert found["day"]["clear"] and found["night"]["clear"]


def test_a_slice_equals_the_score_of_a_file_that_has_only_its_images():
    from tests.evaluation.coco.test_coco_scores import draw_case

    truth, rows = draw_case(2, images=20)
    mask = np.arange(20) % 2 == 0
    (one,) = by_name(sliced(truth, rows, Grouping("even", {"yes": mask})), "even").values()
    kept = {n + 1 for n in np.flatnonzero(mask).tolist()}
    part = truth | {
        key: [row for row in truth[key] if row["id" if key == "images" else "image_id"] in kept]
        for key in ("images", "annotations")
    }
    alone = compute_coco_scores(part, [row for row in rows if row["image_id"] in kept], kinds=("box",))
    assert one["AP"] == pytest.approx(alone.scores["box"]["AP"])
    assert one["interval"][0] <= one["AP"] <= one["interval"][1]


def test_nothing_is_pointed_out_where_there_is_nothing_but_chance():
    generator = np.random.default_rng(0)
    truth = make_truth(*(truth_row(n, SQUARE, image=n) for n in range(1, 61)), images=60, categories=1)
    boxes = [SQUARE if generator.random() < 0.6 else [60, 60, 9, 9] for _ in range(60)]
    rows = [answer(box, generator.random(), image=n) for n, box in enumerate(boxes, start=1)]
    groupings = []
    for turn in range(20):
        mask = generator.random(60) < 0.5
        groupings.append(Grouping(f"coin {turn}", {"heads": mask, "tails": ~mask}))
    assert not any(row["clear"] for row in sliced(truth, rows, *groupings))


def test_few_images_are_never_pointed_out():
    truth, rows = half(images=8, bad=4)
    mask = np.arange(8) >= 4
    found = by_name(sliced(truth, rows, Grouping("time", {"day": mask, "night": ~mask})), "time")
    assert found["day"]["AP"] == pytest.approx(1)
    assert not found["day"]["clear"]


def test_sizes_and_classes_are_slices_too():
    truth = make_truth(
        *(truth_row(n, [0, 0, 20, 20] if n % 2 else [0, 0, 60, 60], n, 1 + n % 2) for n in range(1, 13)),
        images=12,
    )
    rows = [answer([0, 0, 60, 60], 0.5, n, 1) for n in range(2, 13, 2)]
    found = sliced(truth, rows)
    sizes, classes = by_name(found, "object size"), by_name(found, "class")
    assert sizes["small (below 32²)"]["AP"] == 0 and sizes["medium"]["AP"] == pytest.approx(1)
    assert classes["class 1"]["AP"] == pytest.approx(1) and classes["class 2"]["AP"] == 0


def test_crowding_counts_objects_but_no_crowds_and_leaves_out_empty_images():
    truth = make_truth(
        truth_row(1, SQUARE), truth_row(2, SQUARE, iscrowd=1), truth_row(3, SQUARE, 2), truth_row(4, SQUARE, 2),
        images=3,
    )  # fmt: skip
    right = read_truth(truth)
    grouping = group_crowding(build_scene(right, read_predictions([], right)))
    assert {name: mask.tolist() for name, mask in grouping.groups.items()} == {
        "1": [True, False, False],
        "2": [False, True, False],
    }


def test_numbers_are_cut_into_thirds_and_what_has_none_is_left_out():
    values = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, np.nan])
    grouping = group_numbers("n", values)
    assert list(grouping.groups) == ["up to 3", "4 to 6", "7 and more"]
    assert [int(mask.sum()) for mask in grouping.groups.values()] == [3, 3, 3]
    assert next(iter(group_numbers("n", values, ("a", "b", "c")).groups)) == "a (up to 3)"
    assert group_numbers("n", np.array([1.0, 1.0])) is None
    assert list(group_numbers("n", np.array([1.0, 0.5, 1.0])).groups) == ["0.5", "1"]


def test_uneven_numbers_are_in_one_group_each():
    generator = np.random.default_rng(1)
    for _ in range(200):
        values = generator.integers(0, 6, 12).astype(float)
        grouping = group_numbers("n", values)
        if grouping:
            assert (sum(mask.astype(int) for mask in grouping.groups.values()) == 1).all()
            assert all(mask.any() for mask in grouping.groups.values())


def test_rare_words_are_put_together_and_names_are_no_groups():
    words = [f"w{n % 14}" for n in range(60)] + [""]
    grouping = group_words("w", words)
    assert len(grouping.groups) == 13 and "others (2)" in grouping.groups
    assert not any(mask[-1] for mask in grouping.groups.values())
    assert group_words("w", [f"only {n}" for n in range(60)]) is None
    assert group_words("w", ["same"] * 5) is None


# a csv


FILES = ["a/1.jpg", "a/2.jpg", "b/2.jpg"]


def table(tmp_path, text, files=FILES):
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path, files)


def test_rows_are_found_by_path_or_by_a_file_name_that_no_other_image_has(tmp_path):
    found = table(tmp_path, "file_name,light\na/1.jpg,day\n2.jpg,never\n./b/2.jpg,night\n")
    assert found.columns == {"light": ["day", "", "night"]}
    assert (found.known, found.strangers) == (2, 1)
    assert table(tmp_path, "\ufeffx;Path\n day ;1.jpg\n").columns == {"x": ["day", "", ""]}
    assert table(tmp_path, "light\twhat\nday\ta\\1.jpg\n").columns == {"light": ["day", "", ""]}


def test_each_column_becomes_a_grouping_or_a_note(tmp_path):
    groupings, notes = group_table(
        table(tmp_path, "file,light,n,id\n1.jpg,day,1,\na/2.jpg,night,2.5,x\nz,,9,x\n")
    )
    assert [(one.by, list(one.groups)) for one in groupings] == [
        ("light", ["day", "night"]),
        ("n", ["1", "2.5"]),
    ]
    assert [note.partition(": ")[2] for note in notes] == [
        "'id' makes no slices: its values are all alike or all different",
        "1 of 3 images have no row in it",
        "1 rows are of no image here",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a head and a row"),
        ("file_name,x\n", "a head and a row"),
        ("file_name\n1.jpg\n", "two columns"),
        ("file_name,x,x\n1.jpg,1,2\n", "two columns"),
        ("file_name,x\n1.jpg\n", "row 2: must have 2 cells"),
        ("file_name,x\n1.jpg,1\n1.jpg,2\n", "'1.jpg': must be there once"),
        ("file_name,x\nother.jpg,1\n", "such as 'a/1.jpg', but 'file_name' has 'other.jpg'"),
        ("what,x\nother.jpg,1\n", "must have a column file_name"),
        (b"file_name,x\n\xff\xfe,1\n", "must be UTF-8"),
        ('file_name,x\n"1.jpg,1\n', "must be a csv file"),
        ("file_name,x\n\x00,1\n", "but 'file_name' has"),
    ],
)
def test_a_table_that_cannot_be_used_gets_a_line(tmp_path, text, words):
    with pytest.raises(DatasetError) as caught:
        table(tmp_path, text)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_table_that_is_not_there_gets_a_line(tmp_path):
    with pytest.raises(InputMissing):
        read_table(tmp_path / "none.csv", FILES)
    with pytest.raises(DatasetError, match="must be a csv file"):
        read_table(tmp_path, FILES)


# light


def test_images_are_sorted_by_brightness_and_sharpness(tmp_path):
    from PIL import Image

    generator = np.random.default_rng(0)
    for place, (low, high) in enumerate([(0, 9), (100, 109), (200, 209), (0, 256), (100, 255), (150, 255)]):
        Image.fromarray(generator.integers(low, high, (60, 80, 3)).astype(np.uint8)).save(
            tmp_path / f"{place}.png"
        )
    (tmp_path / "6.png").write_bytes(b"torn")
    groupings, notes = group_light(tmp_path, [f"{place}.png" for place in range(8)])
    brightness, sharpness = (list(one.groups.values()) for one in groupings)
    assert np.flatnonzero(brightness[0]).tolist() == [0, 1]
    assert np.flatnonzero(brightness[2]).tolist() == [2, 5]
    assert set(np.flatnonzero(sharpness[2]).tolist()) == {3, 4}
    assert "2 images are in no slice" in notes[0] and "6.png" in notes[0]


def test_a_slope_is_not_sharp_and_a_line_is(tmp_path):
    """The Laplacian of a slope is 0; of a line of 10 grey levels it is 10, -20, 10 and 0 elsewhere."""
    from PIL import Image

    from workbench.formats.light import measure_light

    slope = np.tile(np.arange(60, dtype=np.uint8), (40, 1))
    line = np.full((40, 60), 100, np.uint8)
    line[:, 30] = 110
    for name, picture in (("slope", slope), ("line", line)):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    assert measure_light(tmp_path / "slope.png") == (29.5, 0)
    brightness, sharpness = measure_light(tmp_path / "line.png")
    assert brightness == pytest.approx(100 + 10 / 60)
    assert sharpness == pytest.approx(600 / 58)

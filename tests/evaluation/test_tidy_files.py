"""What is read many at once is what the careful reader reads row by row, and what that refuses is refused."""

import json
import random

import pytest

pytest.importorskip("hotcoco")

from tests.evaluation.scenes import answer, draw_case, make_truth, truth_row
from workbench.errors import DatasetError
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_scores import compute_coco_scores
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.evaluation.coco.tidy_results import read_tidy
from workbench.evaluation.coco.tidy_truth import read_tidy_truth

SIZES = {1: (120, 100), 2: (120, 100)}


def text_of(answers):
    """Results with their masks in packed text."""
    from pycocotools import mask as coco_mask

    rows = []
    for row in answers:
        mask = row["segmentation"]
        packed = coco_mask.frPyObjects(mask, *mask["size"])
        rows.append(row | {"segmentation": {"size": mask["size"], "counts": packed["counts"].decode()}})
    return rows


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_a_file_in_order_is_read_at_once(tmp_path):
    rows = text_of([answer([1, 2, 3, 4], 1), answer([5, 6, 7, 8], 0.25, image=2, category=7)])
    table, masks, sizes = read_tidy(write(tmp_path / "p.json", rows), SIZES)
    assert table.tolist() == [[1, 1, 2, 3, 4, 1, 1], [2, 5, 6, 7, 8, 0.25, 7]]
    assert masks == tuple(row["segmentation"]["counts"].encode() for row in rows)
    assert sizes.tolist() == [[120, 100], [120, 100]]


def test_boxes_alone_are_in_order_too(tmp_path):
    rows = [{"image_id": 1, "category_id": 1, "score": 0.5, "bbox": [0, 0, 1, 1], "more": [{}]}]
    assert read_tidy(write(tmp_path / "p.json", rows), SIZES).masks is None


@pytest.mark.parametrize("rows", [
    [], {}, [answer([0, 0, 9, 9])], [{}], [{"image_id": 3, "category_id": 1, "score": 1, "bbox": [0, 0, 1, 1]}],
    [{"image_id": 1.0, "category_id": 1, "score": 1, "bbox": [0, 0, 1, 1]}],
    [{"image_id": True, "category_id": 1, "score": 1, "bbox": [0, 0, 1, 1]}],
    [{"image_id": 1, "category_id": 2**53, "score": 1, "bbox": [0, 0, 1, 1]}],
    [{"image_id": 1, "category_id": 2**70, "score": 1, "bbox": [0, 0, 1, 1]}],
    [{"image_id": 1, "category_id": 1, "score": 1, "bbox": [0, 0, -1, 1]}],
    [{"image_id": 1, "category_id": 1, "score": 1e305, "bbox": [0, 0, 1, 1]}],
    [{"image_id": 1, "category_id": 1, "score": 1, "segmentation": {"size": [120, 100], "counts": "PZ;"}}],
])  # fmt: skip
def test_anything_else_is_left_to_the_careful_reader(tmp_path, rows):
    assert read_tidy(write(tmp_path / "p.json", rows), SIZES) is None


def test_a_mask_of_an_image_of_unknown_size_is_left_to_the_careful_reader(tmp_path):
    mask = {"size": [0, 0], "counts": "0"}
    rows = [{"image_id": 1, "category_id": 1, "score": 1, "bbox": [0, 0, 1, 1], "segmentation": mask}]
    assert read_tidy(write(tmp_path / "p.json", rows), {1: (0, 0)}) is None


def test_masks_of_some_rows_only_are_left_to_the_careful_reader(tmp_path):
    rows = text_of([answer([0, 0, 9, 9]), answer([0, 0, 9, 9])])
    assert read_tidy(write(tmp_path / "p.json", rows), SIZES)
    rows[1].pop("segmentation")
    assert read_tidy(write(tmp_path / "p.json", rows), SIZES) is None


@pytest.mark.parametrize("change", [
    {"id": -1}, {"id": 2**53}, {"id": 2}, {"image_id": 3}, {"image_id": None}, {"category_id": 9}, {"iscrowd": 2},
    {"area": -1}, {"area": None}, {"bbox": [0, 0, 1, -1]}, {"bbox": [0, 0, 1]}, {"bbox": [0, 0, 1, 1e305]},
    {"segmentation": [[0, 0, 1, 1]]}, {"segmentation": [[0, 0, 1, 1, 2, 2, 3]]}, {"segmentation": "0"},
    {"segmentation": [[0, 0, 1, 1, 2, 1e7]]}, {"segmentation": [[0, 0, 1, 1, 2, -1e7]]},
    {"segmentation": [[0, 0, 1, 1, 2, "3"]]}, {"segmentation": {"counts": "0"}},
])  # fmt: skip
def test_a_truth_with_anything_else_is_left_to_the_careful_reader(tmp_path, change):
    rows = [truth_row(1, [0, 0, 9, 9]), truth_row(2, [0, 0, 9, 9])]
    assert read_tidy_truth(write(tmp_path / "t.json", make_truth(*rows)))
    rows[0] |= change
    assert read_tidy_truth(write(tmp_path / "t.json", make_truth(*rows))) is None


def test_what_is_no_file_is_left_to_the_careful_reader(tmp_path):
    assert (
        read_tidy(tmp_path, SIZES) is read_tidy_truth(tmp_path) is read_tidy_truth(tmp_path / "none") is None
    )


@pytest.mark.parametrize("seed", range(6))
def test_both_readers_read_the_same(tmp_path, seed):
    truth, answers = draw_case(seed)
    answers = text_of(answers)
    slow, quick = read_truth(truth), read_truth(write(tmp_path / "t.json", truth))
    assert read_tidy_truth(tmp_path / "t.json")
    assert rasterise(quick).raw == rasterise(slow).raw
    assert (quick.sizes, quick.names, quick.masks, quick.files) == (
        slow.sizes,
        slow.names,
        slow.masks,
        slow.files,
    )
    careful, columns = (
        read_predictions(answers, slow),
        read_predictions(write(tmp_path / "p.json", answers), quick),
    )
    assert (columns.table == careful.table).all()
    assert (columns.masks, columns.boxed) == (careful.masks, careful.boxed)
    assert columns.sizes.tolist() == careful.sizes.tolist()
    assert compute_coco_scores(quick, columns) == compute_coco_scores(slow, careful)


JUNK = (None, True, -1, 0, 3, 1.0, 2**53, 1e308, -1e308, float("nan"), "", "0", [], [1], [[]], {},
    [0, 0, 1e12, 1], [0, 0, 1], [0, 0, -1, 1], [0, 0, 1, None], {"size": [120, 100], "counts": "~"},
    {"size": [120, 100], "counts": [12000]}, {"size": [0, 0], "counts": "0"}, {"size": [100, 120], "counts": "PZ;"},
    {"size": [120, 100], "counts": "PZ;"}, [[0, 0, 1, 1]], [[0, 0, 1, 1, 2, 2]], [[0, 0, 1, 1, 2, 1e7]],
    [[0, 0, 1, 1, 2, "3"]])  # fmt: skip


def spoil(generator, rows, keys):
    rows = [dict(row) for row in rows]
    for _ in range(generator.randint(0, 2)):
        row, key = generator.choice(rows), generator.choice(keys)
        if generator.random() < 0.1:
            row.pop(key, None)
        else:
            row[key] = generator.choice(JUNK)
    return rows


def outcome(read, source, *more):
    try:
        return read(source, *more)
    except DatasetError as error:
        return str(error).partition(": ")[2]


def test_hundreds_of_spoiled_files_end_alike_with_both_readers(tmp_path):
    generator, kept = random.Random(4), 0
    truth, answers = draw_case(5, images=2)
    right, answers = read_truth(truth), text_of(answers)[:3]
    for _ in range(300):
        rows = spoil(generator, answers, ("image_id", "category_id", "score", "bbox", "segmentation"))
        path = write(tmp_path / "p.json", rows)
        slow, quick = outcome(read_predictions, rows, right), outcome(read_predictions, path, right)
        if isinstance(slow, str):
            assert quick == slow
        else:
            kept += 1
            assert (quick.table == slow.table).all()
            assert (quick.masks, quick.strangers) == (slow.masks, slow.strangers)
        keys = ("id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation")
        content = truth | {"annotations": spoil(generator, truth["annotations"][:3], keys)}
        slow, quick = outcome(read_truth, content), outcome(read_truth, write(tmp_path / "t.json", content))
        if isinstance(slow, str):
            assert quick == slow
        else:
            kept += 1
            assert quick.masks == slow.masks
            for one, other in zip(quick.raw["annotations"], slow.raw["annotations"], strict=True):
                assert {key: value for key, value in one.items() if value not in (None, 0)} == {
                    key: value for key, value in other.items() if value not in (None, 0)
                }
    assert 150 < kept < 450


def test_a_truth_without_objects_is_read():
    assert read_truth(make_truth()).raw["annotations"] == []
    assert read_truth(make_truth(truth_row(1, [0, 0, 9, 9]))).masks

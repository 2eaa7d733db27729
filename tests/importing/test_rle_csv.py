"""Run-length tables of Airbus and Severstal."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.importing.sources import bring_in
from tests.importing.test_coco import draw
from workbench.errors import DatasetError
from workbench.importing.rle_csv import _draw


def encode(array: np.ndarray) -> str:
    """Write runs as Kaggle does: from 1, down the columns."""
    flat = np.concatenate([[0], array.ravel(order="F"), [0]])
    edges = np.flatnonzero(np.diff(flat)) + 1
    return " ".join(f"{start} {end - start}" for start, end in zip(edges[::2], edges[1::2], strict=True))


def test_runs_go_down_the_columns_from_1(tmp_path: Path):
    files = {"t.csv": "ImageId,EncodedPixels\na.jpg,1 2 31 1\n", "a.jpg": (40, 30)}
    (shape,) = bring_in(tmp_path, "rle-csv", files).only().shapes
    assert shape.points == ((0, 0), (1, 1))
    assert draw(shape)[:2, :2].tolist() == [[1, 1], [1, 0]]


def test_airbus_has_a_row_for_each_ship_and_an_empty_cell_for_none(tmp_path: Path):
    files = {
        "t.csv": "ImageId,EncodedPixels\na.jpg,1 2\nb.jpg,\na.jpg,61 3\n",
        "a.jpg": (40, 30),
        "b.jpg": (40, 30),
    }
    result = bring_in(tmp_path, "rle-csv", files, labels="ship\n")
    assert [shape.label for shape in result.annotation("a.json").shapes] == ["ship", "ship"]
    assert result.annotation("b.json").shapes == ()


@pytest.mark.parametrize(
    "head", ["ImageId,ClassId,EncodedPixels\na.jpg,3,1 2", "ImageId_ClassId,EncodedPixels\na.jpg_3,1 2"]
)
@pytest.mark.parametrize(("labels", "label"), [(None, "class_3"), ("a\nb\nc\n", "c")])
def test_severstal_numbers_its_classes_from_1(tmp_path: Path, head: str, labels: str | None, label: str):
    result = bring_in(tmp_path, "rle-csv", {"t.csv": head + "\n", "a.jpg": (40, 30)}, labels=labels)
    assert result.only().shapes[0].label == label


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("1,1 2 3", "bad-rle"),
        ("1,0 2", "bad-rle"),
        ("1,1200 2", "bad-rle"),
        ("1,1 5 3 5", "bad-rle"),
        ("1,1 99999999999999999999", "bad-rle"),
        ("1,x y", "bad-rle"),
        ("1,-5 2", "bad-rle"),
        ("1,1 0", "bad-rle"),
        ("1,9223372036854775807 9223372036854775807", "bad-rle"),
        ("9,1 2", "unknown-label"),
        ("x,1 2", "bad-class"),
    ],
)
def test_what_makes_no_sense_has_a_reason(tmp_path: Path, cells: str, reason: str):
    table = f"ImageId,ClassId,EncodedPixels\na.jpg,{cells}\na.jpg,1,1 2\n"
    result = bring_in(tmp_path, "rle-csv", {"t.csv": table, "a.jpg": (40, 30)}, labels="a\nb\n")
    assert (result.summary.skipped, result.summary.shapes) == ({reason: 1}, 1)


def test_a_table_of_other_columns_is_refused(tmp_path: Path):
    with pytest.raises(DatasetError, match="columns must be ImageId"):
        bring_in(tmp_path, "rle-csv", {"t.csv": "img,rle_mask\na.jpg,1 2\n", "a.jpg": (40, 30)})


@settings(max_examples=100, deadline=None)
@given(arrays(np.uint8, (11, 7), elements=st.integers(0, 1)).filter(np.any))
def test_any_mask_comes_back(array: np.ndarray):
    (shape,) = _draw("a", encode(array), (7, 11))
    assert (draw(shape, 11, 7) == array).all()

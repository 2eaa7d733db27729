"""Pictures that are masks."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.importing.sources import bring_in
from tests.importing.test_coco import draw


def picture(array: np.ndarray, mode: str = "L") -> Image.Image:
    made = Image.fromarray(array.astype(np.uint8))
    if mode == "P":
        made = Image.frombytes("P", made.size, made.tobytes())
        made.putpalette([value for k in range(256) for value in (255 - k, k, 7)])
    return made.convert(mode)


def blob() -> np.ndarray:
    array = np.zeros((30, 40), np.uint8)
    array[3:9, 4:8] = 1
    array[4, 5] = 0
    return array


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_black_and_white_is_one_object(tmp_path: Path, suffix: str):
    files = {f"a_mask.{suffix}": picture(blob() * 255), "a.jpg": (40, 30)}
    result = bring_in(tmp_path, "mask-png", files, labels="car\n")
    (shape,) = result.only().shapes
    assert (shape.label, shape.points) == ("car", ((4, 3), (7, 8)))
    assert (draw(shape) == blob()).all()


def test_the_photograph_is_linked_and_the_mask_is_not(tmp_path: Path):
    out = bring_in(tmp_path, "mask-png", {"a_mask.png": picture(blob()), "a.jpg": (40, 30)}).out
    assert sorted(path.name for path in out.iterdir()) == ["a.jpg", "a.json", "labels.txt", "ledger.jsonl"]


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_numbers_are_classes_when_there_are_several(tmp_path: Path, mode: str):
    ids = blob() * 2
    ids[20:25, 20:25] = 1
    files = {"masks/a.png": picture(ids, mode), "photos/a.jpg": (40, 30)}
    result = bring_in(
        tmp_path, "mask-png", files, source="masks", images="photos", labels="_background_\nsky\ncar\n"
    )
    assert [shape.label for shape in result.only().shapes] == ["sky", "car"]
    assert result.labels == ["sky", "car"]


def test_numbers_are_objects_when_there_is_one_class(tmp_path: Path):
    ids = blob()
    ids[20:25, 20:25] = 7
    result = bring_in(tmp_path, "mask-png", {"a_mask.png": picture(ids), "a.jpg": (40, 30)}, labels="cell\n")
    assert [shape.label for shape in result.only().shapes] == ["cell", "cell"]


@pytest.mark.parametrize(
    ("values", "labels", "reasons"),
    [
        ((1, 2), None, {"needs-labels": 1}),
        ((1, 255), "car\n", {"grey-mask": 1}),
        ((3, 255), "a\nb\n", {"unknown-label": 1, "void": 1}),
    ],
)
def test_numbers_without_meaning_are_reported(tmp_path: Path, values, labels, reasons):
    ids = np.zeros((30, 40), np.uint8)
    ids[0, 0], ids[1, 1] = values
    result = bring_in(tmp_path, "mask-png", {"a_mask.png": picture(ids), "a.jpg": (40, 30)}, labels=labels)
    assert result.summary.skipped == reasons


def test_an_empty_mask_is_a_negative(tmp_path: Path):
    result = bring_in(tmp_path, "mask-png", {"a_mask.png": picture(blob() * 0), "a.jpg": (40, 30)})
    assert (result.summary.images, result.summary.shapes) == (1, 0)


def test_colour_and_torn_masks_are_bad_files(tmp_path: Path):
    color = np.zeros((30, 40, 3), np.uint8)
    color[0, 0] = (1, 2, 3)
    files = {"a_mask.png": Image.fromarray(color), "b_mask.png": b"\x89PNG\r\n\x1a\n", "a.jpg": (40, 30)}
    assert [bad.rule for bad in bring_in(tmp_path, "mask-png", files).summary.unreadable] == [
        "color-mask",
        "bad-mask",
    ]


def test_a_mask_of_another_size_is_refused(tmp_path: Path):
    files = {"a_mask.png": picture(blob()), "a.jpg": (80, 60)}
    assert bring_in(tmp_path, "mask-png", files).summary.skipped == {"size-mismatch": 1}

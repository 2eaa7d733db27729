"""Masks in FiftyOne are those of the run lengths, pixel by pixel."""

import numpy as np
import pytest

pytest.importorskip("pycocotools")

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from workbench.data.mask import array_to_mask
from workbench.review import masks
from workbench.review.masks import crop_masks, pack, to_fields


def crop(array):
    return crop_masks([array_to_mask(array).counts], [array.shape[0]])[0]


def test_a_mask_is_cut_to_its_frame():
    array = np.zeros((6, 9), np.uint8)
    array[2:5, 3:7] = 1
    array[3, 4] = 0
    found = crop(array)
    assert found.frame == (3, 2, 4, 3)
    assert found.picture.tolist() == array[2:5, 3:7].astype(bool).tolist()


def test_a_mask_of_nothing_has_no_picture():
    assert crop(np.zeros((4, 5), np.uint8)).picture is None


@settings(max_examples=150, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 1)))
def test_any_mask_comes_back_pixel_by_pixel(array):
    found = crop(array)
    again = np.zeros_like(array)
    if found.picture is not None:
        left, top, width, height = found.frame
        again[top : top + height, left : left + width] = found.picture
    assert (again == array).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(arrays(np.uint8, (7, 5), elements=st.integers(0, 1)), min_size=1, max_size=5))
def test_many_masks_are_read_as_each_alone(several):
    together = crop_masks([array_to_mask(one).counts for one in several], [7] * len(several))
    for one, found in zip(several, together, strict=True):
        alone = crop(one)
        assert found.frame == alone.frame
        assert (found.picture is None) == (alone.picture is None)
        assert found.picture is None or (found.picture == alone.picture).all()


def test_a_packed_mask_is_what_fiftyone_unpacks(database):
    picture = np.random.default_rng(0).random((13, 17)) < 0.5
    again = database.load("core.utils").deserialize_numpy_array(pack(picture))
    assert again.dtype == bool and (again == picture).all()


def test_a_large_mask_goes_to_a_file_and_a_small_one_into_the_row(tmp_path, monkeypatch):
    array = np.zeros((40, 50), np.uint8)
    array[3:30, 5:40] = 1
    array[7, 9] = 0
    found = crop(array)
    assert set(to_fields(found, tmp_path / "a.png")) == {"mask"}
    monkeypatch.setattr(masks, "LARGE", 100)
    fields = to_fields(found, tmp_path / "a.png")
    assert fields == {"mask_path": str(tmp_path / "a.png")}
    with Image.open(fields["mask_path"]) as picture:
        assert (np.asarray(picture) == found.picture * 255).all() and picture.mode == "L"

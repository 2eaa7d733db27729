"""Packed run lengths read many at once: by hand, then as the careful reader reads them one by one."""

import numpy as np
import pytest

pytest.importorskip("pycocotools")

from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from workbench.data.mask import require_mask
from workbench.evaluation.coco.run_lengths import count_pixels, read_runs


def encode(picture):
    return coco_mask.encode(np.asfortranarray(picture, dtype=np.uint8))["counts"]


def test_runs_end_where_the_pixels_change():
    """Two columns of three: 0 1 1 | 1 0 0 is one run of zeros, three ones, two zeros."""
    runs = read_runs([encode([[0, 1], [1, 0], [1, 0]]), b"", encode(np.ones((2, 2)))])
    assert runs.ends.tolist() == [1, 4, 6, 0, 4]
    assert runs.first.tolist() == [0, 3, 3, 5]
    assert runs.strange.tolist() == [False, True, False]


@pytest.mark.parametrize("counts", [[], [b""], [b"", b""]])
def test_where_there_is_no_text_there_are_no_runs(counts):
    assert count_pixels(counts) == [-1] * len(counts)


@pytest.mark.parametrize("text", [
    b"P", b"0P", b"\x00", b"~", b"0\xff", b"N", b"oooooooo", b"PPPPPPP0",
    b"111N", b"ooooo?" * 4, b"ooooo?" * 40,
])  # fmt: skip
def test_what_no_picture_gives_is_looked_at_more_closely(text):
    fine = encode(np.eye(5))
    assert count_pixels([fine, text, fine]) == [25, -1, 25]


def read_slowly(text):
    """The careful reader's answer: the number of pixels, or -1."""
    try:
        require_mask(1, 1, text)
    except ValueError as error:
        words = str(error).rpartition("but give ")
        return int(words[2]) if words[1] else -1
    return 1


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=12), st.lists(st.integers(48, 111), max_size=14).map(bytes)), max_size=9
    )
)
def test_any_text_is_strange_or_adds_up_to_what_the_careful_reader_finds(texts):
    for text, found in zip(texts, count_pixels(texts), strict=True):
        assert found in (-1, read_slowly(text))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10**6)), max_size=9))
def test_every_picture_is_read(cases):
    pictures = [np.random.default_rng(seed).random((h, w)) < seed % 11 / 10 for h, w, seed in cases]
    runs = read_runs([encode(picture) for picture in pictures])
    assert not runs.strange.any()
    for place, picture in enumerate(pictures):
        ends = runs.ends[runs.first[place] : runs.first[place + 1]]
        flat = picture.ravel(order="F").astype(int)
        changes = np.flatnonzero(np.diff(flat, prepend=0))
        assert ends.tolist() == [*changes.tolist(), flat.size]

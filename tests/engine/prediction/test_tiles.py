"""Objects that several tiles see come out once: worked by hand, then with somebody who sees everything."""

from itertools import pairwise

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.prediction.rows import make_config
from workbench.data.mask import Mask, mask_to_array
from workbench.engine.prediction.answers import Answer
from workbench.engine.prediction.found import Found
from workbench.engine.prediction.joining import Frame, Piece, join_pieces
from workbench.engine.prediction.run_text import encode_edges, find_picture_edges
from workbench.engine.prediction.tiles import ask_in_tiles, cut_tiles

WHOLE = Frame(0, 0, 100, 40)
LEFT, RIGHT = Frame(0, 0, 60, 40), Frame(40, 0, 100, 40)  # both show 40 to 60


def block(frame, left, right, score=0.9, category=1, top=10, bottom=20):
    """A rectangle, as a look shows it."""
    array = np.ones((bottom - top, right - left), bool)
    return Piece(category=category, score=score, left=left, top=top, array=array, frame=frame)


def join(*pieces):
    return [(one.box[0], one.box[2], one.score) for one in join_pieces(pieces, WHOLE)]


def test_what_two_tiles_show_whole_comes_out_once_as_the_surer_saw_it():
    assert join(block(LEFT, 44, 55, 0.8), block(RIGHT, 44, 56, 0.9)) == [(44, 56, 0.9)]


def test_what_an_edge_cut_gives_way_to_who_sees_all_of_it():
    assert join(block(LEFT, 45, 60, 0.99), block(RIGHT, 45, 80, 0.7)) == [(45, 80, 0.7)]


def test_a_sliver_of_another_shape_is_a_part_of_what_it_lies_in():
    sliver = block(LEFT, 57, 60, 0.6, top=10, bottom=13)
    assert join(sliver, block(RIGHT, 50, 80)) == [(50, 80, 0.9)]


def test_what_every_tile_cut_is_put_together():
    assert join(block(LEFT, 20, 60, 0.8), block(RIGHT, 40, 90, 0.7)) == [(20, 90, 0.8)]


def test_a_faint_guess_does_not_enlarge_what_is_put_together():
    assert join(block(LEFT, 20, 60, 0.8), block(RIGHT, 40, 90, 0.1)) == [(20, 60, 0.8)]


def test_what_is_larger_than_a_tile_is_taken_from_the_whole():
    pieces = block(LEFT, 10, 60, 0.9), block(RIGHT, 40, 95, 0.9), block(WHOLE, 10, 95, 0.8)
    assert join(*pieces) == [(10, 95, 0.8)]


def test_the_whole_does_not_join_what_tiles_tell_apart():
    pair = block(LEFT, 10, 25), block(LEFT, 26, 38)
    assert join(*pair, block(WHOLE, 10, 38, 0.95)) == [(10, 25, 0.9), (26, 38, 0.9)]


def test_neighbours_and_other_classes_stay_apart():
    assert len(join(block(LEFT, 42, 50), block(RIGHT, 51, 58))) == 2
    assert len(join(block(LEFT, 44, 55), block(RIGHT, 44, 55, category=2))) == 2


def test_what_a_model_says_twice_in_one_look_is_its_own_affair():
    assert len(join(block(LEFT, 10, 20), block(LEFT, 11, 20, 0.5))) == 2


def test_the_order_of_the_pieces_does_not_matter():
    pieces = [block(LEFT, 45, 60), block(RIGHT, 45, 80), block(WHOLE, 45, 82), block(LEFT, 5, 20)]
    assert join(*pieces) == join(*reversed(pieces))


@given(st.integers(1, 500), st.integers(1, 500), st.integers(32, 300))
def test_tiles_cover_the_image_and_share_a_quarter(width, height, tile):
    seen = np.zeros((height, width), bool)
    frames = cut_tiles(width, height, tile)
    for frame in frames:
        assert frame.right - frame.left == min(tile, width) and frame.bottom - frame.top == min(tile, height)
        seen[frame.top : frame.bottom, frame.left : frame.right] = True
    assert seen.all() and len(set(frames)) == len(frames)
    lefts = sorted({frame.left for frame in frames})
    assert all(left + tile - right >= tile // 4 for left, right in pairwise(lefts))


class Eye:
    """Sees each grey value as an object, in whatever it is shown, as large as it is shown; no weights needed."""

    def __init__(self, semantic=False):
        self.semantic = semantic

    def ask(self, sample):
        shown = sample["image"][0].numpy()
        size = (sample["height"], sample["width"])
        assert shown.shape == size  # tiles are shown as they are
        if self.semantic:
            return Answer(semantic=shown.astype(np.uint8))
        values = [value for value in np.unique(shown) if value]
        masks = np.stack([shown == value for value in values]) if values else np.zeros((0, *size), bool)
        encoded = encode_edges(find_picture_edges(masks), np.full(len(masks), size[0] * size[1]))
        boxes = np.array([spread(mask) for mask in masks], np.float32).reshape(-1, 4)
        sure = np.full(len(values), 0.9, np.float32)
        kinds = np.ones(len(values), np.int64)
        return Answer(
            found=Found(image_id=1, size=size, boxes=boxes, scores=sure, categories=kinds, masks=encoded)
        )


def spread(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def look_closely(pixels, tile, eye):
    cfg = make_config("mask_rcnn_nano")
    cfg.INPUT.MIN_SIZE_TEST = 0  # Detectron2's word for: as it is
    record = {"height": pixels.shape[0], "width": pixels.shape[1], "image_id": 7}
    return ask_in_tiles(eye, cfg, record, np.repeat(pixels[:, :, None], 3, axis=2), tile)


@pytest.mark.parametrize("seed", range(6))
def test_every_object_comes_out_once_and_exactly_wherever_tiles_cut(seed):
    chance = np.random.default_rng(seed)
    pixels = np.zeros((230, 310), np.uint8)
    rows, columns = np.mgrid[:230, :310]
    for value in range(1, 30):
        radius, x, y = chance.integers(3, 40), chance.integers(310), chance.integers(230)
        inside = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
        near = (columns - x) ** 2 + (rows - y) ** 2 < (radius + 3) ** 2
        if not pixels[near].any():
            pixels[inside] = value
    rows = look_closely(pixels, 96, Eye()).rows
    found = [
        mask_to_array(Mask(*row["segmentation"]["size"], row["segmentation"]["counts"].encode()))
        for row in rows
    ]
    assert sorted(int(pixels[mask > 0][0]) for mask in found) == [v for v in np.unique(pixels) if v]
    for mask, row in zip(found, rows, strict=True):
        assert np.array_equal(mask > 0, pixels == pixels[mask > 0][0])
        left, top, right, bottom = spread(mask)
        assert row["bbox"] == [left, top, right - left, bottom - top]
        assert row["image_id"] == 7


def test_classes_of_pixels_are_laid_side_by_side():
    pixels = np.random.default_rng(1).integers(0, 5, (150, 333), np.uint8)
    assert np.array_equal(look_closely(pixels, 64, Eye(semantic=True)).semantic, pixels)
    assert look_closely(pixels, 64, Eye(semantic=True)).rows is None

"""Files of pictures: large ones, turned ones, grey and deep ones."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")
pytest.importorskip("skimage")

from tests.segmenting.test_segment import RED, disk, paper
from workbench.errors import AnnotationError
from workbench.segmenting.pictures import read_frame
from workbench.segmenting.segment import segment_frame
from workbench.segmenting.settings import Settings


def find(path, **settings):
    chosen = Settings(**settings)
    return segment_frame(read_frame(path, chosen), "threshold", chosen)


def test_a_large_jpeg_gives_masks_in_its_own_pixels(tmp_path):
    picture = paper(2000, 1500)
    mask = disk(picture, 700, 600, 300, RED)
    Image.fromarray(picture).save(tmp_path / "a.jpg")
    (region,) = find(tmp_path / "a.jpg")
    whole = region.place(2000, 1500).astype(bool)
    assert (whole & mask).sum() / (whole | mask).sum() > 0.97


def test_a_turned_photograph_is_looked_at_upright(tmp_path):
    picture = paper(200, 120)
    disk(picture, 50, 60, 20, RED)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: what is left is then on top
    Image.fromarray(picture).save(tmp_path / "a.jpg", exif=exif)
    frame = read_frame(tmp_path / "a.jpg", Settings())
    (region,) = find(tmp_path / "a.jpg")
    assert (frame.width, frame.height) == (120, 200)
    assert abs(region.left + region.pixels.shape[1] / 2 - 60) < 3
    assert abs(region.top + region.pixels.shape[0] / 2 - 50) < 3


@pytest.mark.parametrize("kind", ["grey", "deep", "see-through"])
def test_pictures_of_other_kinds_are_understood(tmp_path, kind):
    values = np.full((100, 140), 40, np.uint8)
    disk(values, 70, 50, 25, 200)
    if kind == "deep":
        picture = Image.fromarray(values.astype(np.uint16) * 12 + 7)  # a twelve-bit camera
    elif kind == "grey":
        picture = Image.fromarray(values)
    else:
        picture = Image.merge("LA", (Image.fromarray(values), Image.new("L", (140, 100), 255)))
    picture.save(tmp_path / "a.png")
    (region,) = find(tmp_path / "a.png", channel="light")
    assert abs(region.area - np.pi * 25**2) < 100


def test_a_file_that_is_no_picture_is_refused_in_words(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xffnot a photograph")
    with pytest.raises(AnnotationError, match=r"a\.jpg must be a whole picture, but cannot be decoded"):
        find(tmp_path / "a.jpg")

"""Pictures pixel by pixel: where masks are looked up, what is cut, what is tinted."""

import io

import numpy as np
import pytest
from PIL import Image

from workbench.data.mask import array_to_mask
from workbench.report.drawing.pencil import Job, Mark, Painting, View, draw_job
from workbench.report.drawing.pictures import _cut
from workbench.report.material import Seen, Source

RED, BLUE = (255, 0, 0), (0, 0, 255)
pytest.importorskip("hotcoco")


@pytest.fixture
def grey(tmp_path):
    path = tmp_path / "grey.jpg"
    Image.new("RGB", (400, 300), (120, 120, 120)).save(path, quality=95)
    return path


def draw(path, size=(400, 300), **view):
    drawn = draw_job(Job(path=path, size=size, views=(View(key="k", **view),)))
    assert len(drawn) == 1
    return np.asarray(Image.open(io.BytesIO(drawn[0].content)).convert("RGB")).astype(int)


def reddish(pixels):
    """Where it is tinted: red stands out."""
    return pixels[..., 0] - pixels[..., 2] > 25


def test_run_lengths_a_polygon_and_a_box_are_tinted_alike(grey):
    array = np.zeros((300, 400), np.uint8)
    array[60:160, 100:300] = 1
    rle = array_to_mask(array).to_rle()
    ring = [100.0, 60, 300, 60, 300, 160, 100, 160]
    box = (100.0, 60.0, 300.0, 160.0)
    seen = [
        reddish(
            draw(
                grey, window=(0, 0, 400, 300), side=200, marks=(Mark(color=RED, box=box, segmentation=form),)
            )
        )
        for form in (rle, {**rle, "counts": rle["counts"].decode()}, [ring], None)
    ]
    for one in seen:
        assert abs(one[30:80, 50:150].mean() - 1) < 0.02 and not one[:27].any() and not one[:, :46].any()
    assert all((one != seen[0]).mean() < 0.01 for one in seen)


def test_a_hole_in_run_lengths_stays_a_hole(grey):
    array = np.zeros((300, 400), np.uint8)
    array[50:250, 50:350] = 1
    array[100:200, 150:250] = 0
    mark = Mark(color=RED, box=(50.0, 50, 350, 250), segmentation=array_to_mask(array).to_rle())
    seen = reddish(draw(grey, window=(0, 0, 400, 300), side=400, marks=(mark,)))
    assert not seen[110:190, 160:240].any() and seen[60:90, 60:340].all()


def test_lists_of_runs_are_read_and_broken_ones_give_no_picture(grey):
    mark = Mark(
        color=RED, box=(0.0, 0, 100, 300), segmentation={"size": [300, 400], "counts": [0, 30000, 90000]}
    )
    seen = reddish(draw(grey, window=(0, 0, 400, 300), side=200, marks=(mark,)))
    assert seen[:, 4:46].all() and not seen[:, 54:].any()
    broken = Mark(color=RED, box=(0.0, 0, 9, 9), segmentation={"size": [300, 400], "counts": [5]})
    assert (
        draw_job(
            Job(
                path=grey,
                size=(400, 300),
                views=(View(key="k", window=(0, 0, 9, 9), side=9, marks=(broken,)),),
            )
        )
        == []
    )


def test_a_window_shows_its_part_only_and_small_objects_are_enlarged(tmp_path):
    path = tmp_path / "halves.png"
    picture = Image.new("RGB", (400, 300), (0, 0, 0))
    picture.paste((255, 255, 255), (200, 0, 400, 300))
    picture.save(path)
    assert draw(path, window=(210, 10, 260, 60), side=300).shape == (200, 200, 3)  # four times, not six
    assert draw(path, window=(210, 10, 260, 60), side=300).min() > 240
    assert draw(path, window=(100, 10, 190, 60), side=90).max() < 15


def test_a_photograph_that_lies_on_its_side_is_turned(tmp_path):
    path = tmp_path / "turned.jpg"
    picture = Image.new("RGB", (300, 400), (0, 0, 0))
    picture.paste((255, 255, 255), (0, 0, 300, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    picture.save(path, exif=exif, quality=95)
    pixels = draw(path, window=(0, 0, 400, 300), side=200)
    assert pixels.shape == (150, 200, 3)
    assert pixels[:, :90].max() < 30 and pixels[:, 110:].min() > 225


def test_what_cannot_be_read_gives_no_picture(tmp_path):
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photograph")
    view = View(key="k", window=(0, 0, 10, 10), side=10)
    for name in ("torn.jpg", "gone.jpg"):
        assert draw_job(Job(path=tmp_path / name, size=(10, 10), views=(view,))) == []


def test_segments_are_tinted_by_their_ids_and_classes_by_their_numbers(grey, tmp_path):
    ids = np.zeros((300, 400, 3), np.uint8)
    ids[:, :200] = (1, 1, 0)  # 257
    ids[:, 200:] = (2, 0, 0)
    Image.fromarray(ids).save(tmp_path / "ids.png")
    painting = Painting(path=tmp_path / "ids.png", colors=((257, RED), (2, BLUE)), segments=True)
    pixels = draw(grey, window=(0, 0, 400, 300), side=200, painting=painting)
    assert reddish(pixels)[:, :95].all() and reddish(255 - pixels)[:, 105:].all()
    classes = np.zeros((300, 400), np.uint8)
    classes[:150], classes[150:] = 3, 255
    Image.fromarray(classes).save(tmp_path / "classes.png")
    painting = Painting(path=tmp_path / "classes.png", colors=((3, RED),), segments=False)
    pixels = draw(grey, window=(0, 0, 400, 300), side=200, painting=painting)
    assert reddish(pixels)[:70].all() and not reddish(pixels)[80:].any()


def test_a_crop_is_a_square_moved_into_the_image():
    image = Source(id=1, name="a", width=400, height=300)
    corner = Seen(number=1, category=1, box=(390.0, 0.0, 10.0, 10.0), segmentation=None)
    assert _cut([corner], image) == (344.0, 0.0, 400.0, 56.0)
    wide = Seen(number=1, category=1, box=(0.0, 100.0, 400.0, 100.0), segmentation=None)
    assert _cut([wide], image) == (0.0, 0.0, 400.0, 300.0)
    middle = Seen(number=1, category=1, box=(100.0, 100.0, 100.0, 50.0), segmentation=None)
    assert _cut([middle], image) == (65.0, 40.0, 235.0, 210.0)

"""The drawn samples are whole, small, known to their projects, and what the script in tools/draw draws."""

import json
import tomllib
from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from math import dist
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tools.draw.__main__ import draw_photograph
from tools.draw.canvas import SCALE, Canvas
from tools.draw.labels import collect_shapes, list_seen, to_png
from tools.draw.samples import SAMPLES
from workbench.data.annotation import Annotation, Shape
from workbench.data.geometry import Outline
from workbench.data.mask import mask_to_array, outline_to_mask
from workbench.formats.labelme import read_annotation
from workbench.prepare.outline import Stamp, shape_to_outline

ROOT = Path(__file__).resolve().parents[1]
NAMES = tuple(SAMPLES)


@pytest.fixture(scope="module")
def drawn() -> dict[str, dict[str, Annotation]]:
    """All Labelme files of the samples."""
    paths = sorted(ROOT.glob("annotations/*/*.json"))
    found: dict[str, dict[str, Annotation]] = defaultdict(dict)
    for path in paths:
        found[path.parent.name][path.stem] = read_annotation(path)
    return found


def shapes_of(annotations: dict[str, Annotation]) -> Iterator[Shape]:
    return (shape for annotation in annotations.values() for shape in annotation.shapes)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_has_48_to_96_photographs_each_with_its_labels(name: str, drawn) -> None:
    photographs = {path.stem for path in (ROOT / "annotations" / name).glob("*.jpg")}
    assert 48 <= len(photographs) <= 96
    assert set(drawn[name]) == photographs
    assert len(photographs) == SAMPLES[name].count


def test_the_samples_are_small() -> None:
    sizes = [path.stat().st_size for name in NAMES for path in (ROOT / "annotations" / name).iterdir()]
    assert sum(sizes) < 3_000_000
    assert all((ROOT / "projects" / name / "sample.jpg").stat().st_size < 60_000 for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_label_is_known_to_the_project_and_to_labelme(name: str, drawn) -> None:
    project = tomllib.loads((ROOT / "projects" / name / "project.toml").read_text())
    listed = (ROOT / "annotations" / name / "labels.txt").read_text().split()
    assert listed == list(SAMPLES[name].labels)
    used = Counter(shape.label for shape in shapes_of(drawn[name]))
    assert set(used) <= set(listed)
    assert set(listed) - {"hole"} == {*project["categories"], *project.get("stuff", [])}
    assert all(used[label] >= 40 for label in project["categories"])


@pytest.mark.parametrize("name", NAMES)
def test_the_json_says_the_size_of_the_photograph_and_holds_no_image(name: str, drawn) -> None:
    for stem, annotation in drawn[name].items():
        assert annotation.image_path == f"{stem}.jpg"
        assert annotation.image_data is None
        with Image.open(ROOT / "annotations" / name / annotation.image_path) as photograph:
            assert photograph.size == annotation.image_size


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_lies_inside_its_image(name: str, drawn) -> None:
    for annotation in drawn[name].values():
        width, height = annotation.image_size
        for shape in annotation.shapes:
            reach = dist(*shape.points) if shape.kind == "circle" else 0.0
            corners = shape.points[:1] if reach else shape.points
            for x, y in corners:
                assert -1 <= x - reach <= x + reach <= width + 1
                assert -1 <= y - reach <= y + reach <= height + 1


def test_every_kind_of_shape_is_there(drawn) -> None:
    balloons = Counter(shape.kind for shape in shapes_of(drawn["balloons"]))
    chipsets = Counter(shape.kind for shape in shapes_of(drawn["chipsets"]))
    faces = Counter((shape.label, shape.kind) for shape in shapes_of(drawn["faces"]))
    assert set(balloons) == {"polygon", "rectangle", "oriented_rectangle", "circle", "mask"}
    assert set(chipsets) == {"polygon", "rectangle", "oriented_rectangle"}
    assert {("face", "mask"), ("eye", "circle"), ("eye", "polygon"), ("mouth", "polygon")} <= set(faces)


@pytest.mark.parametrize("name", NAMES)
def test_a_group_is_one_object_of_one_label_and_its_holes(name: str, drawn) -> None:
    found = 0
    for annotation in drawn[name].values():
        groups = defaultdict(list)
        for shape in annotation.shapes:
            if shape.group is not None:
                groups[shape.group].append(shape.label)
        found += len(groups)
        assert all(len(labels) > 1 and len(set(labels) - {"hole"}) == 1 for labels in groups.values())
        assert all(shape.group is not None for shape in annotation.shapes if shape.label == "hole")
    assert found >= (3 if name == "faces" else 10)


def test_some_balloons_have_holes_and_some_lie_in_two_parts(drawn) -> None:
    labels = Counter(shape.label for shape in shapes_of(drawn["balloons"]))
    parts = Counter(
        (stem, shape.group)
        for stem, annotation in drawn["balloons"].items()
        for shape in annotation.shapes
        if shape.group is not None and shape.label == "balloon"
    )
    assert labels["hole"] >= 5
    assert sum(count >= 2 for count in parts.values()) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_some_photographs_show_nothing_of_the_classes(name: str, drawn) -> None:
    stuff = {"board", "background"}
    empty = [stem for stem, one in drawn[name].items() if {shape.label for shape in one.shapes} <= stuff]
    assert 2 <= len(empty) <= 10


@pytest.mark.parametrize("name", ["balloons", "chipsets"])
def test_most_objects_are_large_enough_to_learn_from(name: str, drawn) -> None:
    shares = []
    for annotation in drawn[name].values():
        for shape in annotation.shapes:
            if shape.kind == "polygon" and shape.label not in ("hole", "board"):
                xs, ys = zip(*shape.points, strict=True)
                shares.append(max(max(xs) - min(xs), max(ys) - min(ys)) / max(annotation.image_size))
    assert np.median(shares) > 0.14


def test_bursts_are_seconds_apart_and_scenes_are_more_than_a_minute(drawn) -> None:
    moments = []
    for stem in drawn["chipsets"]:
        with Image.open(ROOT / "annotations" / "chipsets" / f"{stem}.jpg") as photograph:
            taken = photograph.getexif().get_ifd(0x8769)[0x9003]
        hours, minutes, seconds = map(int, taken.split()[1].split(":"))
        moments.append((stem.rsplit("_", 1)[0], hours * 3600 + minutes * 60 + seconds))
    steps = [(one == other, after - before) for (one, before), (other, after) in pairwise(moments)]
    assert sum(same for same, _ in steps) >= 15
    assert all(step == 1 if same else step > 60 for same, step in steps)


@pytest.mark.parametrize(("name", "index"), [("balloons", 5), ("balloons", 4), ("chipsets", 2), ("faces", 3)])
def test_the_script_draws_the_same_labels_byte_for_byte_and_the_same_pixels(
    name: str, index: int, tmp_path: Path
) -> None:
    fresh = draw_photograph(SAMPLES[name], index, tmp_path)
    kept = ROOT / "annotations" / name / fresh.name
    assert fresh.read_bytes() == kept.read_bytes()
    pictures = [np.asarray(Image.open(path.with_suffix(".jpg")), float) for path in (fresh, kept)]
    assert np.abs(pictures[0] - pictures[1]).mean() < 2


def raster(shape: Shape, size: tuple[int, int]) -> np.ndarray:
    outline = shape_to_outline(shape)
    if isinstance(outline, Stamp):
        full = np.zeros(size[::-1], bool)
        stamp = np.asarray(Image.open(BytesIO(b64decode(outline.png)))) > 0
        full[outline.y : outline.y + stamp.shape[0], outline.x : outline.x + stamp.shape[1]] = stamp
        return full
    clipped = tuple(float(np.clip(v, 0, size[k % 2])) for k, v in enumerate(outline))
    return mask_to_array(outline_to_mask(Outline((clipped,)), *size)) > 0


def objects_of(canvas: Canvas) -> Iterator[list[Shape]]:
    """Shapes come in the order of their objects; those of one group follow each other."""
    pending: list[Shape] = []
    for shape in collect_shapes(canvas):
        if pending and (shape.group is None or shape.group != pending[-1].group):
            yield pending
            pending = []
        pending.append(shape)
    if pending:
        yield pending


@pytest.mark.parametrize(("name", "index"), [("balloons", 6), ("balloons", 5), ("chipsets", 5), ("faces", 2)])
def test_labels_cover_what_can_be_seen(name: str, index: int) -> None:
    canvas = SAMPLES[name].paint(index)
    size, compared = (canvas.width, canvas.height), 0
    for (owner, seen), shapes in zip(list_seen(canvas), objects_of(canvas), strict=True):
        assert {shape.label for shape in shapes} - {"hole"} == {canvas.names[owner - 1].label}
        label = np.zeros(size[::-1], bool)
        for shape in shapes:
            label = label & ~raster(shape, size) if shape.label == "hole" else label | raster(shape, size)
        truth = cv2.resize(seen.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
        if truth.sum() > 150:
            compared += 1
            lowest = 0.92 if shapes[0].kind in ("polygon", "mask") else 0.85
            assert (label & truth).sum() / (label | truth).sum() > lowest
    assert compared >= 3
    assert SCALE * canvas.width == canvas.things.shape[1]


@pytest.mark.parametrize("shape", [(1, 1), (9, 17), (300, 260)])
def test_pillow_reads_the_uncompressed_png_of_a_mask(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(3).random(shape) > 0.5
    read = np.asarray(Image.open(BytesIO(to_png(picture))))
    assert (read > 0).tolist() == picture.tolist()


def test_labelme_finds_every_key_it_asks_for() -> None:
    raw = json.loads((ROOT / "annotations" / "balloons" / "balloons-000.json").read_text())
    keys = {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth"}
    assert set(raw) == keys
    needed = {"label", "points", "group_id", "description", "shape_type", "flags", "mask"}
    assert set(raw["shapes"][0]) == needed

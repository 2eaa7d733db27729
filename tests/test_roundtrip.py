"""Labelme → another format → Labelme, through the commands: what comes back, and, in code, what does not."""

import json
import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.conversion.folders import put
from tests.drawing import draw, square, stamp
from tests.tour import copy_samples
from workbench.cli import main
from workbench.data import mask as masks
from workbench.data.annotation import Annotation
from workbench.data.dataset import Image
from workbench.formats.labelme import read_annotation
from workbench.prepare.collect import collect_instances
from workbench.project import make_categories, read_labels

SAMPLES = ("balloons", "chipsets", "faces")

# What COCO has no place for. Points and lines are counted as `not-an-area` when they are converted.
LOST_BY_COCO = {
    "group ids themselves": "parts share one again, of another number",
    "kinds": "circle, rectangle and the like come back as polygon, AI masks and holes as mask",
    "flags of a shape, but crowd": "gone",
    "description and unknown keys of a shape": "gone",
    "the order of shapes": "that of the instances",
    "points outside the image": "cut at its edge",
    "version, imageData": "written anew",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = copy_samples(tmp_path_factory.mktemp("roundtrip"))
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


def run(*words):
    assert main([str(word) for word in words]) == 0


def instances(folder: Path, names: list[str]):
    """Return, for each image, (class, area, box) of every object: what a model would be taught."""
    found = {}
    by_name = {category.name: category for category in make_categories(names)}
    for path in sorted(folder.rglob("*.json")):
        annotation = read_annotation(path)
        assert annotation.image_size
        width, height = annotation.image_size
        image = Image(path=annotation.image_path, width=width, height=height, annotation=path.name)
        content = collect_instances(annotation, image, by_name)
        rows = [(names[one.category_id - 1], one.area, one.box.to_xywh()) for one in content.instances]
        found[annotation.image_path] = sorted(rows)
    return found


def there_and_back(home: Path, sample: str, to: str):
    """Convert a sample and import it again; return the folder and the classes."""
    source, labels = home / "annotations" / sample, home / "annotations" / sample / "labels.txt"
    out, back = home / f"{sample}.{to}", home / "back" / f"{sample}-{to}"
    if to == "coco":
        out = out.with_suffix(".json")
    if not back.exists():
        run("convert", source, "--labels", labels, "--to", to, "--out", out)
        images = source if to == "coco" else out
        run(
            "import",
            out,
            "--format",
            to,
            "--images",
            images,
            "--out",
            back,
            "--labels",
            names_file(home, labels),
        )
    return source, back, read_labels(labels)


def names_file(home: Path, labels: Path) -> Path:
    """A list of the classes alone: formats that know only numbers count its lines."""
    path = home / f"{labels.parent.name}.names"
    path.write_text("".join(f"{name}\n" for name in read_labels(labels)))
    return path


# COCO: every pixel of every object comes back


@pytest.mark.parametrize("sample", SAMPLES)
def test_coco_gives_back_every_object_with_its_class_pixels_and_box(home, sample):
    source, back, names = there_and_back(home, sample, "coco")
    before, after = instances(source, names), instances(back, names)
    assert before == after
    assert sum(map(len, before.values())) > 100


@pytest.mark.parametrize("sample", SAMPLES)
def test_coco_gives_back_the_areas_of_each_class(home, sample):
    source, back, names = there_and_back(home, sample, "coco")
    assert areas(instances(source, names)) == areas(instances(back, names))


def areas(found):
    sums = Counter()
    for rows in found.values():
        for name, area, _ in rows:
            sums[name] += area
    return sums


@pytest.mark.parametrize("sample", SAMPLES)
def test_converting_what_came_back_gives_the_same_masks(home, sample):
    """Once more through: a fix point, so that nothing creeps."""
    _, back, names = there_and_back(home, sample, "coco")
    again = home / f"{sample}-again.json"
    run("convert", back, "--labels", home / f"{sample}.names", "--out", again)
    first, second = (json.loads((home / name).read_bytes()) for name in (f"{sample}.json", again.name))
    assert rows_of(first) == rows_of(second)
    assert [row["name"] for row in second["categories"]] == names


def rows_of(coco):
    """The objects of each image, by what they cover."""
    found = defaultdict(list)
    names = {row["id"]: row["file_name"] for row in coco["images"]}
    for row in coco["annotations"]:
        found[names[row["image_id"]]].append((row["category_id"], row["area"], row["bbox"], row["iscrowd"]))
    return {name: sorted(rows) for name, rows in found.items()}


def test_polygons_come_back_to_the_last_digit(home):
    source, back, _ = there_and_back(home, "chipsets", "coco")
    drawn, returned = (
        {
            shape.points
            for path in folder.rglob("*.json")
            for shape in read_annotation(path).shapes
            if shape.kind == "polygon"
        }
        for folder in (source, back)
    )
    assert drawn <= returned  # rectangles are among them now
    assert len(drawn) > 100


@pytest.fixture
def one(tmp_path, monkeypatch):
    """Take one annotation through COCO and back."""
    monkeypatch.chdir(tmp_path)

    def through(*shapes, **more) -> tuple[Annotation, dict]:
        put(tmp_path / "drawn", "a", *shapes, **more)
        run("convert", "drawn", "--out", "drawn.coco.json")
        run("import", "drawn.coco.json", "--format", "coco", "--images", "drawn", "--out", "back")
        return read_annotation(tmp_path / "back" / "a.json"), json.loads(Path("drawn.coco.json").read_bytes())

    return through


def test_lost_kinds_come_back_as_polygons_and_masks(one):
    returned, _ = one(
        draw("cat", (10, 10), (30, 30), kind="rectangle"),
        draw("dog", (60, 40), (70, 40), kind="circle"),
        stamp("fox", 5, 50, masks.png_to_array(masks.array_to_png(masks.mask_to_array(_dot())))),
    )
    assert [(shape.label, shape.kind) for shape in returned.shapes] == [
        ("cat", "polygon"),
        ("dog", "polygon"),
        ("fox", "mask"),
    ]


def _dot():
    (mask,) = masks.rings_to_masks([(1.0, 1.0, 6.0, 1.0, 6.0, 6.0, 1.0, 6.0)], 8, 8)
    return mask


def test_lost_group_ids_are_numbered_anew_but_parts_stay_together(one):
    returned, _ = one(
        square("cat", 5, 5, 10, group=77), square("cat", 40, 40, 10, group=77), square("cat", 70, 5, 10)
    )
    first, second, alone = (shape.group for shape in returned.shapes)
    assert first == second != 77
    assert alone is None


def test_lost_holes_come_back_as_a_mask_of_the_same_pixels(one):
    returned, coco = one(square("ring", 10, 10, 40, group=1), square("hole", 20, 20, 10, group=1))
    assert [(shape.label, shape.kind) for shape in returned.shapes] == [("ring", "mask")]
    assert coco["annotations"][0]["area"] == 40 * 40 - 10 * 10


def test_lost_flags_descriptions_and_unknown_keys_are_gone_but_crowd_stays(one):
    returned, _ = one(
        square(
            "cat",
            5,
            5,
            10,
            flags={"crowd": True, "blurred": True},
            description="asleep",
            extra={"score": 0.5},
        )
    )
    (shape,) = returned.shapes
    assert (shape.flags, shape.description) == ({"crowd": True}, None)
    assert "score" not in shape.extra


def test_lost_points_and_lines_were_counted_when_they_went(one):
    returned, coco = one(
        square("cat", 5, 5, 10), draw("nose", (8, 8), kind="point"), draw("tail", (1, 1), (9, 9), kind="line")
    )
    assert [shape.label for shape in returned.shapes] == ["cat"]
    rows = [json.loads(line) for line in Path("drawn.coco.ledger.jsonl").read_text().splitlines()]
    assert [row["reason"] for row in rows] == ["", "not-an-area", "not-an-area"]
    assert [row["name"] for row in coco["categories"]] == ["cat"]


def test_lost_points_outside_the_image_come_back_at_its_edge(one):
    returned, _ = one(square("cat", -5, -5, 20))
    (shape,) = returned.shapes
    assert {value for point in shape.points for value in point} == {0.0, 15.0}


def test_nothing_else_is_lost_than_what_is_listed():
    """Whoever finds another loss writes it down, with a test of its own."""
    tests = [name for name in globals() if name.startswith("test_lost_")]
    assert (len(LOST_BY_COCO), len(tests)) == (7, 6)


# YOLO: one ring for each object, no holes, no parts


@pytest.mark.parametrize("sample", SAMPLES)
def test_yolo_gives_back_every_object_and_says_which_lost_pixels(home, sample):
    source, back, names = there_and_back(home, sample, "yolo")
    before, after = instances(source, names), instances(back, names)
    assert {name: Counter(row[0] for row in rows) for name, rows in before.items()} == {
        name: Counter(row[0] for row in rows) for name, rows in after.items()
    }
    lost = [json.loads(line) for line in (home / f"{sample}.yolo/ledger.jsonl").read_bytes().splitlines()]
    damaged = {row["instance"] for row in lost if row.get("lost")}
    moved = [
        abs(one[1] - other[1]) / one[1]
        for name, rows in before.items()
        for one, other in zip(rows, after[name], strict=True)
    ]
    assert sum(share > 0.1 for share in moved) <= 2 * len(damaged)


# VOC: boxes


@pytest.mark.parametrize("sample", SAMPLES)
def test_voc_gives_back_every_box_and_nothing_of_the_outline(home, sample):
    source, back, names = there_and_back(home, sample, "voc")
    before, after = instances(source, names), instances(back, names)
    for name, rows in before.items():
        assert sorted((row[0], row[2]) for row in rows) == sorted((row[0], row[2]) for row in after[name])
    kinds = {shape.kind for path in back.rglob("*.json") for shape in read_annotation(path).shapes}
    assert kinds == {"rectangle"}

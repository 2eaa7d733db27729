"""A small annotation folder, a desk, and a person who works on it with Labelme, as files show it."""

import json
from pathlib import Path

from PIL import Image

from workbench.data.annotation import Annotation, Shape
from workbench.drafting.accept import bring_back
from workbench.drafting.draft import mark_proposal
from workbench.formats.labelme import read_annotation, write_annotation


def box(label="cat", x=10.0, y=10.0, size=20.0, **more):
    points = ((x, y), (x + size, y), (x + size, y + size), (x, y + size))
    return Shape(label=label, kind="polygon", points=points, **more)


CAT, DOG, COW = box("cat"), box("dog", 50), box("cow", 10, 50)


def make_image(path, size=(100, 80)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 140, 90)).save(path)


def label(root, image, *shapes, **more):
    """An image with what a person drew."""
    make_image(root / image)
    target = (root / image).with_suffix(".json")
    write_annotation(
        target, Annotation(image_path=Path(image).name, image_size=(100, 80), shapes=shapes, **more)
    )
    return target


def propose(shape, name="7", **more):
    return mark_proposal([shape], run="r1", name=name, score=0.9, **more)


def save_as_labelme(path, edit=lambda raw: None, version="6.3.1"):
    """Read a draft, change it, and write it as Labelme does: what it does not know first, nothing left empty."""
    raw = json.loads(path.read_text())
    edit(raw)
    known = ("label", "points", "group_id", "description", "shape_type", "flags", "mask")
    shapes = [
        {key: value for key, value in shape.items() if key not in known}
        | {key: shape.get(key) for key in known}
        | {
            "description": shape.get("description") or "",
            "flags": {"torn": False} | (shape.get("flags") or {}),
        }
        for shape in raw["shapes"]
    ]
    raw = raw | {"version": version, "shapes": shapes, "flags": {"blurred": False} | raw["flags"]}
    path.write_text(json.dumps(raw, ensure_ascii=False, indent=2))


def tick(raw):
    """The flag that says: looked at."""
    raw["flags"] = dict.fromkeys(raw["flags"], True)


def accept(desk, root, **more):
    return {one.image: one for one in bring_back(desk, annotations=root, stamp="now", **more)}


def labels(path):
    return [shape.label for shape in read_annotation(path).shapes]

"""Spoil a known share of a folder's labels, the same way every time, and write down which.

    python -m benchmarks.spoiled_labels annotations/balloons build/spoiled --labels annotations/balloons/labels.txt

A third of the spoiled objects is dropped, a third shifted by 30 to 70 % of its own width and height, a third swapped:
with several classes an object gets another class; with one class it moves to another image, where it keeps its place.
"""

import argparse
import json
import math
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from workbench.conversion.folder import convert_folder
from workbench.data.annotation import Annotation, Shape
from workbench.formats.labelme import read_annotation, write_annotation
from workbench.project import read_labels

SHARE, KINDS = 0.1, ("dropped", "shifted", "swapped")
NEAREST, FARTHEST = 0.3, 0.7  # of its own size that a shifted object is moved by
SPOILED, CLEAN = "spoiled.json", "clean.json"
Window = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One object of the folder: its shapes, and where it lies."""

    annotation: str
    image: str
    size: tuple[int, int]
    shapes: tuple[int, ...]
    window: Window
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoiled:
    """What was done: where the object really is, and where its label lies now (nowhere: dropped)."""

    kind: str
    image: str
    window: Window
    name: str
    now: str = ""
    now_window: Window | None = None
    now_name: str = ""


def spoil_folder(source: Path, out: Path, labels: Sequence[str], *, share: float, seed: int) -> list[Spoiled]:
    """Copy the folder with some labels spoiled; what was done is beside it, and so is the truth."""
    shutil.copytree(source, out)
    objects = list_objects(source, out.parent / f"{out.name}-{CLEAN}", labels)
    chance = random.Random(seed)
    chosen = chance.sample(objects, round(share * len(objects)))
    kinds = [KINDS[place % len(KINDS)] for place in range(len(chosen))]
    work = _Work(out, {one.annotation: read_annotation(out / one.annotation) for one in objects})
    swapped = [one for one, kind in zip(chosen, kinds, strict=True) if kind == "swapped"]
    done = [
        work.drop(one) if kind == "dropped" else work.shift(one, chance)
        for one, kind in zip(chosen, kinds, strict=True)
        if kind != "swapped"
    ]
    names = [name for name in labels if any(one.name == name for one in objects)]
    if len(names) > 1:
        done += [
            work.rename(one, chance.choice([name for name in names if name != one.name])) for one in swapped
        ]
    else:
        done += work.exchange(swapped)
    work.write()
    text = json.dumps([asdict(one) for one in done], indent=1)
    (out.parent / f"{out.name}-{SPOILED}").write_text(text + "\n")
    return done


def list_objects(source: Path, truth: Path, labels: Sequence[str]) -> list[Labelled]:
    """Every object that convert makes of the folder, with the shapes it was drawn with, holes too."""
    convert_folder(source, truth, list(labels), as_rle=True, strict=False)
    document = json.loads(truth.read_text())
    images = {image["id"]: image for image in document["images"]}
    names = {category["id"]: category["name"] for category in document["categories"]}
    objects = []
    for row in document["annotations"]:
        image, (left, top, wide, high) = images[row["image_id"]], row["bbox"]
        shapes = read_annotation(source / image["annotation"]).shapes
        groups = {shapes[place].group for place in row["shapes"] if isinstance(shapes[place], Shape)} - {None}
        own = {
            place for place, shape in enumerate(shapes) if isinstance(shape, Shape) and shape.group in groups
        }
        objects.append(
            Labelled(
                annotation=image["annotation"],
                image=image["file_name"],
                size=(image["width"], image["height"]),
                shapes=tuple(sorted({*row["shapes"], *own})),
                window=(left, top, left + wide, top + high),
                name=names[row["category_id"]],
            )
        )
    return objects


class _Work:
    """Annotations on their way to being spoiled: shapes are marked first and moved at the end, so that places stay."""

    def __init__(self, folder: Path, annotations: dict[str, Annotation]) -> None:
        self._folder = folder
        self._shapes = {name: list(one.shapes) for name, one in annotations.items()}
        self._annotations = annotations
        self._gone: set[tuple[str, int]] = set()

    def drop(self, one: Labelled) -> Spoiled:
        """The person did not see it."""
        self._gone |= {(one.annotation, place) for place in one.shapes}
        return Spoiled(kind="dropped", image=one.image, window=one.window, name=one.name)

    def shift(self, one: Labelled, chance: random.Random) -> Spoiled:
        """The hand slipped; the middle stays in the image."""
        left, top, right, bottom = one.window
        for _ in range(50):
            angle, far = chance.uniform(0, 2 * math.pi), chance.uniform(NEAREST, FARTHEST)
            x, y = far * (right - left) * math.cos(angle), far * (bottom - top) * math.sin(angle)
            if 0 < (left + right) / 2 + x < one.size[0] and 0 < (top + bottom) / 2 + y < one.size[1]:
                break
        for place in one.shapes:
            self._shapes[one.annotation][place] = _move(self._shapes[one.annotation][place], x, y)
        return self._note("shifted", one, one, (x, y))

    def rename(self, one: Labelled, name: str) -> Spoiled:
        """The wrong name was clicked on."""
        for place in one.shapes:
            shape = self._shapes[one.annotation][place]
            if shape.label == one.name:
                self._shapes[one.annotation][place] = replace(shape, label=name)
        return replace(self._note("swapped", one, one, (0, 0)), now_name=name)

    def exchange(self, several: Sequence[Labelled]) -> list[Spoiled]:
        """Each goes to the image of the next and keeps its place there: a label of another photograph."""
        done = []
        for one, other in zip(several, [*several[1:], *several[:1]], strict=True):
            done.append(self._send(one, other))
        for one in several:
            self._gone |= {(one.annotation, place) for place in one.shapes}
        return done

    def _send(self, one: Labelled, other: Labelled) -> Spoiled:
        """Into the other's image; where that is smaller, moved until it fits."""
        move = []
        for axis in (0, 1):
            low, high = one.window[axis], one.window[axis + 2]
            move.append(min(0.0, max(other.size[axis] - high, -low)))
        groups = [shape.group or 0 for shape in self._shapes[other.annotation]]
        for place in one.shapes:
            shape = _move(self._shapes[one.annotation][place], move[0], move[1])
            number = None if shape.group is None else max(groups, default=0) + 1
            self._shapes[other.annotation].append(replace(shape, group=number))
        return self._note("swapped", one, other, (move[0], move[1]))

    def _note(self, kind: str, one: Labelled, other: Labelled, by: tuple[float, float]) -> Spoiled:
        window = tuple(
            min(max(0.0, value + by[place % 2]), float(other.size[place % 2]))
            for place, value in enumerate(one.window)
        )
        return Spoiled(
            kind=kind,
            image=one.image,
            window=one.window,
            name=one.name,
            now=other.image,
            now_window=(window[0], window[1], window[2], window[3]),
            now_name=one.name,
        )

    def write(self) -> None:
        """Write every annotation that is another now."""
        for name, annotation in self._annotations.items():
            kept = tuple(
                shape for place, shape in enumerate(self._shapes[name]) if (name, place) not in self._gone
            )
            if kept != annotation.shapes:
                write_annotation(self._folder / name, replace(annotation, shapes=kept))


def _move(shape: Shape, x: float, y: float) -> Shape:
    return replace(shape, points=tuple((left + x, top + y) for left, top in shape.points))


def main() -> None:
    """Spoil, and say what."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--share", type=float, default=SHARE)
    parser.add_argument("--seed", type=int, default=0)
    typed = parser.parse_args()
    done = spoil_folder(
        typed.source, typed.out, read_labels(typed.labels), share=typed.share, seed=typed.seed
    )
    for kind in KINDS:
        print(f"{sum(one.kind == kind for one in done)} {kind}")


if __name__ == "__main__":
    main()

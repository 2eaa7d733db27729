"""Short ways to draw annotations in tests."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.data.annotation import Annotation, Shape
from workbench.data.dataset import Category, Image, ImageInstances
from workbench.data.mask import array_to_png
from workbench.prepare.collect import collect_instances
from workbench.project import make_categories


def draw(label: str, *points: tuple[float, float], kind: str = "polygon", **more: Any) -> Shape:
    """Return a shape through these points."""
    return Shape(label=label, kind=kind, points=tuple((float(x), float(y)) for x, y in points), **more)


def square(label: str, x: float, y: float, side: float, **more: Any) -> Shape:
    """Return an upright square as a polygon."""
    return draw(label, (x, y), (x + side, y), (x + side, y + side), (x, y + side), **more)


def stamp(label: str, x: int, y: int, picture: np.ndarray, **more: Any) -> Shape:
    """Return a mask shape whose top left pixel is (x, y)."""
    height, width = picture.shape
    ends = ((x, y), (x + width - 1, y + height - 1))
    return draw(label, *ends, kind="mask", mask=array_to_png(picture), **more)


def annotate(*shapes: Shape, size: tuple[int, int] = (100, 80), **more: Any) -> Annotation:
    """Return an annotation of these shapes."""
    return Annotation(image_path="image.jpg", image_size=size, shapes=shapes, **more)


def by_name(*things: str, stuff: tuple[str, ...] = ()) -> Mapping[str, Category]:
    """Return categories by their name."""
    return {category.name: category for category in make_categories(list(things), list(stuff))}


def collect(
    *shapes: Shape, categories: Mapping[str, Category] | None = None, as_rle: bool = False
) -> ImageInstances:
    """Collect these shapes on an image of 100 x 80."""
    image = Image(path="image.jpg", width=100, height=80, annotation="image.json")
    return collect_instances(annotate(*shapes), image, categories or by_name("cat", "dog"), as_rle=as_rle)

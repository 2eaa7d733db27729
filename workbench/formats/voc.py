"""Instances to Pascal VOC xml: boxes of whole pixels, counted from 1, the last one included."""

import re
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import (
    Element,
    SubElement,
    indent,
    tostring,
)  # writes only; reading is defusedxml's

from workbench.data.dataset import Category, ImageInstances, Instance
from workbench.files import write_atomically
from workbench.formats.loss import Loss

# what no XML can hold, escaped or not
_NO_XML = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def write_voc(
    images: Iterable[ImageInstances], categories: Sequence[Category], out: Path, *, part: str = ""
) -> Iterator[Loss]:
    """Write Annotations/<part>/<image>.xml for each image, as it comes; yield what the format loses."""
    names = {category.id: category.name for category in categories}
    for item in images:
        name = PurePosixPath(item.image.path).with_suffix(".xml")
        write_atomically(out / "Annotations" / part / name, image_to_xml(item, names))
        for place, _ in enumerate(item.instances):
            yield Loss(image=item.image.path, instance=place, what="outline")


def image_to_xml(item: ImageInstances, names: dict[int, str]) -> bytes:
    """Return the xml of one image; `filename` has no folder, as VOC wants it."""
    root, image = Element("annotation"), item.image
    path = PurePosixPath(image.path)
    _add(root, folder=str(path.parent) if path.parent.parts else "", filename=path.name)
    _add(SubElement(root, "size"), width=image.width, height=image.height, depth=3)
    _add(root, segmented=0)
    for instance in item.instances:
        _add_object(root, instance, names[instance.category_id], image.width, image.height)
    indent(root)
    content: bytes = tostring(root, "utf-8")
    return content + b"\n"


def _add_object(root: Element, instance: Instance, name: str, width: int, height: int) -> None:
    """A crowd becomes difficult: what evaluation leaves out."""
    found, box = SubElement(root, "object"), instance.box
    _add(found, name=name, pose="Unspecified", truncated=0, difficult=int(instance.crowd))
    corner = {"xmin": max(0, floor(box.x_min)) + 1, "ymin": max(0, floor(box.y_min)) + 1}
    opposite = {"xmax": min(width, ceil(box.x_max)), "ymax": min(height, ceil(box.y_max))}
    _add(SubElement(found, "bndbox"), **corner, **opposite)


def _add(parent: Element, **children: object) -> None:
    for name, value in children.items():
        SubElement(parent, name).text = _NO_XML.sub(_make_visible, str(value))


def _make_visible(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()

"""Pascal VOC xml: boxes that count pixels from 1 and include their last one.

So a box of xmin 1, xmax W covers the whole width: it goes from 0 to W here. Some tools write VOC files that count
from 0 (Labelme's example script does): `--zero-based` takes their numbers as they are.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.annotation import Shape
from workbench.errors import AnnotationError, DatasetError
from workbench.importing import drawing
from workbench.importing.contract import (
    BadFile,
    Imported,
    Size,
    Source,
    SourceImage,
    SourceObject,
    find_files,
)
from workbench.importing.skip import Skip
from workbench.importing.xml_reader import read_xml, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_voc(source: Source) -> Imported:
    """Read one file, or every xml file of a folder."""
    files = find_files(source, ".xml")
    if not files:
        raise DatasetError(
            source.path, "", "a folder must hold VOC xml files, but this one holds none; name another"
        )
    if source.path.is_file():
        return Imported(images=[_read_image(source, source.path)], total=1, labels=source.labels)
    return Imported(images=_read_many(source, files), total=len(files), labels=source.labels)


def _read_many(source: Source, files: list[Path]) -> Iterator[SourceImage | BadFile]:
    for path in files:
        try:
            yield _read_image(source, path)
        except AnnotationError as error:
            yield BadFile(source=source.name(path), rule=error.rule, message=error.message)


def _read_image(source: Source, path: Path) -> SourceImage:
    root = read_xml(path)
    if root.tag != "annotation":
        message = f"a VOC file must begin with <annotation>, but begins with <{root.tag[:40]}>; choose another --format"
        raise DatasetError(path, "", message, "not-voc")
    name = text_of(root, "filename") or path.stem
    found = [_read_object(place, one, source.zero_based) for place, one in enumerate(root.findall("object"))]
    return SourceImage(
        source=source.name(path),
        name=name,
        base=source.base(path),
        size=_read_size(root),
        objects=tuple(found),
    )


def _read_size(root: "Element") -> Size | None:
    """Return the size that is said; many tools write zeros."""
    width, height = (text_of(root, f"size/{name}") for name in ("width", "height"))
    whole = width.isascii() and width.isdigit() and height.isascii() and height.isdigit()
    if not whole or len(width) > 9 or len(height) > 9:
        return None
    return (int(width), int(height)) if int(width) and int(height) else None


def _read_object(place: int, raw: "Element", zero_based: bool) -> SourceObject:
    label, corners = text_of(raw, "name"), raw.find("bndbox")
    lowest = corners is not None and any(text_of(corners, name) in ("0", "0.0") for name in ("xmin", "ymin"))
    return SourceObject(
        where=f"object[{place}]",
        label=label,
        kind="bndbox",
        make=partial(_draw, raw, label, 0 if zero_based else 1),
        note="counts-from-zero" if lowest and not zero_based else "",
    )


def _draw(raw: "Element", label: str, first: int, _size: Size) -> tuple[Shape, ...]:
    box = raw.find("bndbox")
    if box is None:
        raise Skip("no-geometry", "an object must have a bndbox, but has none")
    x0, y0, x1, y1 = (drawing.number(text_of(box, name), name) for name in ("xmin", "ymin", "xmax", "ymax"))
    corner = (max(x0 - first, min(x0, 0)), max(y0 - first, min(y0, 0)))
    flags = {
        name: True for name in ("truncated", "difficult", "occluded") if text_of(raw, name) in ("1", "true")
    }
    pose = text_of(raw, "pose")
    extra = {"pose": pose} if pose not in ("", "Unspecified") else {}
    parts = [{"name": text_of(part, "name"), **_part_box(part)} for part in raw.findall("part")]
    return (
        drawing.draw_rectangle(
            label, corner, (x1, y1), flags=flags, extra=extra | ({"parts": parts} if parts else {})
        ),
    )


def _part_box(part: "Element") -> dict[str, str]:
    """Keep a body part's box as it was written: Labelme has no parts."""
    return {name: text_of(part, f"bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax")}

"""CVAT for images 1.1: every shape that it draws on single images."""

from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.data.annotation import Shape
from workbench.errors import DatasetError
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

NOT_OBJECTS = ("tag", "attribute")
OWN_GROUPS = (
    1_000_000  # points drawn as one object stay together in a group of their own, far from CVAT's numbers
)


def read_cvat(source: Source) -> Imported:
    """Read annotations.xml, or the only xml file of a folder."""
    files = find_files(source, ".xml")
    if len(files) != 1:
        raise DatasetError(
            source.path, "", f"there must be one xml file, but there are {len(files)}; name the file itself"
        )
    root = read_xml(files[0])
    if root.tag != "annotations" or root.find("track") is not None:
        what = "for video" if root.tag == "annotations" else f"<{root.tag[:40]}>"
        message = f"the file must be CVAT for images 1.1, but is {what}; export it as “CVAT for images 1.1”"
        raise DatasetError(files[0], "", message, "not-cvat")
    images = tuple(_read_image(source, files[0], image) for image in root.findall("image"))
    return Imported(images=images, total=len(images), labels=source.labels or _read_labels(root))


def _read_labels(root: "Element") -> tuple[str, ...]:
    """Return the labels in the order of the task or the project."""
    names = [text_of(label, "name") for label in root.findall("meta//labels/label")]
    return tuple(dict.fromkeys(name for name in names if name))


def _read_image(source: Source, path: Any, raw: "Element") -> SourceImage | BadFile:
    if not raw.get("name"):
        return BadFile(
            source=source.name(path), rule="bad-structure", message=f"image {raw.get('id')} must have a name"
        )
    objects = [
        _read_object(place, one)
        for place, one in enumerate(child for child in raw if child.tag not in NOT_OBJECTS)
    ]
    return SourceImage(
        source=source.name(path),
        name=raw.get("name", ""),
        base=source.base(path),
        size=_read_size(raw),
        objects=tuple(objects),
        flags={tag.get("label", ""): True for tag in raw.findall("tag") if tag.get("label")},
    )


def _read_size(raw: "Element") -> Size | None:
    width, height = raw.get("width", ""), raw.get("height", "")
    whole = all(text.isascii() and text.isdigit() and len(text) < 10 for text in (width, height))
    return (int(width), int(height)) if whole and int(width) and int(height) else None


def _read_object(place: int, raw: "Element") -> SourceObject:
    label = raw.get("label", "").strip()
    return SourceObject(
        where=f"{raw.tag[:40]}[{place}]",
        label=label,
        kind=raw.tag[:40],
        make=partial(_draw, place, raw, label),
    )


def _draw(place: int, raw: "Element", label: str, size: Size) -> tuple[Shape, ...]:
    more = _read_more(raw)
    match raw.tag:
        case "box":
            x0, y0, x1, y1 = _take(raw, "xtl", "ytl", "xbr", "ybr")
            corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
            pivot = ((x0 + x1) / 2, (y0 + y1) / 2)
            return (drawing.draw_turned(label, corners, pivot, _angle(raw), **more),)
        case "polygon":
            return (drawing.draw_polygon(label, _points(raw), **more),)
        case "polyline":
            return (drawing.draw_line(label, _points(raw), **more),)
        case "points":
            points = _points(raw)
            own = None if len(points) < 2 else OWN_GROUPS + place
            return drawing.draw_points(label, points, **{**more, "group": more["group"] or own})
        case "ellipse":
            x, y, rx, ry = _take(raw, "cx", "cy", "rx", "ry")
            return (drawing.draw_ellipse(label, (x, y), (rx, ry), _angle(raw), **more),)
        case "mask":
            return (_draw_mask(raw, label, size, more),)
    raise Skip("unknown-kind", f"a {raw.tag[:40]} has no form in Labelme; export it as boxes or polygons")


def _read_more(raw: "Element") -> dict[str, Any]:
    attributes = {one.get("name", ""): (one.text or "").strip() for one in raw.findall("attribute")}
    flags, kept = drawing.split_attributes(attributes)
    flags |= {"occluded": True} if raw.get("occluded") == "1" else {}
    group, order = raw.get("group_id", ""), raw.get("z_order", "0")
    extra: dict[str, object] = {"attributes": kept} if kept else {}
    extra |= {"z_order": order} if order != "0" else {}
    whole = group.isascii() and group.isdigit() and len(group) < 10 and int(group) > 0
    return {"group": int(group) if whole else None, "flags": flags, "extra": extra}


def _angle(raw: "Element") -> float:
    return drawing.number(raw.get("rotation", "0"), "rotation")


def _take(raw: "Element", *names: str) -> list[float]:
    return [drawing.number(raw.get(name), name) for name in names]


def _points(raw: "Element") -> tuple[tuple[float, float], ...]:
    flat = raw.get("points", "").replace(";", ",").split(",")
    return drawing.pair_up(drawing.numbers([word for word in flat if word.strip()], "points"), "points")


def _draw_mask(raw: "Element", label: str, size: Size, more: dict[str, Any]) -> Shape:
    """Lay out runs that go row by row through the mask's own box."""
    left, top, width, height = (int(value) for value in _take(raw, "left", "top", "width", "height"))
    if width < 1 or height < 1 or left < 0 or top < 0 or left + width > size[0] or top + height > size[1]:
        raise Skip(
            "bad-rle", f"a mask must lie inside its image, but has {width} x {height} px at {left}, {top}"
        )
    words = [word.strip() for word in raw.get("rle", "").split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) < 12 for word in words):
        raise Skip("bad-rle", "the runs of a mask must be whole numbers, but one is not")
    runs = drawing.runs_to_array([int(word) for word in words], width * height)
    return drawing.draw_mask(label, runs.reshape(height, width), left, top, **more)

"""VGG Image Annotator, 1.x and 2.x: exports and project files."""

from collections.abc import Iterator, Mapping
from functools import partial
from math import degrees
from pathlib import Path
from typing import Any

from workbench.data.annotation import Shape
from workbench.errors import DatasetError
from workbench.formats.labelme import parse_json, read_bytes
from workbench.importing import drawing
from workbench.importing.contract import (
    DEFAULT_LABEL,
    BadFile,
    Imported,
    Size,
    Source,
    SourceImage,
    SourceObject,
    find_files,
)
from workbench.importing.skip import Skip

LABEL_NAMES = ("label", "class", "name", "category", "type", "object")
Raw = Mapping[str, Any]


def read_via(source: Source) -> Imported:
    """Read one file, or every VIA file of a folder."""
    files = find_files(source, ".json")
    read = {path: read_entries(path) for path in files if source.path.is_file() or looks_like_via(path)}
    if not read:
        raise DatasetError(
            source.path,
            "",
            "a folder must hold a VIA json file, but this one holds none; name the file itself",
        )
    label = _choose_default(source, read.values())
    images = (
        _read_entry(source, path, key, entry, label)
        for path, entries in read.items()
        for key, entry in entries
    )
    return Imported(images=images, total=sum(map(len, read.values())), labels=source.labels)


def looks_like_via(path: Path) -> bool:
    """Tell VIA from other json files by its content."""
    try:
        return bool(read_entries(path))
    except DatasetError:
        return False


def is_via(raw: object) -> bool:
    """Recognise an export, or a project file."""
    if isinstance(raw, dict) and "_via_img_metadata" in raw:
        return True
    first = next(iter(raw.values()), None) if isinstance(raw, dict) else None
    return isinstance(first, dict) and "filename" in first and "regions" in first


def read_entries(path: Path) -> list[tuple[str, Any]]:
    """Return the images of one file by their keys."""
    raw = parse_json(read_bytes(path), path)
    if not is_via(raw):
        message = "a VIA file must map keys to images with filename and regions, but does not; choose another --format"
        raise DatasetError(path, "", message, "not-via")
    entries = raw.get("_via_img_metadata", raw)
    if not isinstance(entries, dict):
        raise DatasetError(
            path, "_via_img_metadata", "it must be an object, but is not; export the project again"
        )
    return list(entries.items())


def _choose_default(source: Source, files: Any) -> str:
    """Return the label of regions that have none: the only class there is, or `object`."""
    if len(source.labels) == 1:
        return source.labels[0]
    found = {label for entries in files for _, entry in entries for label in _labels(entry)}
    return found.pop() if len(found) == 1 else DEFAULT_LABEL


def _labels(entry: Any) -> Iterator[str]:
    if isinstance(entry, dict):
        for _, region in _regions(entry.get("regions")):
            if isinstance(region, dict) and isinstance(region.get("region_attributes"), dict):
                label = _find_label(region["region_attributes"])[0]
                if label:
                    yield label


def _regions(raw: object) -> list[tuple[str, Any]]:
    """List the regions: VIA 1 keeps them in an object, VIA 2 in a list."""
    if isinstance(raw, dict):
        return list(raw.items())
    return [(str(place), region) for place, region in enumerate(raw)] if isinstance(raw, list) else []


def _read_entry(source: Source, path: Path, key: str, entry: Any, default: str) -> SourceImage | BadFile:
    if not isinstance(entry, dict) or not isinstance(entry.get("filename"), str):
        return BadFile(
            source=source.name(path),
            rule="bad-structure",
            message=f"{key[:60]!r} must be an image with a filename",
        )
    if not isinstance(entry.get("regions", []), dict | list | None):
        return BadFile(
            source=source.name(path), rule="bad-structure", message=f"{key[:60]!r}: regions must be a list"
        )
    attributes = entry.get("file_attributes")
    flags, kept = _read_attributes(attributes if isinstance(attributes, dict) else {})
    return SourceImage(
        source=source.name(path),
        name=entry["filename"],
        base=source.base(path),
        objects=tuple(
            _read_region(place, region, default) for place, region in _regions(entry.get("regions"))
        ),
        flags=flags,
        extra={"file_attributes": kept} if kept else {},
    )


def _read_attributes(raw: Raw) -> tuple[dict[str, bool], dict[str, object]]:
    """Tick boxes and yes/no become flags; text is kept."""
    flags, kept = drawing.split_attributes(
        {name: value for name, value in raw.items() if value not in ("", None)}
    )
    for name, value in list(kept.items()):
        if isinstance(value, dict):
            flags |= {f"{name}.{option}": True for option, on in value.items() if on is True}
            del kept[name]
        elif value in ("yes", "no"):
            flags[name] = kept.pop(name) == "yes"
    return flags, kept


def _read_region(place: str, region: Any, default: str) -> SourceObject:
    where = f"regions[{place[:40]}]"
    raw = region if isinstance(region, dict) else {}
    shape, attributes = raw.get("shape_attributes"), raw.get("region_attributes")
    shape = shape if isinstance(shape, dict) else {}
    label, rest = _find_label(attributes if isinstance(attributes, dict) else {})
    kind = str(shape.get("name", ""))[:40]
    return SourceObject(
        where=where, label=label or default, kind=kind, make=partial(_draw, shape, label or default, rest)
    )


def _find_label(attributes: Raw) -> tuple[str, Raw]:
    """Return the class: the attribute that is named like one, or the only one; and the other attributes."""
    named = {str(name).lower(): name for name in attributes}
    key = next((named[name] for name in LABEL_NAMES if name in named), next(iter(attributes), None))
    if key is None or (len(attributes) > 1 and str(key).lower() not in LABEL_NAMES):
        return "", attributes
    value = attributes[key]
    if isinstance(value, dict):  # a tick box: {"balloon": true}
        ticked = [option for option, on in value.items() if on is True]
        value = ticked[0] if len(ticked) == 1 else ""
    rest = {name: other for name, other in attributes.items() if name != key}
    return (value.strip(), rest) if isinstance(value, str) else ("", attributes)


def _draw(raw: Raw, label: str, attributes: Raw, _size: Size) -> tuple[Shape, ...]:
    flags, kept = _read_attributes(attributes)
    more: dict[str, Any] = {"flags": flags, "extra": {"attributes": kept} if kept else {}}
    match raw.get("name"):
        case "polygon":
            return (drawing.draw_polygon(label, _points(raw), **more),)
        case "polyline":
            return (drawing.draw_line(label, _points(raw), **more),)
        case "rect":
            x, y, width, height = _take(raw, "x", "y", "width", "height")
            return (drawing.draw_rectangle(label, (x, y), (x + width, y + height), **more),)
        case "circle":
            x, y, radius = _take(raw, "cx", "cy", "r")
            return (drawing.draw_ellipse(label, (x, y), (radius, radius), **more),)
        case "ellipse":
            x, y, rx, ry, theta = _take({"theta": 0, **raw}, "cx", "cy", "rx", "ry", "theta")
            return (drawing.draw_ellipse(label, (x, y), (rx, ry), degrees(theta), **more),)
        case "point":
            x, y = _take(raw, "cx", "cy")
            return drawing.draw_points(label, [(x, y)], **more)
    raise Skip(
        "unknown-kind",
        f"VIA's shapes are polygon, polyline, rect, circle, ellipse, point, but got {str(raw.get('name'))[:40]!r}",
    )


def _points(raw: Raw) -> list[tuple[float, float]]:
    xs = drawing.numbers(raw.get("all_points_x"), "all_points_x")
    ys = drawing.numbers(raw.get("all_points_y"), "all_points_y")
    if len(xs) != len(ys):
        raise Skip("bad-points", f"a shape must have as many x as y, but has {len(xs)} and {len(ys)}")
    return list(zip(xs, ys, strict=True))


def _take(raw: Raw, *names: str) -> list[float]:
    return [drawing.number(raw.get(name), name) for name in names]

"""COCO instances to Labelme: polygons as polygons, run lengths as masks without loss, boxes as rectangles."""

from ast import literal_eval
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from workbench.data.annotation import Shape
from workbench.errors import AnnotationError, DatasetError
from workbench.formats.labelme import parse_json, read_bytes
from workbench.importing import drawing, panoptic
from workbench.importing.contract import (
    BadFile,
    Imported,
    Size,
    Source,
    SourceImage,
    SourceObject,
    find_files,
    skip,
)
from workbench.importing.skip import Skip

OWN_KEYS = ("id", "image_id", "category_id", "segmentation", "bbox", "area", "iscrowd", "shapes")
Raw = Mapping[str, Any]


def read_coco(source: Source) -> Imported:
    """Read one file of instances or of panoptic segments, or every such file of a folder."""
    files = find_files(source, ".json")
    read = {path: raw for path in files if (raw := _read(path, source.path.is_file())) is not None}
    if not read:
        raise DatasetError(
            source.path,
            "",
            "a folder must hold a COCO json file, but this one holds none; name the file itself",
        )
    categories = [_categories(raw, path) for path, raw in read.items()]
    return Imported(
        images=(
            image
            for (path, raw), names in zip(read.items(), categories, strict=True)
            for image in _images(source, path, raw, names)
        ),
        total=sum(len(raw["images"]) for raw in read.values()),
        labels=source.labels or _order(list(read.values())),
        stuff=tuple(
            dict.fromkeys(name for raw in read.values() for name in _names(raw) if not _is_thing(raw, name))
        ),
    )


def is_coco(raw: object) -> bool:
    """Recognise instances and panoptic files; a list of results, or captions, are none."""
    return isinstance(raw, dict) and all(
        isinstance(raw.get(key), list) for key in ("images", "annotations", "categories")
    )


def _read(path: Path, required: bool) -> Any:
    try:
        raw = parse_json(read_bytes(path), path)
    except AnnotationError:
        if required:
            raise
        return None
    if is_coco(raw):
        return raw
    if required:
        message = (
            "a COCO file must list images, annotations and categories, but does not; choose another --format"
        )
        raise DatasetError(path, "", message, "not-coco")
    return None


def _categories(raw: Raw, path: Path) -> dict[int, str]:
    names: dict[int, str] = {}
    for place, category in enumerate(raw["categories"]):
        number, name = (
            (category.get("id"), category.get("name")) if isinstance(category, dict) else (None, None)
        )
        if type(number) is not int or not isinstance(name, str) or number in names:
            message = "a category must have a name and an id of its own, but has not; mend the file"
            raise DatasetError(path, f"categories[{place}]", message)
        names[number] = name.strip()
    return names


def _names(raw: Raw) -> list[str]:
    return [
        category["name"].strip()
        for category in sorted(raw["categories"], key=lambda category: category["id"])
    ]


def _is_thing(raw: Raw, name: str) -> bool:
    return any(one["name"].strip() == name and one.get("isthing", 1) for one in raw["categories"])


def _order(files: list[Raw]) -> tuple[str, ...]:
    """Put things before stuff, in order of their ids; leave out an unused class that only heads others (Roboflow)."""
    things: dict[str, None] = {}
    stuff: dict[str, None] = {}
    for raw in files:
        used = set(map(str, panoptic.used_categories(raw["annotations"])))
        heads = {str(one.get("supercategory")) for one in raw["categories"]}
        heading = {
            one["name"].strip()
            for one in raw["categories"]
            if str(one["id"]) not in used and one["name"] in heads
        }
        for name in _names(raw):
            if name not in heading:
                (things if _is_thing(raw, name) else stuff)[name] = None
    return tuple(things | stuff)


def _images(
    source: Source, path: Path, raw: Raw, names: Mapping[int, str]
) -> Iterator[SourceImage | BadFile]:
    by_image: dict[object, list[tuple[int, Raw]]] = {}
    for place, annotation in enumerate(raw["annotations"]):
        key = annotation.get("image_id") if isinstance(annotation, dict) else None
        by_image.setdefault(key if isinstance(key, int | str) else None, []).append((place, annotation))
    has_segments = any(isinstance(one, dict) and "segments_info" in one for one in raw["annotations"])
    pictures = panoptic.build_pictures(source, path) if has_segments else None
    for place, image in enumerate(raw["images"]):
        if (
            not isinstance(image, dict)
            or not isinstance(image.get("file_name"), str)
            or not isinstance(image.get("id"), int | str)
        ):
            yield BadFile(
                source=source.name(path),
                rule="bad-structure",
                message=f"images[{place}] must have an id and a file_name",
            )
            continue
        annotations = by_image.pop(image["id"], [])
        objects = (_objects(one, annotation, names, pictures) for one, annotation in annotations)
        yield SourceImage(
            source=source.name(path),
            name=image["file_name"],
            base=source.base(path),
            size=_size(image),
            objects=tuple(one for group in objects for one in group),
            flags={str(name): on for name, on in _dict(image.get("flags")).items() if isinstance(on, bool)},
        )
    orphans = [annotation for group in by_image.values() for annotation in group]
    if orphans:
        lost = tuple(_orphan(place) for place, _ in sorted(orphans, key=lambda one: one[0]))
        refused = Skip("no-image", "an annotation's image_id must be that of an image, but is not")
        yield SourceImage(source=source.name(path), name="", objects=lost, refused=refused)


def _orphan(place: int) -> SourceObject:
    return SourceObject(
        where=f"annotations[{place}]", label="", kind="", make=skip("no-image", "its image is unknown")
    )


def _size(image: Raw) -> Size | None:
    width, height = image.get("width"), image.get("height")
    return (width, height) if type(width) is int and type(height) is int and width > 0 < height else None


def _dict(raw: object) -> Raw:
    return raw if isinstance(raw, dict) else {}


def _objects(place: int, raw: Raw, names: Mapping[int, str], pictures: Any) -> Iterator[SourceObject]:
    """Make one object of each ring, one of a mask or a box; rings of one annotation share a group."""
    if isinstance(raw.get("segments_info"), list):
        yield from panoptic.read_segments(place, raw, names, pictures)
        return
    where, number = f"annotations[{place}]", raw.get("category_id")
    if type(number) is not int or number not in names:
        make = skip(
            "unknown-category", f"category_id must be one of the categories, but got {str(number)[:40]!r}"
        )
        yield SourceObject(where=where, label="", kind="", make=make)
        return
    parts = list(_parts(raw))
    group = place + 1 if len(parts) > 1 else None
    for suffix, kind, draw in parts:
        make = partial(_draw, draw, names[number], group, raw)
        yield SourceObject(where=where + suffix, label=names[number], kind=kind, make=make)


def _parts(raw: Raw) -> Iterator[tuple[str, str, Any]]:
    segmentation = raw.get("segmentation")
    if isinstance(segmentation, list) and segmentation and type(segmentation[0]) in (int, float):
        segmentation = [segmentation]  # some tools forget the outer list
    if isinstance(segmentation, list) and segmentation:
        for place, ring in enumerate(segmentation):
            yield f".segmentation[{place}]", "polygon", partial(_draw_ring, ring)
    elif isinstance(segmentation, dict) and segmentation:
        yield "", "rle", partial(_draw_rle, segmentation)
    elif raw.get("bbox") is not None:
        yield "", "bbox", partial(_draw_box, raw["bbox"])
    else:
        yield "", "", partial(_draw_nothing)


def _draw(draw: Any, label: str, group: int | None, raw: Raw, size: Size) -> tuple[Shape, ...]:
    flags = {str(name): on for name, on in _dict(raw.get("flags")).items() if isinstance(on, bool)}
    flags |= {"crowd": True} if raw.get("iscrowd") in (1, True) else {}
    kept = {key: value for key, value in raw.items() if key not in (*OWN_KEYS, "flags")}
    return (draw(label, size, group=group, flags=flags, extra={"coco": kept} if kept else {}),)


def _draw_ring(ring: object, label: str, _size: Size, **more: Any) -> Shape:
    return drawing.draw_polygon(label, drawing.pair_up(drawing.numbers(ring, "a ring"), "a ring"), **more)


def _draw_box(box: object, label: str, _size: Size, **more: Any) -> Shape:
    values = drawing.numbers(box, "bbox")
    if len(values) != 4:
        raise Skip("bad-points", f"bbox must be x, y, width, height, but has {len(values)} numbers")
    x, y, width, height = values
    return drawing.draw_rectangle(label, (x, y), (x + width, y + height), **more)


def _draw_nothing(_label: str, _size: Size, **_more: Any) -> Shape:
    raise Skip("no-geometry", "an annotation must have a segmentation or a bbox, but has neither")


def _draw_rle(rle: Raw, label: str, size: Size, **more: Any) -> Shape:
    from workbench.data.mask import mask_to_array, require_mask

    width, height = size
    if rle.get("size") not in ([height, width], [float(height), float(width)]):
        raise Skip(
            "size-mismatch",
            f"a mask must be as large as its image, {height} x {width}, but is {str(rle.get('size'))[:40]}",
        )
    try:
        mask = require_mask(height, width, _plain_counts(rle.get("counts")))
    except ValueError as error:
        raise Skip("bad-rle", str(error)) from error
    return drawing.draw_mask(label, mask_to_array(mask), **more)


def _plain_counts(counts: object) -> object:
    """Undo what some writers do to the packed bytes: the text b'…' instead of what is in it."""
    if isinstance(counts, str) and counts.startswith(("b'", 'b"')):
        try:
            return literal_eval(counts)
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise ValueError(f"an RLE must be COCO's packed text, but is {counts[:20]!r}") from error
    return counts

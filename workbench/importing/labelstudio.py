"""Label Studio's full JSON export: polygons, boxes, ellipses, key points and brush strokes, in percent of the image."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from workbench.data.annotation import Shape
from workbench.errors import DatasetError
from workbench.formats.labelme import parse_json, read_bytes
from workbench.importing import drawing
from workbench.importing.brush import decode_brush
from workbench.importing.contract import (
    DEFAULT_LABEL,
    BadFile,
    Imported,
    Make,
    Size,
    Source,
    SourceImage,
    SourceObject,
    find_files,
    skip,
)
from workbench.importing.skip import Skip

Raw = Mapping[str, Any]
NOT_SHAPES = (
    "choices",
    "rating",
    "textarea",
    "relation",
    "taxonomy",
    "number",
    "datetime",
    "pairwise",
    "ranker",
    "labels",
)
UPLOAD = re.compile(r"^[0-9a-f]{8}-(?=.)")  # what Label Studio puts before the name of an uploaded file
IMAGE_KEYS = ("image", "img", "photo", "picture", "url", "file")


def read_labelstudio(source: Source) -> Imported:
    """Read one export (JSON, not JSON-MIN)."""
    files = find_files(source, ".json")
    if len(files) != 1:
        raise DatasetError(
            source.path, "", f"there must be one json file, but there are {len(files)}; name the file itself"
        )
    raw = parse_json(read_bytes(files[0]), files[0])
    if not is_labelstudio(raw):
        message = "an export must be a list of tasks with data and annotations, but is not; export it as JSON"
        raise DatasetError(files[0], "", message, "not-labelstudio")
    images = (_read_task(source, files[0], place, task) for place, task in enumerate(raw))
    return Imported(images=images, total=len(raw), labels=source.labels)


def is_labelstudio(raw: object) -> bool:
    """Recognise a list of tasks."""
    return (
        isinstance(raw, list)
        and bool(raw)
        and any(
            isinstance(one, dict)
            and isinstance(one.get("data"), dict)
            and isinstance(one.get("annotations"), list)
            for one in raw
        )
    )


def _read_task(source: Source, path: Path, place: int, task: Any) -> SourceImage | BadFile:
    name = _find_image(source, task.get("data")) if isinstance(task, dict) else None
    annotations = task.get("annotations") if isinstance(task, dict) else None
    if name is None or not isinstance(annotations, list):
        message = f"[{place}] must have data with an image, and annotations"
        return BadFile(source=source.name(path), rule="bad-structure", message=message)
    objects = [
        one
        for number, annotation in enumerate(annotations)
        for one in _read_annotation(f"[{place}]", number, annotation, annotations)
    ]
    return SourceImage(
        source=source.name(path),
        name=name,
        base=source.base(path),
        objects=tuple(objects),
        flags=_read_choices(annotations),
    )


def _find_image(source: Source, data: Any) -> str | None:
    """Return the file name in the task's address, without the prefix of an upload where the images have none."""
    if not isinstance(data, dict):
        return None
    key = next((key for key in IMAGE_KEYS if isinstance(data.get(key), str)), None)
    if key is None:
        return None
    try:
        address = urlsplit(data[key])
        name = parse_qs(address.query).get("d", [unquote(address.path)])[0].replace("\\", "/")
    except ValueError:
        return None
    last = name.rpartition("/")[2]
    return UPLOAD.sub("", last) if last not in source.images.names and UPLOAD.match(last) else last


def _is_taken(annotation: Any) -> bool:
    return (
        isinstance(annotation, dict)
        and annotation.get("was_cancelled") is not True
        and isinstance(annotation.get("result"), list)
    )


def _choose(annotations: list[Any]) -> Any:
    """Return what counts where several people labelled one task: the ground truth, else the first."""
    taken = [one for one in annotations if _is_taken(one)]
    return next((one for one in taken if one.get("ground_truth") is True), taken[0] if taken else None)


def _read_choices(annotations: list[Any]) -> dict[str, bool]:
    """Turn choices for the whole image into its flags."""
    chosen = _choose(annotations)
    results = chosen["result"] if chosen else []
    values = [one.get("value") for one in results if isinstance(one, dict) and one.get("type") == "choices"]
    names = [name for value in values if isinstance(value, dict) for name in _list(value.get("choices"))]
    return {name: True for name in names if isinstance(name, str)}


def _list(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _read_annotation(
    task: str, number: int, annotation: Any, annotations: list[Any]
) -> Iterator[SourceObject]:
    results = _list(annotation.get("result")) if isinstance(annotation, dict) else []
    chosen = annotation is _choose(annotations)
    for place, result in enumerate(results):
        result = result if isinstance(result, dict) else {}
        if result.get("type") in NOT_SHAPES:
            continue
        where, kind = f"{task}.annotations[{number}].result[{place}]", str(result.get("type"))[:40]
        label = _find_label(result, results)
        make: Make = partial(_draw, result, label)
        if not chosen:
            rule = "other-annotator" if _is_taken(annotation) else "cancelled"
            make = skip(
                rule,
                "one annotation counts for a task: the ground truth, else the first that was not cancelled",
            )
        yield SourceObject(where=where, label=label, kind=kind, make=make)


def _find_label(result: Raw, results: list[Any]) -> str:
    """Return the shape's label; where shape and label are separate tags, they share an id."""
    same = [
        one
        for one in results
        if isinstance(one, dict) and one.get("id") == result.get("id") and one.get("id") is not None
    ]
    for one in (result, *same):
        value, kind = one.get("value"), one.get("type")
        names = _list(value.get(kind)) if isinstance(value, dict) and isinstance(kind, str) else []
        if names and isinstance(names[0], str) and kind not in ("choices", "textarea"):
            return names[0].strip()
    return DEFAULT_LABEL


def _draw(result: Raw, label: str, size: Size) -> tuple[Shape, ...]:
    value = result.get("value")
    if not isinstance(value, dict):
        raise Skip("no-geometry", "a result must have a value, but has none")
    if result.get("image_rotation") not in (None, 0):
        raise Skip(
            "turned-view",
            "the image must be upright, but was turned in Label Studio; turn it back and export again",
        )
    kind = str(result.get("type")).removesuffix("labels")
    scale = (size[0] / 100, size[1] / 100)
    match kind:
        case "polygon":
            points = [drawing.numbers(point, "a point") for point in _list(value.get("points"))]
            if any(len(point) != 2 for point in points):
                raise Skip("bad-points", "a point must be two numbers, but one is not")
            return (drawing.draw_polygon(label, [(x * scale[0], y * scale[1]) for x, y in points]),)
        case "rectangle":
            return (_draw_box(value, label, scale),)
        case "ellipse":
            x, y, rx, ry = _take(value, "x", "y", "radiusX", "radiusY")
            center, radii = (x * scale[0], y * scale[1]), (rx * scale[0], ry * scale[1])
            return (drawing.draw_ellipse(label, center, radii, _angle(value)),)
        case "keypoint":
            x, y = _take(value, "x", "y")
            return drawing.draw_points(label, [(x * scale[0], y * scale[1])])
        case "brush":
            return (_draw_brush(result, value, label, size),)
    raise Skip("unknown-kind", f"a {kind[:40]} has no form in Labelme; export it as polygons")


def _draw_box(value: Raw, label: str, scale: tuple[float, float]) -> Shape:
    """Label Studio turns a box about its upper left corner."""
    x, y, width, height = _take(value, "x", "y", "width", "height")
    x0, y0, x1, y1 = x * scale[0], y * scale[1], (x + width) * scale[0], (y + height) * scale[1]
    return drawing.draw_turned(label, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)), (x0, y0), _angle(value))


def _draw_brush(result: Raw, value: Raw, label: str, size: Size) -> Shape:
    if value.get("format") != "rle":
        raise Skip("bad-rle", f"a brush must be in the format rle, but is in {str(value.get('format'))[:40]}")
    painted = (result.get("original_width"), result.get("original_height"))
    if painted != size:
        raise Skip(
            "size-mismatch",
            f"a brush must be as large as its image, {size[0]} x {size[1]}, but is {str(painted)[:60]}",
        )
    return drawing.draw_mask(label, decode_brush(value.get("rle"), *size))


def _angle(value: Raw) -> float:
    return drawing.number(value.get("rotation", 0), "rotation")


def _take(value: Raw, *names: str) -> list[float]:
    return [drawing.number(value.get(name), name) for name in names]

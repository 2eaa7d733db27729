"""Labelme files, 2.x to 7.x and X-AnyLabeling's dialect, to Annotation and back; nothing is lost on the way.

An own codec, because Labelme is GPL-3.0 and has no Python API. Reading is tolerant: a shape that makes no sense
becomes a BrokenShape and is counted; only a file that cannot be understood at all is an error. Writing is strict:
what Labelme 7's reader accepts. docs/labelme.md has the table of versions.
"""

import json
import re
import time
from array import array
from collections.abc import Callable, Mapping
from itertools import chain
from math import isfinite
from os import fstat
from pathlib import Path
from typing import Any, TypeVar

from workbench.data.annotation import (
    LARGEST_COORDINATE,
    POINT_COUNTS,
    Annotation,
    BrokenShape,
    Point,
    Shape,
    counts_to_words,
)
from workbench.data.curves import ellipse_to_ring
from workbench.data.geometry import ring_to_points
from workbench.errors import AnnotationError, InputMissing
from workbench.files import explain_os_error, write_atomically
from workbench.formats.labelme_clean import parse_clean

WRITTEN_VERSION = "6.3.1"
LARGEST_FILE = 512 * 1024 * 1024
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
_HALF_A_WORD = re.compile(r"[\w.+-]{0,8}")  # nothing, or the beginning of a number or of true, false, null
_SETTLE_SECONDS, _SETTLE_TRIES = 0.1, 10

Raw = dict[str, Any]
Result = TypeVar("Result")


def read_annotation(path: Path) -> Annotation:
    """Read one file."""
    return read_settled(path, parse_annotation)


def read_settled(path: Path, parse: Callable[[bytes, Path], Result]) -> Result:
    """Parse a file's bytes; one that is being saved this very moment is given time to become whole."""
    for _ in range(_SETTLE_TRIES):
        try:
            return parse(read_bytes(path), path)
        except AnnotationError as error:
            if error.rule != "torn-file" or time.time() - path.stat().st_mtime > 1:
                raise
            time.sleep(_SETTLE_SECONDS)
    return parse(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Read a file's bytes, or say in one line why they cannot be had."""
    try:
        with path.open("rb") as stream:
            too_large = fstat(stream.fileno()).st_size > LARGEST_FILE
            content = b"" if too_large else stream.read()
    except FileNotFoundError:
        raise InputMissing(f"{path}: the file must exist, but does not; check the name") from None
    except OSError as error:
        message = f"the file must be readable, but is not ({error.strerror}); check its permissions"
        raise AnnotationError(path, "", message) from error
    if too_large:
        message = "the file must be smaller than 512 MB, but is not; save it without image data"
        raise AnnotationError(path, "", message, "too-large")
    return content


def parse_annotation(content: bytes, path: object) -> Annotation:
    """Understand the content of one file; `path` is only for messages."""
    return parse_clean(content) or _parse_tolerantly(content, path)


def _parse_tolerantly(content: bytes, path: object) -> Annotation:
    raw = parse_json(content, path)
    if not isinstance(raw, dict) or "shapes" not in raw:
        message = (
            'a Labelme file must be an object with "shapes", but this one is not; move it out of the folder'
        )
        raise AnnotationError(path, "", message, "not-labelme")
    shapes = raw.pop("shapes")
    if not isinstance(shapes, list):
        raise _wrong(path, "shapes", "a list", shapes)
    if _may_repeat_keys(content, len(shapes)):
        _refuse_repeated_keys(content, path)
    return Annotation(
        shapes=tuple(map(_parse_shape, shapes)),
        image_path=_take(raw, "imagePath", str, path).replace("\\", "/"),
        image_data=_take(raw, "imageData", (str, type(None)), path),
        image_size=_take_size(raw, path),
        flags=_take(raw, "flags", (dict, type(None)), path) or {},
        version=_take(raw, "version", (str, type(None)), path),
        extra=raw,
    )


def parse_json(content: bytes, path: object) -> Any:
    """Read JSON fast, and what orjson refuses (NaN, a byte-order mark) the slow way, to say what is wrong and where."""
    import orjson

    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return _parse_sloppy_json(content, path)


def _ends_too_early(error: json.JSONDecodeError) -> bool:
    return error.msg.startswith("Unterminated") or bool(_HALF_A_WORD.fullmatch(error.doc.rstrip(), error.pos))


def _parse_sloppy_json(content: bytes, path: object, pairs: Callable[..., Any] | None = None) -> Any:
    if not content.strip():
        message = "the file must hold JSON, but is empty; restore it from a backup or label the image again"
        raise AnnotationError(path, "", message, "torn-file")
    try:
        raw = json.loads(content.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=pairs)
        json.dumps(raw, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        message = f"the text must be UTF-8, but byte {error.start} is not; save the file as UTF-8"
        raise AnnotationError(path, "", message, "bad-text") from error
    except UnicodeEncodeError as error:
        message = "the text must be Unicode, but has half a character (\\ud800 to \\udfff); retype that label"
        raise AnnotationError(path, "", message, "bad-text") from error
    except json.JSONDecodeError as error:
        text = error.doc.strip()
        torn = not text or (text[0] == "{" and _ends_too_early(error))
        rule, what = ("torn-file", "ends too early") if torn else ("not-json", f"breaks off ({error.msg})")
        message = (
            f"the file must be whole JSON, but {what}; restore it from a backup or label the image again"
        )
        raise AnnotationError(path, f"line {error.lineno}", message, rule) from error
    except (RecursionError, ValueError) as error:
        message = f"the file must be plain JSON, but is not ({error}); look at it in a text editor"
        raise AnnotationError(path, "", message, "not-json") from error
    return raw


def _may_repeat_keys(content: bytes, shapes: int) -> bool:
    """Judge by counts, which is fast; but a key may be escaped, or the whole text be UTF-16."""
    if (
        any(content.count(key) != shapes for key in (b'"points"', b'"label"'))
        or content.count(b'"shapes"') > 1
    ):
        return True
    if b"\0" in content[:4]:
        return True
    return b"\\u00" in content and _ESCAPED_LETTER.search(content) is not None


def _refuse_repeated_keys(content: bytes, path: object) -> None:
    """JSON keeps the last of two equal keys: shapes would vanish without a word."""

    def look(pairs: list[tuple[str, Any]]) -> Raw:
        keys = [key for key, _ in pairs]
        for key in {key for key in keys if keys.count(key) > 1} if len(set(keys)) < len(keys) else ():
            message = f'"{key}" must be there once, but is there {keys.count(key)} times; keep the right one'
            raise AnnotationError(path, key, message, "repeated-key")
        return dict(pairs)

    _parse_sloppy_json(content, path, look)


def _take(raw: Raw, key: str, kinds: type | tuple[type, ...], path: object) -> Any:
    value = raw.pop(key, None)
    if not isinstance(value, kinds):
        words = "text" if str in (kinds if isinstance(kinds, tuple) else (kinds,)) else "an object"
        raise _wrong(path, key, words, value)
    return value


def _take_size(raw: Raw, path: object) -> tuple[int, int] | None:
    """Return (width, height); files before 4.0 have none."""
    width, height = raw.pop("imageWidth", None), raw.pop("imageHeight", None)
    if width is None or height is None:
        return None
    for key, value in (("imageWidth", width), ("imageHeight", height)):
        if type(value) not in (int, float) or not (0 < value < 1e9 and value == int(value)):
            raise _wrong(path, key, "a whole number above 0", value)
    return int(width), int(height)


def _wrong(path: object, where: str, must: str, got: object) -> AnnotationError:
    message = f"{where} must be {must}, but got {_show(got)}; mend or restore the file"
    return AnnotationError(path, where, message, "bad-structure")


def _show(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def _parse_shape(raw: object) -> Shape | BrokenShape:
    if not isinstance(raw, dict):
        return BrokenShape(label="", rule="bad-shape", message=_must("a shape", "an object", raw), raw=raw)
    rest = dict(raw)
    try:
        return Shape(
            label=_field(rest, "label", str),
            kind=_field(rest, "shape_type", str, "polygon"),
            points=_parse_points(rest.pop("points", None)),
            group=_group(rest.pop("group_id", None)),
            flags=_field(rest, "flags", dict, {}),
            description=_field(rest, "description", str, None),
            mask=_field(rest, "mask", str, None),
            extra=rest,
        )
    except ShapeError as error:
        label = raw.get("label")
        label = label if isinstance(label, str) else ""
        return BrokenShape(label=label, rule=error.args[0], message=error.args[1], raw=raw)


class ShapeError(ValueError):
    """(rule, message): why one shape cannot be understood."""


def _must(what: str, must: str, got: object) -> str:
    return f"{what} must be {must}, but got {_show(got)}; delete it or draw it again"


def _field(raw: Raw, key: str, kind: type, *absent: Any) -> Any:
    """Take a key out; null and absent are the same to Labelme, and an error where there is no default."""
    value = raw.pop(key, None)
    if value is None and absent:
        return absent[0]
    if type(value) is not kind:
        raise ShapeError("bad-shape", _must(key, "text" if kind is str else "an object", value))
    return value


def _group(value: object) -> int | None:
    if value is None or type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise ShapeError("bad-shape", _must("group_id", "a whole number or null", value))


def _parse_points(raw: object) -> tuple[Point, ...]:
    if not isinstance(raw, list):
        raise ShapeError("bad-points", _must("points", "a list of [x, y]", raw))
    try:
        well_formed = set(map(len, raw)) <= {2} and set(map(type, chain.from_iterable(raw))) <= {int, float}
        flat = array("d", chain.from_iterable(raw)) if well_formed else None
    except (TypeError, OverflowError):
        flat = None
    if flat is None or (flat and not -LARGEST_COORDINATE <= min(flat) <= max(flat) <= LARGEST_COORDINATE):
        raise _explain_points(raw)
    if not isfinite(sum(flat)):
        raise _explain_points(raw)
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def _explain_points(raw: list[Any]) -> ShapeError:
    """Find the first point that is wrong; only reached when there is one."""
    for index, point in enumerate(raw):
        where = f"points[{index}]"
        if not isinstance(point, list) or len(point) != 2 or any(type(c) not in (int, float) for c in point):
            return ShapeError("bad-points", _must(where, "two numbers [x, y]", point))
        if any(isinstance(c, float) and not isfinite(c) for c in point):
            return ShapeError("non-finite", _must(where, "finite", point))
        if any(abs(c) > LARGEST_COORDINATE for c in point):
            return ShapeError(
                "absurd-coordinate", _must(where, f"within ±{LARGEST_COORDINATE:.0f} px", point)
            )
    return ShapeError("bad-points", _must("points", "a list of [x, y]", raw))


def write_annotation(path: Path, annotation: Annotation) -> None:
    """Write a file that Labelme 7's strict reader accepts: whole or not at all."""
    try:
        write_atomically(path, annotation_to_bytes(annotation, path))
    except OSError as error:
        raise explain_os_error(path, error) from error


def annotation_to_bytes(annotation: Annotation, path: object) -> bytes:
    """Return the file's content, indented as Labelme writes it."""
    import orjson

    width, height = annotation.image_size or (None, None)
    flags, odd = _split_flags(annotation.flags)
    raw = {
        "version": annotation.version or WRITTEN_VERSION,
        "flags": flags,
        "shapes": [_shape_to_raw(shape, index, path) for index, shape in enumerate(annotation.shapes)],
        "imagePath": annotation.image_path,
        "imageData": annotation.image_data,
        "imageHeight": height,
        "imageWidth": width,
        **annotation.extra,
        **odd,
    }
    return orjson.dumps(raw, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _shape_to_raw(shape: Shape | BrokenShape, index: int, path: object) -> Raw:
    if isinstance(shape, BrokenShape):
        message = f"{shape.message}; a file with such a shape is never written over"
        raise AnnotationError(path, f"shapes[{index}]", message, shape.rule)
    try:
        kind, points = _strict_kind(shape)
    except ShapeError as error:
        raise AnnotationError(
            path, f"shapes[{index}]", f"{error.args[1]}; redraw it in Labelme", error.args[0]
        ) from error
    flags, odd = _split_flags(shape.flags)
    stray = {"stray_mask": shape.mask} if shape.mask is not None and kind != "mask" else {}
    return {
        "label": shape.label,
        "points": points,
        "group_id": shape.group,
        "description": shape.description,
        "shape_type": kind,
        "flags": flags,
        "mask": None if stray else shape.mask,
        **shape.extra,
        **odd,
        **stray,
    }


def _split_flags(flags: Mapping[str, object]) -> tuple[Raw, Raw]:
    """Labelme 7 takes only yes and no for a flag; any other value is kept under a key of its own."""
    odd = {name: value for name, value in flags.items() if not isinstance(value, bool)}
    return {name: value for name, value in flags.items() if name not in odd}, {
        "odd_flags": odd
    } if odd else {}


def _strict_kind(shape: Shape) -> tuple[str, tuple[Point, ...]]:
    """Name kinds as Labelme 7 does: four corners are a rectangle only when they stand upright."""
    points = shape.points
    if len(points) not in POINT_COUNTS.get(shape.kind, ()):
        needs = (
            counts_to_words(POINT_COUNTS[shape.kind])
            if shape.kind in POINT_COUNTS
            else "a kind that Labelme knows"
        )
        raise ShapeError("wrong-point-count", f"a {shape.kind} needs {needs} points, but got {len(points)}")
    if shape.kind == "ellipse":
        return "polygon", ring_to_points(ellipse_to_ring(points))
    if shape.kind == "rotation" or (shape.kind == "rectangle" and len(points) == 4):
        xs, ys = ({point[axis] for point in points} for axis in (0, 1))
        if shape.kind == "rectangle" and len(xs) == len(ys) == 2 and len(set(points)) == 4:
            return "rectangle", ((min(xs), min(ys)), (max(xs), max(ys)))
        return "oriented_rectangle", points
    return shape.kind, points

"""Which classes a folder has, where nobody listed any: a quick first look that skips all points."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec

from workbench.errors import AnnotationError, InputMissing
from workbench.formats.labelme import parse_json, read_settled
from workbench.parallel import map_in_order
from workbench.prepare.collect import names_instance
from workbench.progress import track


class _Shape(msgspec.Struct):
    label: str
    shape_type: str | None = None


class _File(msgspec.Struct):
    shapes: list[_Shape]


def find_labels(root: Path, names: Sequence[str]) -> list[str]:
    """Name every label that an area has, sorted."""
    found: set[str] = set()
    for labels in track(map_in_order(partial(_read_labels, root), names), len(names), "labels"):
        found |= labels
    return sorted(found)


def _read_labels(root: Path, name: str) -> frozenset[str]:
    """What is wrong with a file is said when it is converted, not here."""
    try:
        shapes = read_settled(root / name, _read_shapes)
    except (AnnotationError, InputMissing, OSError):
        return frozenset()
    return frozenset(label for label, kind in shapes if names_instance(label, kind))


def _read_shapes(content: bytes, path: Path) -> list[tuple[str, Any]]:
    try:
        return [(shape.label, shape.shape_type) for shape in _decoder().decode(content).shapes]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _read_sloppily(parse_json(content, path))


@lru_cache(maxsize=1)
def _decoder() -> msgspec.json.Decoder[_File]:
    return msgspec.json.Decoder(_File)


def _read_sloppily(raw: Any) -> list[tuple[str, Any]]:
    shapes = raw.get("shapes") if isinstance(raw, dict) else None
    found = [shape for shape in shapes if isinstance(shape, dict)] if isinstance(shapes, list) else []
    return [
        (shape["label"], shape.get("shape_type")) for shape in found if isinstance(shape.get("label"), str)
    ]

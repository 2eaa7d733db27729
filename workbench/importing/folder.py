"""An imported source becomes a folder of Labelme files: images as they were, one json each, labels.txt, a ledger.

Nothing that lies there with other content is written over. Every source object has its row in ledger.jsonl:
the places of its shapes, or the reason why there are none.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.data.annotation import Annotation, Shape
from workbench.files import contained
from workbench.formats.labelme import annotation_to_bytes
from workbench.importing.contract import BadFile, Imported, Size, Source, SourceImage, SourceObject
from workbench.importing.drawing import LARGEST
from workbench.importing.image_index import Picture
from workbench.importing.placing import place_file, write_labels, write_ledger, write_once
from workbench.importing.skip import Skip

LABELS, LEDGER = "labels.txt", "ledger.jsonl"
ROUNDING = 2  # px: tools that scale images round the size they write down
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was written, and what was not."""

    images: int
    objects: int
    shapes: int
    skipped: Mapping[str, int]
    noted: Mapping[str, int]
    labels: tuple[str, ...]
    stuff: tuple[str, ...]
    unreadable: tuple[BadFile, ...]
    examples: Mapping[str, str]


@dataclass(slots=True)
class _Folder:
    """The folder on its way: which names are taken, and the ledger's rows so far."""

    out: Path
    source: Source
    copy: bool
    taken: dict[str, str] = field(default_factory=dict)  # image name without ending -> source name
    rows: list[Row] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    bad: list[BadFile] = field(default_factory=list)
    examples: dict[str, str] = field(default_factory=dict)
    images: int = 0


def write_labelme_folder(imported: Imported, source: Source, out: Path, *, copy: bool = False) -> Summary:
    """Write everything that can be taken over, and the ledger of it and of the rest."""
    folder = _Folder(out=out, source=source, copy=copy)
    for item in imported.images:
        if isinstance(item, BadFile):
            folder.bad.append(item)
            folder.rows.append(_row(item.source, "", "file", item.rule))
            folder.examples.setdefault(item.rule, f"{item.source}: {item.message}")
        else:
            _take_image(folder, item)
    labels = (*imported.labels, *sorted(folder.labels - set(imported.labels)))
    write_labels(out / LABELS, labels)
    write_ledger(out / LEDGER, folder.rows)
    return _summarise(folder, labels, tuple(name for name in imported.stuff if name in labels))


def _summarise(folder: _Folder, labels: tuple[str, ...], stuff: tuple[str, ...]) -> Summary:
    objects = [row for row in folder.rows if row["where"] not in ("file", "image")]
    return Summary(
        images=folder.images,
        objects=len(objects),
        shapes=sum(len(row["shapes"]) for row in objects),
        skipped=dict(sorted(Counter(row["reason"] for row in folder.rows if row["reason"]).items())),
        noted=dict(sorted(Counter(row["note"] for row in folder.rows if row["note"]).items())),
        labels=labels,
        stuff=stuff,
        unreadable=tuple(folder.bad),
        examples=folder.examples,
    )


def _take_image(folder: _Folder, item: SourceImage) -> None:
    try:
        if item.refused:
            raise item.refused
        picture = folder.source.images.open(folder.source.images.find(item.name, item.base))
        rounded = _require_frame(picture, item.size)
        name, renamed = _claim(folder, picture.name)
        note = rounded or renamed
    except Skip as error:
        folder.examples.setdefault(error.rule, error.message)
        folder.rows += [_row(item.source, item.name, one.where, error.rule, one) for one in item.objects]
        if not item.objects:
            folder.rows.append(_row(item.source, item.name, "image", error.rule))
        return
    shapes: list[Shape] = []
    for one in item.objects:
        folder.rows.append(_take_object(folder, item, name, one, picture.size, shapes=shapes))
    folder.rows += [_row(item.source, name, "image", "", note=note)] if note or not item.objects else []
    _write_pair(folder, picture, name, item, tuple(shapes))
    folder.images += 1


def _take_object(
    folder: _Folder, item: SourceImage, name: str, one: SourceObject, size: Size, *, shapes: list[Shape]
) -> Row:
    """Draw one object and say what became of it."""
    try:
        made = one.make(size)
        _require_label(one.label, folder.source.labels)
        for shape in made:
            _require_sane(shape)
    except Skip as error:
        folder.examples.setdefault(error.rule, f"{item.source or name}: {one.where}: {error.message}")
        return _row(item.source, name, one.where, error.rule, one)
    first = len(shapes)
    shapes += made
    folder.labels.update(shape.label for shape in made)
    return _row(item.source, name, one.where, "", one, shapes=list(range(first, len(shapes))), note=one.note)


def _row(
    source: str, image: str, where: str, reason: str, one: SourceObject | None = None, **more: Any
) -> Row:
    label, kind = (one.label, one.kind) if one else ("", "")
    row: Row = {"source": source, "image": image, "where": where, "label": label, "kind": kind}
    return {**row, "shapes": [], "reason": reason, "note": "", **more}


def _require_label(label: str, known: Sequence[str]) -> None:
    if not label or not label.isprintable():
        raise Skip("bad-label", f"a label must be a line of text, but got {label[:40]!r}")
    if known and label not in known:
        raise Skip("unknown-label", f"a label must be one of --labels, but got {label[:40]!r}")


def _require_sane(shape: Shape) -> None:
    """Check what came out of scaling and turning, too."""
    if not all(isfinite(value) and abs(value) <= LARGEST for point in shape.points for value in point):
        raise Skip("absurd-coordinate", f"coordinates must be within ±{LARGEST:.0f} px, but one is not")


def _require_frame(picture: Picture, size: Size | None) -> str:
    """Refuse to place coordinates that were measured in another picture; a note where only rounding differs."""
    if size is None or size == picture.size:
        return ""
    sides = f"{picture.size[0]} x {picture.size[1]}"
    if size == picture.stored:
        message = (
            f"{picture.name} is shown turned by EXIF ({sides}), but was measured unturned; turn its pixels"
        )
        raise Skip("exif-orientation", message)
    if max(abs(said - found) for said, found in zip(size, picture.size, strict=True)) <= ROUNDING:
        return "size-rounded"
    message = f"{picture.name} must be {size[0]} x {size[1]} px as its source says, but is {sides}; find the right one"
    raise Skip("size-mismatch", message)


def _claim(folder: _Folder, name: str) -> tuple[str, str]:
    """Give each image a name of its own: Labelme finds a json by the image's name without its ending."""
    path = PurePosixPath(name)
    stem = str(path.with_suffix(""))
    if folder.taken.get(stem) == name or folder.taken.get(_renamed(path)[0]) == name:
        raise Skip(
            "image-twice",
            f"{name} must be described once, but is described again; import the files one by one",
        )
    if contained(folder.out, name) is None and (folder.out / name).parent.exists():
        raise Skip("unsafe-name", f"{name} must stay in {folder.out}, but leaves it")
    if stem not in folder.taken:
        folder.taken[stem] = name
        return name, ""
    stem, new = _renamed(path)
    if stem in folder.taken:
        raise Skip(
            "same-stem", f"{name} must differ from {folder.taken[stem]} in more than its ending; rename it"
        )
    folder.taken[stem] = name
    return new, "renamed"


def _renamed(path: PurePosixPath) -> tuple[str, str]:
    stem = path.with_name(f"{path.stem}_{path.suffix[1:]}")
    return str(stem), f"{stem}{path.suffix}"


def _write_pair(
    folder: _Folder, picture: Picture, name: str, item: SourceImage, shapes: tuple[Shape, ...]
) -> None:
    target = folder.out / name
    place_file(picture.path, target, folder.copy)
    annotation = Annotation(
        image_path=target.name,
        image_size=picture.size,
        shapes=tuple(
            replace(shape, extra=_writable(shape.extra)) if shape.extra else shape for shape in shapes
        ),
        flags=item.flags,
        extra=_writable(item.extra),
    )
    path = target.with_name(f"{target.stem}.json")
    write_once(path, annotation_to_bytes(annotation, path))


def _writable(extra: Mapping[str, object]) -> dict[str, object]:
    """Keep what a tool said besides; what JSON cannot hold (NaN, endless numbers, great depth) is kept as its text."""
    import orjson

    kept: dict[str, object] = {}
    for key, value in extra.items():
        try:
            kept[key] = (
                value
                if orjson.loads(orjson.dumps([[[[[[value]]]]]])) == [[[[[[value]]]]]]
                else str(value)[:200]
            )
        except (TypeError, RecursionError):
            kept[key] = _shorten(value)
    return kept


def _shorten(value: object) -> str:
    """Python's own text of a value nested without end overflows the stack of the interpreter."""
    if not _is_shallow(value):
        return f"{type(value).__name__} that JSON cannot hold"
    try:
        return str(value)[:200]
    except ValueError:  # a number of thousands of digits
        return f"{type(value).__name__} that JSON cannot hold"


def _is_shallow(value: object, limit: int = 50) -> bool:
    level = [value]
    for _ in range(limit):
        inner = (
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)
        )
        level = [child for children in inner for child in children]
        if not level:
            return True
    return False

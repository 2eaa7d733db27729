"""YOLO text files: boxes (class, centre, size) and polygons (class, x, y, …), in shares of the image's size."""

from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from workbench.data.annotation import Shape
from workbench.errors import AnnotationError, DatasetError
from workbench.formats.labelme import read_bytes
from workbench.importing import drawing
from workbench.importing.class_names import read_lines, read_yaml_names
from workbench.importing.contract import (
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

TOLERANCE = 0.01  # rounding, and polygons that were cut at the edge; beyond it the numbers are no shares
NO_LABELS = ("classes.txt", "obj.names", "requirements.txt", "train.txt", "val.txt", "test.txt", "labels.txt")
CLASS_FILES = {
    "*.yaml": read_yaml_names,
    "*.yml": read_yaml_names,
    "classes.txt": read_lines,
    "obj.names": read_lines,
}


class _File(NamedTuple):
    path: Path
    name: str
    base: str


def read_yolo(source: Source) -> Imported:
    """Read one label file, or all of a folder; images of the same folders without a label file are negatives."""
    files = [_place(source, path) for path in _find_label_files(source)]
    if not files:
        raise DatasetError(
            source.path,
            "",
            "a folder must hold YOLO label files (.txt), but this one holds none; name another",
        )
    labels = source.labels or find_class_names(source)
    negatives = () if source.path.is_file() else _find_negatives(source, files)
    images = chain((_read_file(source, file, labels) for file in files), negatives)
    return Imported(images=images, total=len(files) + len(negatives), labels=labels)


def _find_label_files(source: Source) -> list[Path]:
    """Take what lies below a folder called labels; where there is none, every .txt that is no list or read-me."""
    files = find_files(source, ".txt")
    if source.path.is_file():
        return files
    below = [path for path in files if "labels" in path.relative_to(source.path.parent).parts[:-1]]
    return below or [
        path for path in files if path.name not in NO_LABELS and not path.name.lower().startswith("readme")
    ]


def _place(source: Source, path: Path) -> _File:
    """Say where the image is looked for first: labels/train/a.txt belongs to images/train/a.*."""
    parts = source.base(path).split("/") if source.base(path) else []
    if "labels" in parts:
        parts[len(parts) - 1 - parts[::-1].index("labels")] = "images"
    elif source.images.root.resolve() != source.folder.resolve():  # --images names the root of the pictures
        own = list(path.relative_to(source.folder).parts[:-1])
        parts = own[own.index("labels") + 1 :] if "labels" in own else own
    return _File(path, path.stem, "/".join(part for part in parts if part != "."))


def find_class_names(source: Source) -> tuple[str, ...]:
    """Read the classes that lie with the labels; without any they are numbered."""
    for pattern, read in CLASS_FILES.items():
        for path in sorted(source.folder.glob(pattern)):
            plain = path.is_file() and not path.is_symlink()
            if plain and (read is read_lines or b"names" in read_bytes(path)):
                return read(path)
    return ()


def _find_negatives(source: Source, files: list[_File]) -> tuple[SourceImage, ...]:
    """Find the images that no label file belongs to, where others have one: YOLO takes them for background."""
    labelled = {f"{file.base}/{file.name}".lstrip("/") for file in files}
    folders = {file.base for file in files}
    left = [
        name
        for name in source.images.all()
        if _folder(name) in folders and name.rpartition(".")[0] not in labelled
    ]
    return tuple(SourceImage(source="", name=name) for name in left)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _read_file(source: Source, file: _File, labels: tuple[str, ...]) -> SourceImage | BadFile:
    name = source.name(file.path)
    try:
        lines = read_bytes(file.path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        return BadFile(
            source=name, rule="bad-text", message=f"the text must be UTF-8, but byte {error.start} is not"
        )
    except AnnotationError as error:
        return BadFile(source=name, rule=error.rule, message=error.message)
    objects = tuple(
        _read_line(place, line.split(), labels) for place, line in enumerate(lines, 1) if line.strip()
    )
    return SourceImage(source=name, name=file.name, base=file.base, objects=objects)


def _read_line(place: int, words: list[str], labels: tuple[str, ...]) -> SourceObject:
    where, kind = f"line {place}", "box" if len(words) in (5, 6) else "polygon"
    label, make, note = "", skip("bad-line", "unread"), ""
    try:
        label = _read_class(words[0], labels)
        values = [drawing.number(word, f"value {column}") for column, word in enumerate(words[1:], 1)]
        make, note = _read_values(label, values)
    except Skip as error:
        make = skip(error.rule, error.message)
    return SourceObject(where=where, label=label, kind=kind, make=make, note=note)


def _read_class(word: str, labels: tuple[str, ...]) -> str:
    number = drawing.number(word, "the class")
    if number != int(number) or number < 0:
        raise Skip("bad-class", f"the class must be a whole number from 0, but got {word[:40]!r}")
    if labels and number >= len(labels):
        raise Skip("unknown-label", f"the class must be one of {len(labels)} from 0, but got {int(number)}")
    return labels[int(number)] if labels else f"class_{int(number)}"


def _read_values(label: str, values: list[float]) -> tuple[Make, str]:
    if len(values) not in (4, 5) and (len(values) < 6 or len(values) % 2):
        raise Skip(
            "bad-line", f"a line must be a box of 4 or a polygon of 6, 8 … numbers, but has {len(values)}"
        )
    shares = values[:4] if len(values) == 5 else values
    beyond = max(0.0, -min(shares), max(shares) - 1)
    if beyond > TOLERANCE:
        raise Skip(
            "outside-unit",
            f"values must be shares from 0 to 1, but one is {max(shares, key=lambda v: abs(v - 0.5)):g}",
        )
    extra: dict[str, object] = {"score": values[4]} if len(values) == 5 else {}
    make: Make = (
        partial(_draw_box, label, values[:4], extra)
        if len(values) < 6
        else partial(_draw_polygon, label, values)
    )
    return make, "outside-unit" if beyond else ""


def _draw_box(label: str, values: list[float], extra: dict[str, object], size: Size) -> tuple[Shape, ...]:
    x, y, width, height = (value * size[place % 2] for place, value in enumerate(values))
    corner, opposite = (x - width / 2, y - height / 2), (x + width / 2, y + height / 2)
    return (drawing.draw_rectangle(label, corner, opposite, extra=extra),)


def _draw_polygon(label: str, values: list[float], size: Size) -> tuple[Shape, ...]:
    scaled = [value * size[place % 2] for place, value in enumerate(values)]
    return (drawing.draw_polygon(label, drawing.pair_up(scaled, "a polygon")),)

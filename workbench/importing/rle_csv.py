"""Run-length tables as Kaggle's Airbus and Severstal use them.

`EncodedPixels` holds pairs of start and length; pixels count from 1, down the columns first. An empty cell says
that the image holds nothing (of that class). The class is in `ClassId`, or after the last _ of `ImageId_ClassId`.
"""

import csv
from collections.abc import Iterator, Mapping
from functools import partial
from io import StringIO
from pathlib import Path

from workbench.data.annotation import Shape
from workbench.errors import DatasetError
from workbench.formats.labelme import LARGEST_FILE, read_bytes
from workbench.importing import drawing
from workbench.importing.contract import (
    DEFAULT_LABEL,
    Imported,
    Size,
    Source,
    SourceImage,
    SourceObject,
    find_files,
    skip,
)
from workbench.importing.skip import Skip

Row = tuple[int, Mapping[str, str]]


def read_rle_csv(source: Source) -> Imported:
    """Read the table; rows of one image need not be neighbours."""
    files = find_files(source, ".csv")
    if len(files) != 1:
        raise DatasetError(
            source.path, "", f"there must be one csv file, but there are {len(files)}; name the file itself"
        )
    by_image: dict[str, list[Row]] = {}
    for place, row in _read_rows(files[0]):
        by_image.setdefault(_read_image_name(row), []).append((place, row))
    images = (_read_image(source, files[0], name, rows) for name, rows in by_image.items())
    return Imported(images=images, total=len(by_image), labels=source.labels)


def _read_rows(path: Path) -> Iterator[Row]:
    csv.field_size_limit(LARGEST_FILE)
    try:
        reader = csv.DictReader(StringIO(read_bytes(path).decode("utf-8-sig"), newline=""), strict=True)
        columns = list(reader.fieldnames or ())
        if "EncodedPixels" not in columns or not {"ImageId", "ImageId_ClassId"} & set(columns):
            named = repr(", ".join(columns)[:80])
            message = f"the columns must be ImageId (ClassId) EncodedPixels, but are {named}; rename them"
            raise DatasetError(path, "line 1", message, "not-rle-csv")
        for row in reader:
            yield reader.line_num, {name: text or "" for name, text in row.items() if isinstance(name, str)}
    except UnicodeDecodeError as error:
        raise DatasetError(
            path, "", f"the text must be UTF-8, but byte {error.start} is not; save it as UTF-8"
        ) from error
    except csv.Error as error:
        raise DatasetError(
            path, "", f"the file must be a csv table, but is not ({error}); export it again"
        ) from error


def _read_image_name(row: Mapping[str, str]) -> str:
    return (row.get("ImageId") or row.get("ImageId_ClassId", "").rpartition("_")[0]).strip()


def _read_image(source: Source, path: Path, name: str, rows: list[Row]) -> SourceImage:
    objects = tuple(
        _read_row(source, place, row) for place, row in rows if row["EncodedPixels"].strip() not in ("", "-1")
    )
    return SourceImage(source=source.name(path), name=name, base=source.base(path), objects=objects)


def _read_row(source: Source, place: int, row: Mapping[str, str]) -> SourceObject:
    label, make = "", skip("bad-class", "unread")
    try:
        label = _read_label(source, row)
        make = partial(_draw, label, row["EncodedPixels"])
    except Skip as error:
        make = skip(error.rule, error.message)
    return SourceObject(where=f"line {place}", label=label, kind="rle", make=make)


def _read_label(source: Source, row: Mapping[str, str]) -> str:
    word = row.get("ClassId", "") if "ClassId" in row else row.get("ImageId_ClassId", "").rpartition("_")[2]
    if not word and "ClassId" not in row:
        return source.labels[0] if len(source.labels) == 1 else DEFAULT_LABEL
    word = word.strip()
    if not (word.isascii() and word.isdigit() and len(word) < 7):
        raise Skip("bad-class", f"ClassId must be a whole number, but got {word[:40]!r}")
    if not source.labels:
        return f"class_{int(word)}"
    if not 1 <= int(word) <= len(source.labels):
        raise Skip("unknown-label", f"ClassId must be 1 to {len(source.labels)}, but got {int(word)}")
    return source.labels[int(word) - 1]


def _draw(label: str, text: str, size: Size) -> tuple[Shape, ...]:
    """Fill the runs in a picture laid out column by column."""
    import numpy as np

    from workbench.data.mask import require_raster_size

    width, height = size
    try:
        require_raster_size(width, height)
        runs = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise Skip("bad-rle", f"runs must be whole numbers, but {str(error)[:60]}") from error
    if len(runs) % 2 or not len(runs):
        raise Skip("bad-rle", f"runs must be pairs of start and length, but there are {len(runs)} numbers")
    starts, lengths = runs[::2] - 1, runs[1::2]
    total = width * height
    if (
        starts.min() < 0
        or lengths.min() < 1
        or lengths.max() > total
        or starts.max() > total
        or (starts + lengths).max() > total
    ):
        raise Skip(
            "bad-rle", f"runs must lie within the {width} x {height} px of the image, but one does not"
        )
    edges = np.zeros(total + 1, dtype=np.int32)
    np.add.at(edges, starts, 1)
    np.add.at(edges, starts + lengths, -1)
    depth = np.cumsum(edges[:-1])
    if depth.max() > 1:
        raise Skip("bad-rle", "runs must not overlap, but two do")
    return (drawing.draw_mask(label, (depth > 0).astype(np.uint8).reshape(width, height).T),)

"""A person's own table of images: each column may be what a model finds hard."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path, PurePosixPath

import numpy as np

from workbench.errors import DatasetError, InputMissing
from workbench.evaluation.coco.coco_truth import show
from workbench.evaluation.slices.slices import Grouping, group_numbers, group_words

RULE = "bad-slices"
NAMES = ("file_name", "filename", "file", "path", "image", "image_path", "name")
_LARGEST = 1 << 26  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTable:
    """Words by image (in the order asked for) and column; "" where the table does not know an image."""

    source: str
    columns: Mapping[str, Sequence[str]]
    known: int  # images that have a row
    strangers: int  # rows that have no image here


def read_table(path: Path, files: Sequence[str]) -> ImageTable:
    """Read a csv with a head, and find the row of each image by its path or file name."""
    head, rows = _read(path)
    key = _find_key(path, head, rows, files)
    places = _index(path, [row[key] for row in rows])
    names = _count_names(files)
    chosen: dict[int, int] = {}
    for place, file in enumerate(files):
        row = places.get(_tidy(file))
        if row is None and names[PurePosixPath(_tidy(file)).name] == 1:
            row = places.get(PurePosixPath(_tidy(file)).name)
        if row is not None:
            chosen[place] = row
    if not chosen:
        message = (
            f"must name the images by path or file name, such as {show(files[0])}, but {head[key]!r} has "
        )
        raise DatasetError(path, "", f"{message}{show(rows[0][key])}; rename one or the other", RULE)
    columns = {
        name: [rows[chosen[place]][column].strip() if place in chosen else "" for place in range(len(files))]
        for column, name in enumerate(head)
        if column != key
    }
    return ImageTable(
        source=str(path), columns=columns, known=len(chosen), strangers=len(rows) - len({*chosen.values()})
    )


def group_table(table: ImageTable) -> tuple[list[Grouping], list[str]]:
    """Make a grouping of each column that sorts images into few groups, and say what became of the rest."""
    groupings, notes = [], []
    for name, words in table.columns.items():
        grouping = _group(name, words)
        if grouping is None:
            notes.append(
                f"{table.source}: {show(name)} makes no slices: its values are all alike or all different"
            )
        else:
            groupings.append(grouping)
    images = len(next(iter(table.columns.values()), ()))
    if table.known < images:
        notes.append(f"{table.source}: {images - table.known} of {images} images have no row in it")
    if table.strangers:
        notes.append(f"{table.source}: {table.strangers} rows are of no image here")
    return groupings, notes


def _group(name: str, words: Sequence[str]) -> Grouping | None:
    numbers = [_to_number(word) for word in words]
    if any(number is None for number in numbers):
        return group_words(name, words)
    return group_numbers(name, np.array(numbers, float))


def _to_number(word: str) -> float | None:
    """Nothing is no number, but no word either."""
    if not word:
        return float("nan")
    try:
        number = float(word)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    text = _read_text(path)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DatasetError(path, "", f"must be a csv file, but {error}; write it again", RULE) from error
    lines = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    if len(lines) < 2:
        raise DatasetError(path, "", "must have a head and a row an image, but has not; fill it", RULE)
    head = [cell.strip() for cell in lines[0][1]]
    for number, row in lines[1:]:
        if len(row) != len(head):
            message = f"must have {len(head)} cells as the head, but has {len(row)}; mend it"
            raise DatasetError(path, f"row {number}", message, RULE)
    if len(set(head)) < len(head) or len(head) < 2:
        message = "must have two columns or more, each with a name of its own, but has not; mend it"
        raise DatasetError(path, "row 1", message, RULE)
    return head, [row for _, row in lines[1:]]


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise InputMissing(f"{path}: must be a csv file, but is not there; check the name") from error
    except OSError as error:
        raise DatasetError(
            path, "", f"must be a csv file, but {error.strerror}; check the name", RULE
        ) from error
    if len(content) > _LARGEST:
        raise DatasetError(path, "", f"must be below {_LARGEST >> 20} MB, but is larger; cut it", RULE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(path, "", f"must be UTF-8, but {error}; save it as UTF-8", RULE) from error


def _find_key(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]], files: Sequence[str]) -> int:
    """The column that names images: by its own name, else the first that has one of them."""
    for name in NAMES:
        for column, title in enumerate(head):
            if title.lower() == name:
                return column
    known = {form for file in files for form in (_tidy(file), PurePosixPath(_tidy(file)).name)}
    for column in range(len(head)):
        if any(_tidy(row[column]) in known for row in rows):
            return column
    raise DatasetError(
        path, "row 1", f"must have a column file_name, but has {show(', '.join(head))}; name one so", RULE
    )


def _index(path: Path, names: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if places.setdefault(_tidy(name), place) != place:
            raise DatasetError(path, show(name), "must be there once, but is there twice; drop one", RULE)
    return places


def _tidy(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./")


def _count_names(files: Sequence[str]) -> Mapping[str, int]:
    from collections import Counter

    return Counter(PurePosixPath(_tidy(file)).name for file in files)

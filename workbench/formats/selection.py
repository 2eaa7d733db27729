"""selection.json: what was picked to be looked at again, and why."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import orjson

from workbench.data.selection import Pick, Selection
from workbench.errors import BAD_DATA, InputMissing, WorkbenchError, nearest
from workbench.files import write_atomically

SOURCES = ("tags", "suspects", "useful")
_MEND = "make it again with workbench relabel RUN"
_LISTS = {"tags": str, "truths": int, "predictions": int}


class SelectionError(WorkbenchError):
    """A selection.json that cannot be used."""

    exit_code = BAD_DATA


def write_selection(path: Path, selection: Selection) -> None:
    """Write the picks in the order in which to look at them."""
    write_atomically(path, orjson.dumps(asdict(selection), option=orjson.OPT_INDENT_2) + b"\n")


def read_selection(path: Path) -> Selection:
    """Read them back, or say what is wrong and where."""
    try:
        raw = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise InputMissing(f"{path}: must exist, but does not; {_MEND}") from None
    except (OSError, ValueError) as error:
        raise SelectionError(f"{path}: must be readable JSON, but is not ({error}); {_MEND}") from error
    table = _require_keys(path, "selection", raw, Selection)
    for key in ("run", "source"):
        _require(path, key, table[key], str, "text")
    if table["source"] not in SOURCES:
        raise SelectionError(
            f"{path}: source: must be one of {', '.join(SOURCES)}, but got {table['source']!r}; {_MEND}"
        )
    _require(path, "picks", table["picks"], list, "a list")
    picks = tuple(_to_pick(path, f"picks[{place}]", row) for place, row in enumerate(table["picks"]))
    return Selection(run=table["run"], source=table["source"], picks=picks)


def _to_pick(path: Path, where: str, raw: object) -> Pick:
    row: dict[str, Any] = {"tags": [], "truths": [], "predictions": [], "part": "", "score": None} | (
        raw if isinstance(raw, dict) else {}
    )
    row = _require_keys(path, where, row if isinstance(raw, dict) else raw, Pick)
    for key in ("image", "why", "part"):
        _require(path, f"{where}.{key}", row[key], str, "text")
    for key, kind in _LISTS.items():
        _require(path, f"{where}.{key}", row[key], list, "a list")
        for value in row[key]:
            _require(path, f"{where}.{key}", value, kind, "text" if kind is str else "a whole number")
    if row["score"] is not None:
        _require(path, f"{where}.score", row["score"], (int, float), "a number")
    return Pick(**{**row, **{key: tuple(row[key]) for key in _LISTS}})


def _require_keys(path: Path, where: str, raw: object, kind: type) -> dict[str, Any]:
    """An object with exactly the fields of a noun."""
    names = [field.name for field in fields(kind)]
    _require(path, where, raw, dict, "an object")
    table = dict(raw) if isinstance(raw, dict) else {}
    for name in names:
        if name not in table:
            raise SelectionError(f'{path}: {where}: must have "{name}", but has not; {_MEND}')
    for name in table:
        if name not in names:
            raise SelectionError(
                f'{path}: {where}: must have known keys, but has "{name}"{nearest(name, names)}'
            )
    return table


def _require(path: Path, where: str, value: object, kind: type | tuple[type, ...], must: str) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SelectionError(f"{path}: {where}: must be {must}, but got {str(value)[:60]!r}; {_MEND}")

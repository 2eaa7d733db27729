"""Tables of a report: said once, shown as HTML, as Markdown and as csv."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UNKNOWN = "–"
Kind = str  # text, share (a fraction, shown as percent), score (two digits), count, step


@dataclass(frozen=True, slots=True)
class Measure:
    """A share with its interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


Cell = str | int | float | Measure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A head; `hint` says what the numbers below it are."""

    key: str
    title: str
    kind: Kind = "text"
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under heads; the first column names the row. `swatches` are the colours of rows that are classes."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    swatches: Mapping[str, str] = field(default_factory=dict)

    def drop_empty(self) -> "Table":
        """Leave out columns in which no row has anything."""
        kept = [
            place
            for place in range(len(self.columns))
            if place == 0 or any(not is_empty(row[place]) for row in self.rows)
        ]
        return Table(
            name=self.name,
            caption=self.caption,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(tuple(row[place] for place in kept) for row in self.rows),
            swatches=self.swatches,
        )


def is_empty(cell: Cell) -> bool:
    """Whether there is nothing to show."""
    return cell is None or cell == "" or (isinstance(cell, Measure) and cell.value is None)


def read_measure(table: Mapping[str, Any], family: str, key: str) -> Measure:
    """Take a number of a document, or of one class in it, with its interval."""
    values = table.get(family)
    value = values.get(key) if isinstance(values, Mapping) else None
    low, high = (table.get("intervals") or {}).get(f"{family}.{key}") or (None, None)
    return Measure(value, low, high)


def show_share(value: float | None) -> str:
    """53.5; the heads say that it is percent."""
    return UNKNOWN if value is None else f"{100 * value:.1f}"


def show_range(measure: Measure) -> str:
    """45–62, or nothing where there is no interval."""
    if measure.low is None or measure.high is None:
        return ""
    return f"{100 * measure.low:.0f}–{100 * measure.high:.0f}"


def show_cell(cell: Cell, kind: Kind) -> str:
    """A cell as people read it."""
    if cell is None:
        return UNKNOWN
    if isinstance(cell, Measure):
        return " ".join(filter(None, (show_share(cell.value), show_range(cell))))
    if isinstance(cell, str):
        return cell
    if kind == "share":
        return show_share(cell)
    return f"{cell:.2f}" if kind == "score" else f"{cell:,}" if isinstance(cell, int) else f"{cell:g}"


def sort_value(cell: Cell) -> float | str:
    """What a column is sorted by; what is missing comes last."""
    value = cell.value if isinstance(cell, Measure) else cell
    return "" if value is None else value

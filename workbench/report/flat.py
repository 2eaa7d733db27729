"""A table as csv that no spreadsheet takes for a program."""

import csv
from collections.abc import Sequence
from io import StringIO

from workbench.report.table import Cell, Column, Measure, Table, sort_value

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for a formula


def table_to_csv(table: Table) -> str:
    """Heads, then rows; a value with its interval has three columns. Fractions, never percent."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(defuse, flatten_head(table.columns)))
    writer.writerows([defuse(cell) for cell in flatten_row(table.columns, row)] for row in table.rows)
    return stream.getvalue()


def defuse(cell: Cell) -> Cell:
    """A text that begins like a formula gets a quote before it; numbers stay as they are."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_STARTS) else cell


def flatten_row(columns: Sequence[Column], row: Sequence[Cell]) -> list[Cell]:
    """Spread each value with an interval over three cells."""
    cells: list[Cell] = []
    for column, cell in zip(columns, row, strict=True):
        if column.kind == "measure":
            one = cell if isinstance(cell, Measure) else Measure(None)
            cells += [one.value, one.low, one.high]
        else:
            cells.append(sort_value(cell))
    return cells


def flatten_head(columns: Sequence[Column]) -> list[str]:
    """The heads for `flatten_row`."""
    heads: list[str] = []
    for column in columns:
        ends = ("", "_low", "_high") if column.kind == "measure" else ("",)
        heads += [column.key + end for end in ends]
    return heads

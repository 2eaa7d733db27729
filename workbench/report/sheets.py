"""The tables of a report as csv, one file each, that no spreadsheet takes for a program."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from workbench.files import write_atomically
from workbench.report.classes import list_classes
from workbench.report.confusion import list_confused
from workbench.report.headline import list_gates, list_numbers
from workbench.report.images import list_images, list_suspect_rows
from workbench.report.material import Material
from workbench.report.mistakes import list_kinds, list_mistakes
from workbench.report.slices import list_slices
from workbench.report.table import Cell, Table, flatten_head, flatten_row
from workbench.report.training import list_changes, list_facts, list_part_classes, list_parts
from workbench.report.trust import list_bins

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for a formula


def list_tables(material: Material) -> Iterator[Table]:
    """Every table that has rows."""
    tables = (
        list_numbers(material),
        list_gates(material),
        list_classes(material),
        list_kinds(material),
        list_mistakes(material),
        list_suspect_rows(material),
        list_images(material),
        list_confused(material, "confusion"),
        list_confused(material, "pixel_confusion"),
        list_bins(material),
        list_slices(material),
        list_parts(material),
        list_part_classes(material),
        list_facts(material),
        list_changes(material),
    )
    yield from (table for table in tables if table.rows)


def write_sheets(material: Material, folder: Path) -> list[Path]:
    """Write them, each under its own name."""
    paths = []
    for table in list_tables(material):
        path = folder / f"{table.name}.csv"
        write_atomically(path, table_to_csv(table).encode())
        paths.append(path)
    return paths


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

"""The tables of a report as csv, one file each, that no spreadsheet takes for a program."""

from collections.abc import Iterator
from pathlib import Path

from workbench.files import write_atomically
from workbench.report.flat import table_to_csv
from workbench.report.material import Material
from workbench.report.sections.classes import list_classes
from workbench.report.sections.confusion import list_confused
from workbench.report.sections.headline import list_gates, list_numbers
from workbench.report.sections.images import list_images, list_suspect_rows
from workbench.report.sections.lineage import list_changes, list_facts
from workbench.report.sections.mistakes import list_kinds, list_mistakes
from workbench.report.sections.slices import list_slices
from workbench.report.sections.taught import list_part_classes, list_parts
from workbench.report.sections.trust import list_bins
from workbench.report.table import Table


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

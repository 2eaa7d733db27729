"""What it was taught with, and what it was judged on."""

from collections.abc import Mapping
from typing import Any

from workbench.report.blocks import Section
from workbench.report.material import Material, Row
from workbench.report.table import Column, Table

PARTS = ("train", "val", "test")


def build_data(material: Material) -> Section | None:
    """What it was taught with, and what it was judged on."""
    tables = [table for table in (list_parts(material), list_part_classes(material)) if table.rows]
    if not tables:
        return None
    lead = "An image is in one part only, and stays there."
    return Section(id="data", title="Data", lead=lead, blocks=tuple(tables))


def _parts(material: Material) -> dict[str, Row]:
    counts: Mapping[str, Any] = (material.manifest.counts.get("parts") or {}) if material.manifest else {}
    return {name: counts[name] for name in PARTS if name in counts}


def list_parts(material: Material) -> Table:
    """Images and objects of each part."""
    columns = (
        Column(key="part", title="part"),
        Column(key="images", title="images", kind="count"),
        Column(key="annotations", title="objects", kind="count"),
        Column(key="negatives", title="images without any", kind="count"),
    )
    rows = tuple(
        (name, *(row.get(column.key) for column in columns[1:])) for name, row in _parts(material).items()
    )
    return Table(name="split", caption="Parts", columns=columns, rows=rows)


def list_part_classes(material: Material) -> Table:
    """Objects of each class in each part."""
    parts = _parts(material)
    names = dict.fromkeys(name for row in parts.values() for name in row.get("classes") or {})
    columns = (
        Column(key="class", title="class"),
        *(Column(key=part, title=f"objects in {part}", kind="count") for part in parts),
    )
    rows = tuple(
        (name, *((row.get("classes") or {}).get(name, {}).get("instances", 0) for row in parts.values()))
        for name in names
    )
    return Table(name="data", caption="Objects of each class", columns=columns, rows=rows)

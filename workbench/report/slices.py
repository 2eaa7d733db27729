"""The same number for a part of the images each: by size, crowding, light, sharpness, or a column of one's own."""

from workbench.report.blocks import Section
from workbench.report.material import Material
from workbench.report.table import Column, Measure, Table


def build_slices(material: Material) -> Section | None:
    """The table of slices."""
    table = list_slices(material)
    if not table.rows:
        return None
    lead = "Where an interval lies wholly below another one of its group, the difference is real: label more of those."
    return Section(id="slices", title="Where it is weak", lead=lead, blocks=(table.drop_empty(),))


def list_slices(material: Material) -> Table:
    """One line a slice, in the order of the document."""
    rows = tuple(
        (
            str(row.get("by") or ""),
            str(row.get("value") if row.get("value") is not None else ""),
            Measure(row.get("AP"), *(row.get("interval") or (None, None))),
            row.get("images"),
            row.get("truths"),
        )
        for row in material.scores.get("slices") or ()
    )
    columns = (
        Column(key="by", title="by"),
        Column(key="value", title="which"),
        Column(key="AP", title="AP", kind="measure"),
        Column(key="images", title="images", kind="count"),
        Column(key="truths", title="truths", kind="count"),
    )
    return Table(name="slices", caption="Slices", columns=columns, rows=rows)

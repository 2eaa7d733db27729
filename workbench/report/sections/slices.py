"""The same number for a part of the images each: by size, crowding, light, sharpness, or a column of one's own."""

from workbench.report.blocks import Section
from workbench.report.material import Material, Row
from workbench.report.table import Column, Measure, Table


def build_slices(material: Material) -> Section | None:
    """The table of slices."""
    every = list_slices(material)
    rows = tuple(row for row in every.rows if row[0] != "class")  # the table of classes has them
    table = Table(name=every.name, caption=every.caption, columns=every.columns, rows=rows)
    if not rows:
        return None
    lead = "Parts of the images or objects, each judged on its own. Where one is clearly worse, label more like it."
    return Section(id="slices", title="Where it is weak", lead=lead, blocks=(table.drop_empty(),))


def list_slices(material: Material) -> Table:
    """One line a slice, in the order of the document."""
    rows = tuple(
        (
            str(row.get("by") or ""),
            str(row.get("value") if row.get("value") is not None else ""),
            Measure(row.get("AP"), *(row.get("interval") or (None, None))),
            _compare(row),
            row.get("images"),
            row.get("truths"),
        )
        for row in material.scores.get("slices") or ()
    )
    columns = (
        Column(key="by", title="by"),
        Column(key="value", title="which"),
        Column(key="AP", title="AP", kind="measure"),
        Column(key="rest", title="than the rest"),
        Column(key="images", title="images", kind="count"),
        Column(key="truths", title="truths", kind="count"),
    )
    return Table(name="slices", caption="Slices", columns=columns, rows=rows)


def _compare(row: Row) -> str:
    """Whether the images of a slice are clearly easier or harder than all others."""
    away = row.get("difference")
    if not row.get("clear") or not away:
        return ""
    return f"clearly {'better' if away > 0 else 'worse'}, by {100 * abs(away):.1f}"

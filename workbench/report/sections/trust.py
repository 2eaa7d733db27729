"""How precision pays for recall, class by class, and whether scores mean what they say."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.report.blocks import Block, Chart, Charts, Folded, Section
from workbench.report.charts import draw_calibration, draw_precision
from workbench.report.material import Material, Row
from workbench.report.sections.classes import list_classes
from workbench.report.table import Column, Table, show_share

CURVES = 8  # small charts that are shown at once; the others are folded


def build_curves(material: Material) -> Section | None:
    """Precision over recall: all classes together first, then each, the weakest first."""
    curves: Mapping[str, Mapping[str, Any]] = material.scores.get("curves") or {}
    order = [name for name in (str(row[0]) for row in list_classes(material).rows) if name in curves]
    charts = [_chart("all", curves["all"], {}, "all classes")] if "all" in curves and len(order) > 1 else []
    charts += [_chart(name, curves[name], material.classes[name], name) for name in order]
    if not charts:
        return None
    blocks: list[Block] = [Charts(charts=tuple(charts[:CURVES]), small=True)]
    if len(charts) > CURVES:
        rest = Charts(charts=tuple(charts[CURVES:]), small=True)
        blocks.append(Folded(title=f"{len(charts) - CURVES} more classes", blocks=(rest,)))
    lead = (
        "How much of what it reports is right (up), when it is to find more of what is there (to the right). "
        "The dot is the best balance."
    )
    return Section(id="curves", title="Precision and recall", lead=lead, blocks=tuple(blocks))


def _chart(name: str, curve: Row, row: Row, caption: str) -> Chart:
    best = row.get("best")
    if best and best.get("F1") is not None:
        caption += f" · F1 {show_share(best['F1'])}"
    return Chart(caption=caption, drawing=draw_precision(name, curve, best))


def build_calibration(material: Material) -> Section | None:
    """Whether scores mean what they say."""
    table = material.scores.get("calibration") or {}
    bins: Sequence[Mapping[str, Any]] = [one for one in table.get("bins") or () if one.get("count")]
    if not bins:
        return None
    error = table.get("ECE")
    chart = Chart(
        caption="On the line, a score of 80 means: right in 80 of 100 cases. Pale bars stand for few predictions.",
        drawing=draw_calibration(bins, error),
    )
    means = "" if error is None else f" On average it is {show_share(error)} points off."
    return Section(
        id="calibration",
        title="Can scores be believed?",
        lead=f"Each bar says how often predictions of that score were right.{means}",
        blocks=(Charts(charts=(chart,)), Folded(title="The numbers", blocks=(list_bins(material),))),
    )


def list_bins(material: Material) -> Table:
    """The bars as numbers."""
    bins = (material.scores.get("calibration") or {}).get("bins") or ()
    rows = tuple(
        (f"{100 * one['low']:.0f}–{100 * one['high']:.0f}", one["score"], one["precision"], one["count"])
        for one in bins
        if one.get("count")
    )
    columns = (
        Column(key="bin", title="score"),
        Column(key="score", title="mean score", kind="share"),
        Column(key="precision", title="right", kind="share"),
        Column(key="count", title="predictions", kind="count"),
    )
    return Table(name="calibration", caption="Calibration", columns=columns, rows=rows)

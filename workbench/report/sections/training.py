"""How it learnt: losses and scores over the steps."""

from collections.abc import Sequence

from workbench.report.blocks import Chart, Charts, Section
from workbench.report.charts import draw_series
from workbench.report.material import Material, Row
from workbench.report.svg import Point

POINTS = 120  # of a curve; of more, means of as many neighbours as it takes


def build_training(material: Material) -> Section | None:
    """Losses and scores over the steps."""
    losses = {
        kind: _thin(_pick(material.metrics, kind, "loss"))
        for kind in ("train", "val")
        if _pick(material.metrics, kind, "loss")
    }
    keys = ("panoptic.PQ", "mask.AP", "box.AP", "semantic.mIoU")
    scores = {
        key.replace(".", " "): points for key in keys if (points := _pick(material.metrics, "val", key))
    }
    charts = []
    if scores:
        drawing = draw_series("Validation scores", scores, share=True)
        caption = "Validation scores, in percent. A line that still rises: train longer."
        charts.append(Chart(caption=caption, drawing=drawing))
    if losses:
        drawing = draw_series("Loss", losses, share=False)
        caption = "Loss. Where val rises while train falls, it learns by heart: label more, or stop earlier."
        charts.append(Chart(caption=caption, drawing=drawing))
    if not charts:
        return None
    return Section(id="training", title="Learning curves", lead="", blocks=(Charts(charts=tuple(charts)),))


def _pick(rows: Sequence[Row], kind: str, key: str) -> list[Point]:
    return [
        (float(row["step"]), float(row[key]))
        for row in rows
        if row.get("kind") == kind
        and isinstance(row.get(key), int | float)
        and isinstance(row.get("step"), int)
    ]


def _thin(points: list[Point]) -> list[Point]:
    """Means of neighbours: noise hides what matters."""
    size = -(-len(points) // POINTS)
    groups = (points[start : start + size] for start in range(0, len(points), size))
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]

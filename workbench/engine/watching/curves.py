"""curves.png: losses and scores over the steps, drawn from metrics.jsonl."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from workbench.engine.watching.metrics import Row, Value, read_metrics
from workbench.files import write_atomically

TRAIN, VAL, GRID, INK = "#9db7d5", "#d1495b", "#e4e2dc", "#202124"
COLORS = ("#2f6690", "#d1495b", "#3a7d44", "#b5651d", "#6d597a", "#0f8b8d", "#c9a227", "#7f7f7f")
SCORES = ("mask.AP", "mask.AP50", "box.AP", "panoptic.PQ", "panoptic.SQ", "panoptic.RQ", "semantic.mIoU")
SMOOTH = 0.06  # of the length of the run: what the dark line of the training loss averages over
Curve = tuple[list[int], list[float]]


def draw_curves(metrics: Path, out: Path, title: str = "") -> bool:
    """Draw what there is; False where nothing was measured yet."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = read_metrics(metrics)
    scores = {name: curve for name in SCORES if len((curve := find_curve(rows, "val", name))[0])}
    train, val = (find_curve(rows, kind, "loss") for kind in ("train", "val"))
    if not train[0] and not val[0] and not scores:
        return False
    figure = Figure(figsize=(11 if scores else 6, 4), dpi=120, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 2 if scores else 1, squeeze=False)[0]
    _draw_losses(panels[0], train, val)
    if scores:
        _draw_scores(panels[1], scores)
    if title:
        figure.suptitle(title, fontsize=11, color=INK, x=0.01, ha="left")
    stream = BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    write_atomically(out, stream.getvalue())
    return True


def find_curve(rows: Sequence[Row], kind: str, name: str) -> Curve:
    """Return the steps and values of one measurement."""
    found = [
        (row.step, float(value))
        for row in rows
        if row.kind == kind and isinstance(value := _value(row.values, name), int | float)
    ]
    return [step for step, _ in found], [value for _, value in found]


def _value(values: Mapping[str, Value], name: str) -> Value:
    return values.get(name)


def smooth(values: Sequence[float], reach: int) -> list[float]:
    """Average over this many values on either side, fewer at the ends."""
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    ends = [(max(0, at - reach), min(len(values), at + reach + 1)) for at in range(len(values))]
    return [(sums[end] - sums[start]) / (end - start) for start, end in ends]


def _draw_losses(panel: Any, train: Curve, val: Curve) -> None:
    panel = _start(panel, "loss")
    steps, values = train
    if steps:
        panel.plot(steps, values, color=TRAIN, linewidth=0.7, alpha=0.8)
        reach = max(1, round(len(values) * SMOOTH / 2))
        panel.plot(steps, smooth(values, reach), color=COLORS[0], linewidth=1.8, label="training, smoothed")
    if val[0]:
        panel.plot(*val, color=VAL, linewidth=1.6, marker="o", markersize=4, label="validation")
    every = sorted([*values, *val[1]])
    if every and every[-1] > 0:
        panel.set_ylim(0, max(every[int(len(every) * 0.99) - 1], max(val[1], default=0)) * 1.1)
    panel.set_xlim(left=0)  # last: set before there are curves, it would stay as wide as nothing
    panel.legend(frameon=False, fontsize=9)


def _draw_scores(panel: Any, scores: Mapping[str, Curve]) -> None:
    panel = _start(panel, "validation scores")
    for (name, (steps, values)), color in zip(scores.items(), COLORS * 2, strict=False):
        panel.plot(
            steps,
            values,
            color=color,
            linewidth=1.6,
            marker="o",
            markersize=4,
            label=f"{name}  best {max(values):.3f} @ {steps[values.index(max(values))]}",
        )
    panel.set_xlim(left=0)
    panel.set_ylim(0, 1.02)
    panel.legend(frameon=False, fontsize=9, loc="best")


def _start(panel: Any, title: str) -> Any:
    from matplotlib.ticker import MaxNLocator

    axes: Any = panel
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.set_xlabel("step", fontsize=9, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return axes

"""The drawings of a report, one function each."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from workbench.report.svg import (
    Frame,
    Point,
    find_ticks,
    line,
    make_frame,
    picture,
    tag,
    words,
)
from workbench.report.table import show_share

SHARES = ((0.0, "0"), (0.5, "50"), (1.0, "100"))


def draw_precision(name: str, curve: Mapping[str, Any], best: Mapping[str, Any] | None) -> Markup:
    """Precision over recall, and where F1 is best."""
    frame = make_frame(240, 176)
    recall, precision = curve.get("recall") or [], curve.get("precision") or []
    marks = [
        frame.axes(SHARES, SHARES),
        words(232, 172, "recall", "name", "end"),
        words(0, 11, "precision", "name"),
    ]
    label = f"Precision over recall for {name}"
    if recall:
        points = frame.points([0.0, *recall], [precision[0], *precision])
        marks += [_fill(frame, points), line(points, "curve")]
    if best and best.get("recall") is not None and best.get("precision") is not None:
        x, y = frame.across(best["recall"]), frame.up(best["precision"])
        marks.append(tag("circle", cx=x, cy=y, r=4, class_="point"))
        label += (
            f"; F1 is best at score {best.get('score') or 0:.2f}, with precision {show_share(best['precision'])} %"
            f" and recall {show_share(best['recall'])} %"
        )
    return picture(240, 176, label, *marks)


def _fill(frame: Frame, points: Sequence[Point]) -> Markup:
    bottom = frame.up.start
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(points[0][0], bottom), *points, (points[-1][0], bottom)])
    return tag("polygon", points=text, class_="under")


def draw_calibration(bins: Sequence[Mapping[str, Any]], error: float | None) -> Markup:
    """How often predictions of a score are right; on the diagonal, the score is the truth."""
    frame = make_frame(360, 264)
    marks = [
        frame.axes(SHARES, SHARES),
        line([(frame.across(0), frame.up(0)), (frame.across(1), frame.up(1))], "diagonal"),
        words(352, 260, "score", "name", "end"),
        words(0, 11, "right", "name"),
    ]
    full = [one for one in bins if one.get("count")]
    most = max((one["count"] for one in full), default=1)
    for one in full:
        left, right = frame.across(one["low"]), frame.across(one["high"])
        tip = (
            f"score {100 * one['low']:.0f}–{100 * one['high']:.0f}: {show_share(one['precision'])} % right "
            f"of {one['count']}"
        )
        top = frame.up(one["precision"])
        marks.append(
            tag(
                "rect",
                tag("title", tip),
                x=left + 2,
                y=top,
                width=max(1.0, right - left - 4),
                height=max(1.0, frame.up.start - top),
                rx=2,
                class_="bar" if one["count"] >= most / 20 else "bar few",
            )
        )
    shown = "" if error is None else f"; on average they are {show_share(error)} points off"
    return picture(360, 264, f"How often predictions of each score are right{shown}", *marks)


def draw_series(
    title: str, lines: Mapping[str, Sequence[Point]], *, share: bool, log: bool = False
) -> Markup:
    """Values over the steps of a training, each line named at its end."""
    every = [point for points in lines.values() for point in points]
    steps = [step for step, _ in every]
    top = 1.0 if share else max((value for _, value in every), default=1.0)
    frame = make_frame(380, 220, across=(min([*steps, 0]), max([*steps, 1])), up=(0, top), left=40, right=92)
    ys = SHARES if share else tuple((tick, f"{tick:g}") for tick in find_ticks(0, top, 4))
    xs = tuple((tick, f"{tick:,.0f}") for tick in find_ticks(frame.across.low, frame.across.high, 4))
    marks = [frame.axes(xs, ys)]
    ends = _spread_labels([frame.up(points[-1][1]) for points in lines.values() if points])
    for place, ((name, points), end) in enumerate(zip(lines.items(), ends, strict=True)):
        places = frame.points(*map(list, zip(*points, strict=True)))
        kind = f"line{place % 4}"
        marks.append(line(places, f"curve {kind}"))
        if len(points) < 40:
            marks += [tag("circle", cx=x, cy=y, r=2.5, class_=f"knot {kind}") for x, y in places]
        marks.append(words(frame.across.end + 8, end + 4, name, f"name {kind}"))
    last = ", ".join(
        f"{name} {show_share(points[-1][1]) if share else f'{points[-1][1]:.3g}'}"
        for name, points in lines.items()
    )
    return picture(380, 220, f"{title} over the steps of the training; at the end: {last}", *marks)


def _spread_labels(places: Sequence[float], gap: float = 14) -> list[float]:
    """Move labels apart that would cover one another."""
    order = sorted(range(len(places)), key=places.__getitem__)
    result = list(places)
    for upper, lower in pairwise(order):
        result[lower] = max(result[lower], result[upper] + gap)
    return result

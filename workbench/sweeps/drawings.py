"""The drawings of a sweep's page: every training beside the others, what each key does, how they learnt."""

from collections.abc import Sequence
from math import log10

from workbench.report.svg import Scale, find_ticks, line, make_frame, picture, tag, words
from workbench.report.table import show_share
from workbench.sweeps.effects import read_number
from workbench.sweeps.outcome import Outcome
from workbench.sweeps.standings import Standing

ROW, LABEL = 24, 30  # letters of a label that fit beside a row
LETTER = 0.03  # of the width of a small drawing that one letter below it takes
DECADE = 10.0  # numbers that span as much are drawn by their order of magnitude


def draw_trials(metric: str, names: Sequence[str], rows: Sequence[Standing]) -> str:
    """A line for each row: its trainings as dots, their mean as a stroke."""
    known = [one.score for row in rows for one in row.outcomes if one.counts and one.score is not None]
    height, left, width = ROW * len(rows) + 54, 190, 460
    across = Scale(*_pad(known), left, width - 14)
    bottom = height - 38
    marks = [_draw_tick(across, tick, bottom) for tick in find_ticks(across.low, across.high, 4)]
    for place, (name, row) in enumerate(zip(names, rows, strict=True)):
        y = 14 + ROW * place
        label = name if len(name) <= LABEL else f"{name[: LABEL - 1]}…"
        marks.append(tag("text", tag("title", name), label, x=0, y=y + 4, class_="name"))
        marks += [_draw_dot(across(one.score or 0.0), y, _tell(one)) for one in row.outcomes if one.counts]
        if row.mean is not None and len(row.outcomes) > 1:
            x = across(row.mean)
            marks.append(tag("line", x1=x, x2=x, y1=y - 8, y2=y + 8, class_="mean"))
    marks.append(words(width - 14, height - 4, f"{metric}, percent", "name", "end"))
    best = f"; the best has {show_share(rows[0].mean)} percent" if rows and rows[0].mean is not None else ""
    return picture(
        width, height, f"{metric} of every training, a row for each choice of values{best}", *marks
    )


def _draw_tick(across: Scale, tick: float, bottom: float) -> str:
    x = across(tick)
    return tag("line", x1=x, x2=x, y1=2, y2=bottom, class_="grid") + words(
        x, bottom + 14, f"{100 * tick:g}", anchor="middle"
    )


def _draw_dot(x: float, y: float, tip: str) -> str:
    return tag("circle", tag("title", tip), cx=x, cy=y, r=4, class_="point")


def _tell(one: Outcome) -> str:
    unit = (("fold", one.fold), ("seed", one.seed))
    told = ", ".join(f"{name} {number}" for name, number in unit if number is not None)
    return f"{one.run}{f' ({told})' if told else ''}: {show_share(one.score)}"


def _pad(values: Sequence[float]) -> tuple[float, float]:
    """A range about the values, within what a share can be; something wide enough to see where all are alike."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max((high - low) * 0.08, 0.005)
    return max(0.0, low - room), min(1.0, high + room)


def draw_key(key: str, metric: str, outcomes: Sequence[Outcome]) -> str:
    """The score of every training over one key: numbers where they stand, other values side by side."""
    known = [one for one in outcomes if one.counts and key in one.values]
    values = [one.values[key] for one in known]
    numbers = [read_number(value) for value in values]
    names = list(dict.fromkeys(values))
    whole = [number for number in numbers if number is not None]
    is_log = (
        bool(whole) and len(whole) == len(values) and min(whole) > 0 and max(whole) >= DECADE * min(whole)
    )
    if len(whole) == len(values):
        xs = [log10(number) if is_log else number for number in whole]
        ticks = _find_number_ticks(xs, is_log=is_log)
    else:
        xs = [float(names.index(value)) for value in values]
        ticks = [(float(place), name[:12]) for place, name in enumerate(names)]
    low, high = min(xs, default=0.0), max(xs, default=1.0)
    room = (high - low) * 0.06 or 0.5
    up = _pad([one.score or 0.0 for one in known])
    frame = make_frame(300, 190, across=(low - room, high + room), up=up)
    marks: list[str] = [frame.axes(ticks, [(tick, f"{100 * tick:g}") for tick in find_ticks(*up, 4)])]
    marks += [
        _draw_dot(frame.across(x), frame.up(one.score or 0.0), f"{one.values[key]}; {_tell(one)}")
        for x, one in zip(xs, known, strict=True)
    ]
    marks.append(words(0, 11, f"{metric}", "name"))
    return picture(300, 190, f"{metric} of each training over {key}", *marks)


def _find_number_ticks(xs: Sequence[float], *, is_log: bool) -> list[tuple[float, str]]:
    """The values themselves where they are few; else round ones."""
    few = sorted(set(xs))
    ticks = few if len(few) <= 4 else find_ticks(min(xs), max(xs), 3)
    found: list[tuple[float, str]] = []
    for tick in ticks:
        name = f"{10**tick:.2g}" if is_log else f"{tick:g}"
        if not found or tick - found[-1][0] >= LETTER * len(name) * (few[-1] - few[0]):
            found.append((tick, name))
    return found


def draw_curves(metric: str, rows: Sequence[Standing]) -> str:
    """How every training came on; those of the best row stand out."""
    best = rows[0].outcomes if rows and rows[0].mean is not None else ()
    others = [one for row in rows for one in row.outcomes if one not in best and one.curve]
    mine = [one for one in best if one.curve]
    every = [value for one in (*others, *mine) for value in one.curve.values()]
    steps = [step for one in (*others, *mine) for step in one.curve]
    up = _pad([*every, 0.0])
    frame = make_frame(460, 250, across=(0, max(steps, default=1)), up=up)
    xs = [(tick, f"{tick:,.0f}") for tick in find_ticks(0, max(steps, default=1), 4)]
    marks: list[str] = [frame.axes(xs, [(tick, f"{100 * tick:g}") for tick in find_ticks(*up, 4)])]
    for one, kind in [*((one, "faint") for one in others), *((one, "") for one in mine)]:
        points = [(frame.across(step), frame.up(value)) for step, value in sorted(one.curve.items())]
        marks.append(line(points, f"curve {kind}".strip()))
        marks += [
            tag("circle", tag("title", _tell(one)), cx=points[-1][0], cy=points[-1][1], r=3, class_="knot")
        ]
    marks.append(words(0, 11, f"{metric}", "name"))
    return picture(460, 250, f"{metric} over the steps of every training", *marks)

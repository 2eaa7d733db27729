"""A sweep as one page that works offline, made of the blocks of a report."""

from collections.abc import Iterator, Sequence
from shlex import quote

from workbench.report.blocks import Chart, Charts, Folded, Lead, Page, Paragraph, Section
from workbench.report.html import render
from workbench.report.table import Cell, Column, Table
from workbench.sweeps.drawings import draw_curves, draw_key, draw_trials
from workbench.sweeps.effects import Effect, measure_effects
from workbench.sweeps.standing import Standings
from workbench.sweeps.standings import Standing, average_classes
from workbench.sweeps.telling import (
    format_seconds,
    name_values,
    tell_gap,
    tell_kind,
    tell_noise,
    tell_score,
    tell_states,
)

DRAWN = 25  # rows that a drawing has room for
SIDE_BY_SIDE = 6  # rows of which each fold is shown


def render_sweep(found: Standings) -> str:
    """Write the page."""
    sections = (
        _build_table(found),
        _build_trials(found),
        _build_keys(found),
        _build_folds(found),
        _build_classes(found),
        _build_curves(found),
        _build_runs(found),
        _build_lineage(found),
    )
    page = Page(
        title=f"{found.sweep.name}: sweep of {found.folder.project.name}",
        about=f"{found.folder.project.name} · {found.sweep.name} · {tell_kind(found)} · {tell_states(found)}",
        lead=_write_lead(found),
        sections=tuple(section for section in sections if section),
    )
    return render(page, {})


def _write_lead(found: Standings) -> Lead:
    best = found.best
    if best is None:
        return Lead(level="unknown", saying="Nothing is finished yet", finding=tell_states(found), next=())
    many = f", mean of {len(best.units)} {found.repeats}" if len(best.units) > 1 else ""
    step = f"workbench sweeps {found.folder.project.name} adopt {quote(found.sweep.name)}"
    return Lead(
        level="good" if best.whole else "unknown",
        saying=f"{found.metric} {tell_score(best)}{many}",
        finding=f"{'Best of ' + str(len(found.rows)) + ': ' if len(found.rows) > 1 else ''}{name_values(best)}",
        next=(f"Take these values over: {step}",) if best.values else (),
        doubt=" ".join(tell_noise(found)),
    )


def _list_keys(found: Standings) -> list[str]:
    return list(dict.fromkeys(key for row in found.rows for key in row.values))


def _build_table(found: Standings) -> Section:
    keys = _list_keys(found)
    columns = [
        Column(key="place", title="place", kind="text"),
        *(Column(key=key, title=key) for key in keys),
        Column(key="mean", title=found.metric or "score", kind="share", hint="mean, percent"),
        Column(key="spread", title="±", kind="share", hint=f"standard deviation between {found.repeats}"),
        Column(key="count", title=found.repeats, kind="count", hint="that are finished"),
        Column(key="behind", title="behind the best", hint="with a 95 % interval, all rows together"),
        Column(key="time", title="time", hint="of one training"),
        Column(key="states", title="trainings"),
    ]
    rows = [_show_row(found, place, row, keys) for place, row in enumerate(found.rows, 1)]
    table = Table(
        name="standings",
        caption="Choices of values, the best first",
        columns=tuple(columns),
        rows=tuple(rows),
    )
    return Section(id="standings", title="Which is best", lead="", blocks=(table.drop_empty(),))


def _show_row(found: Standings, place: int, row: Standing, keys: Sequence[str]) -> tuple[Cell, ...]:
    return (
        str(place) if row.mean is not None else "–",
        *(row.values.get(key) for key in keys),
        row.mean,
        row.spread,
        len(row.units) if found.sweep.folds or found.sweep.seeds else None,
        "" if len(found.rows) == 1 else tell_gap(row, found),
        format_seconds(row.seconds),
        "all finished" if row.whole else _count_states(row),
    )


def _count_states(row: Standing) -> str:
    states = [one.state for one in row.outcomes]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _build_trials(found: Standings) -> Section | None:
    rows = [row for row in found.rows if row.mean is not None][:DRAWN]
    if not rows:
        return None
    drawing = draw_trials(found.metric, [_shorten(row) for row in rows], rows)
    more = sum(row.mean is not None for row in found.rows) - len(rows)
    keys = ", ".join(_list_keys(found))
    caption = f"{f'{keys}. ' if keys else ''}A dot is a training, a stroke the mean." + (
        f" The {more} worst rows are left out." if more else ""
    )
    lead = "Where the dots of two rows overlap, the next training may turn their order round."
    charts = Charts(charts=(Chart(caption=caption, drawing=drawing),))
    return Section(id="trials", title="Every training", lead=lead, blocks=(charts,))


def _shorten(row: Standing) -> str:
    """Where the keys stand beside it."""
    return ", ".join(row.values.values()) or name_values(row)


def _build_keys(found: Standings) -> Section | None:
    effects = measure_effects(found.outcomes)
    if not effects:
        return None
    charts = tuple(
        Chart(caption=_tell_effect(effect), drawing=draw_key(effect.key, found.metric, found.outcomes))
        for effect in effects
    )
    rows = tuple((effect.key, one.name, one.mean, one.count) for effect in effects for one in effect.slices)
    columns = (
        Column(key="key", title="key"),
        Column(key="value", title="value"),
        Column(key="mean", title=found.metric, kind="share", hint="mean of all trainings with it"),
        Column(key="count", title="trainings", kind="count"),
    )
    table = Table(name="slices", caption="The mean for each value", columns=columns, rows=rows)
    lead = (
        "How much of the differences between trainings goes with a key alone, less what chance would explain. "
        "Keys that work only together do not show here."
    )
    blocks = (Charts(charts=charts, small=len(charts) > 2), Folded(title="In numbers", blocks=(table,)))
    return Section(id="keys", title="What each key does", lead=lead, blocks=blocks)


def _tell_effect(effect: Effect) -> str:
    if effect.share is None:
        return f"{effect.key}: too few trainings to say how much it does"
    return f"{effect.key}: {100 * effect.share:.0f} % of the differences go with it"


def _build_folds(found: Standings) -> Section | None:
    best = found.best
    if not found.sweep.folds or best is None:
        return None
    rows = [
        (f"fold {fold}", *(row.units.get(fold) for row in found.rows[:SIDE_BY_SIDE]))
        for fold in range(1, found.sweep.folds + 1)
    ]
    heads = [_shorten(row) if len(found.rows) > 1 else found.metric for row in found.rows[:SIDE_BY_SIDE]]
    columns = (
        Column(key="fold", title="fold"),
        *(Column(key=f"row{place}", title=head, kind="share") for place, head in enumerate(heads)),
    )
    keys = ", ".join(_list_keys(found))
    caption = f"{found.metric} of each fold{f', by {keys}' if keys else ''}"
    table = Table(name="folds", caption=caption, columns=columns, rows=tuple(rows))
    lead = "Each fold is judged by a model that learnt from the others; none of them has seen the test part."
    return Section(id="folds", title="Folds", lead=lead, blocks=(table,))


def _build_classes(found: Standings) -> Section | None:
    best = found.best
    classes = average_classes(best) if best else {}
    if len(classes) < 2:
        return None
    columns = (
        Column(key="class", title="class"),
        Column(key="mean", title=found.metric, kind="share"),
        Column(key="spread", title="±", kind="share"),
        Column(key="count", title="trainings", kind="count"),
    )
    ordered = sorted(classes.items(), key=lambda item: item[1][0])
    rows = tuple((name, middle, spread, count) for name, (middle, spread, count) in ordered)
    table = Table(
        name="classes", caption="With the best values, the hardest first", columns=columns, rows=rows
    )
    return Section(id="classes", title="Classes", lead="", blocks=(table,))


def _build_curves(found: Standings) -> Section | None:
    if not any(one.curve for one in found.outcomes):
        return None
    caption = "A line is a training; the dark ones have the best values. Lines that still rise: train longer."
    chart = Chart(caption=caption, drawing=draw_curves(found.metric, found.rows))
    return Section(id="curves", title="How they learnt", lead="", blocks=(Charts(charts=(chart,)),))


def _build_runs(found: Standings) -> Section:
    keys = _list_keys(found)
    columns = (
        Column(key="run", title="run"),
        *(Column(key=key, title=key) for key in keys),
        Column(key="seed", title="seed", kind="count"),
        Column(key="fold", title="fold", kind="count"),
        Column(key="state", title="state"),
        Column(key="score", title=found.metric or "score", kind="share"),
        Column(key="time", title="time"),
        Column(key="reason", title="why"),
    )
    rows = tuple(
        (
            one.run,
            *(one.values.get(key) for key in keys),
            one.seed,
            one.fold,
            one.state,
            one.score,
            format_seconds(one.seconds),
            one.reason,
        )
        for one in found.outcomes
    )
    table = Table(name="runs", caption="Every training", columns=columns, rows=rows)
    return Section(
        id="runs", title="Runs", lead="", blocks=(Folded(title="All", blocks=(table.drop_empty(),)),)
    )


def _build_lineage(found: Standings) -> Section:
    return Section(
        id="lineage",
        title="Where it comes from",
        lead="",
        blocks=tuple(Paragraph(text=text) for text in _tell_lineage(found)),
    )


def _tell_lineage(found: Standings) -> Iterator[str]:
    sweep = found.sweep
    yield f"Launched {sweep.created}, in {found.folder.path.name}."
    if sweep.words:
        yield f"Every training was told: {' '.join(sweep.words)}"
    for key, values in sweep.axes.items():
        yield f"{key}: {', '.join(values)}"

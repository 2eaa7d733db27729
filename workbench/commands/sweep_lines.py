"""A sweep on a terminal: one table, and what may be concluded from it."""

from collections.abc import Sequence

from workbench.commands.folding import fold
from workbench.commands.output import format_table, safe
from workbench.sweeps.standing import Standings
from workbench.sweeps.standings import Standing, average_classes
from workbench.sweeps.telling import (
    format_seconds,
    name_values,
    points,
    tell_gap,
    tell_kind,
    tell_score,
    tell_states,
    tell_verdict,
)

SHOWN = 30  # rows of the table; --json has all
CLASSES = 12
UNKNOWN_CELL = "-"


def format_sweeps(found: Sequence[Standings], project: str) -> str:
    """One line a sweep, the newest last."""
    if not found:
        return f"no sweeps yet; workbench launch {project} --sweep KEY=V1,V2 (or --folds 5) makes one"
    rows: list[tuple[str, ...]] = [("sweep", "of", "trainings", "best", "with")]
    for one in found:
        best = one.best
        score = f"{one.metric} {tell_score(best)}" if best else UNKNOWN_CELL
        rows.append((one.sweep.name, tell_kind(one), tell_states(one), score, name_values(best)))
    return format_table([tuple(map(safe, row)) for row in rows])


def format_standings(found: Standings) -> str:
    """The table, the verdict, the classes, what went wrong, and what to type next."""
    head = f"{found.sweep.name}: {tell_kind(found)}; {tell_states(found)}"
    lines = [fold(safe(head)), "", _format_rows(found)]
    if len(found.rows) > SHOWN:
        lines.append(f"and {len(found.rows) - SHOWN} more rows (--json has all)")
    lines += ["", *(fold(safe(sentence)) for sentence in tell_verdict(found))]
    lines += [*_format_units(found), *_format_classes(found), *_format_troubles(found)]
    return "\n".join(lines)


def _format_rows(found: Standings) -> str:
    keys = list(dict.fromkeys(key for row in found.rows for key in row.values))
    score = found.metric or "score"
    rows = [("", *keys, score, "±", "of", "behind the best", "time", "trainings")]
    for place, row in enumerate(found.rows[:SHOWN], 1):
        rows.append(
            (
                str(place) if row.mean is not None else "",
                *(row.values.get(key, UNKNOWN_CELL) for key in keys),
                points(row.mean),
                points(row.spread),
                str(len(row.units) or UNKNOWN_CELL),
                tell_gap(row, found),
                format_seconds(row.seconds),
                _tell_trainings(row),
            )
        )
    if len(found.rows) == 1:  # nothing to be behind of
        gap = rows[0].index("behind the best")
        rows = [(*row[:gap], *row[gap + 1 :]) for row in rows]
    return format_table([tuple(map(safe, row)) for row in rows], right=f"{score} ± of time")


def _tell_trainings(row: Standing) -> str:
    """The run where there is one; else the states, when not all are finished."""
    if len(row.outcomes) == 1:
        one = row.outcomes[0]
        return one.run if one.counts else f"{one.run} {one.state}"
    if row.whole:
        return f"{row.outcomes[0].run} … {row.outcomes[-1].run}"
    states: dict[str, int] = {}
    for one in row.outcomes:
        states[one.state] = states.get(one.state, 0) + 1
    return ", ".join(f"{count} {state}" for state, count in states.items())


def _format_units(found: Standings) -> list[str]:
    """Where all differ in nothing but fold or seed: each of them."""
    if len(found.rows) != 1 or len(found.rows[0].outcomes) < 2:
        return []
    rows = [(found.repeats[:-1], found.metric or "score", "time", "run", "state")]
    for one in found.rows[0].outcomes[:SHOWN]:
        unit = one.fold if found.sweep.folds else one.seed
        told = (points(one.score), format_seconds(one.seconds), one.run, one.state)
        rows.append((UNKNOWN_CELL if unit is None else str(unit), *told))
    return ["", format_table([tuple(map(safe, row)) for row in rows], right=f"fold seed {found.metric} time")]


def _format_classes(found: Standings) -> list[str]:
    best = found.best
    classes = average_classes(best) if best else {}
    if len(classes) < 2:
        return []
    rows = [("class, with the best", found.metric, "±", "of")]
    ordered = sorted(classes.items(), key=lambda item: item[1][0])
    rows += [
        (name, points(middle), points(spread), str(count))
        for name, (middle, spread, count) in ordered[:CLASSES]
    ]
    more = len(classes) - CLASSES
    table = format_table([tuple(map(safe, row)) for row in rows], right=f"{found.metric} ± of")
    return ["", table, *([f"and {more} more classes (--json has all)"] if more > 0 else [])]


def _format_troubles(found: Standings) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for one in filter(lambda one: one.is_trouble, found.outcomes):
        reasons.setdefault(f"{one.state}{f': {one.reason}' if one.reason else ''}", []).append(one.run)
    lines = [
        f"{', '.join(runs[:3])}{', …' if len(runs) > 3 else ''} {reason}" for reason, runs in reasons.items()
    ]
    return ["", *(fold(safe(line)) for line in lines)] if lines else []

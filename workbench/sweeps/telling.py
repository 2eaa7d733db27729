"""What may be concluded from a sweep, in sentences that table, page and adoption share."""

from collections.abc import Iterator

from workbench.sweeps.standing import Standings
from workbench.sweeps.standings import BETTER, EQUAL, UNKNOWN, Standing


def tell_kind(found: Standings) -> str:
    """What is varied in it: search of SOLVER.BASE_LR, 3 seeds."""
    sweep = found.sweep
    keys = ", ".join(sweep.axes)
    parts = (
        f"{sweep.kind} of {keys}" if keys else "",
        f"{len(sweep.seeds)} seeds" if sweep.seeds else "",
        f"{sweep.folds} folds" if sweep.folds else "",
    )
    return ", ".join(filter(None, parts))


def tell_states(found: Standings) -> str:
    """6 finished, 1 running, 2 queued."""
    return ", ".join(f"{count} {state}" for state, count in found.states.items())


def name_values(row: Standing | None) -> str:
    """What a row is trained with."""
    if row is None:
        return "-"
    return ", ".join(f"{key} {value}" for key, value in row.values.items()) or "the project's own settings"


def points(value: float | None) -> str:
    """A share in percent, as everywhere else."""
    return "-" if value is None else f"{100 * value:.1f}"


def tell_score(row: Standing) -> str:
    """3.6 ± 1.6."""
    return points(row.mean) + (f" ± {points(row.spread)}" if row.spread is not None else "")


def tell_gap(row: Standing, found: Standings) -> str:
    """0.8 (0.1 to 1.5): more than noise."""
    if row.mean is None:
        return "-"
    if row.gap is None:
        return "best" if row is found.rows[0] else "-"
    if row.gap.interval is None:
        return points(row.gap.difference)
    low, high = row.gap.interval
    return f"{points(row.gap.difference)} ({points(low)} to {points(high)}): {row.gap.verdict}"


def format_seconds(seconds: float | None) -> str:
    """m:ss, or h:mm:ss."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def tell_verdict(found: Standings) -> Iterator[str]:
    """Which is best, by how much, and whether that is more than luck."""
    best = found.best
    if best is None:
        yield "Nothing is finished yet, so nothing can be said of which is best."
        return
    many = len(best.units)
    mean_of = f", mean of {many} {found.repeats}" if many > 1 else ""
    name = "Best" if len(found.rows) > 1 else "With"
    yield f"{name}: {name_values(best)}: {found.metric} {tell_score(best)}{mean_of}."
    if not best.whole:
        yield "No row is whole yet: a mean of what happens to be finished may be luck."
    yield from tell_noise(found)


def tell_noise(found: Standings) -> Iterator[str]:
    """What the differences are worth, and what the spread is a spread of."""
    gaps = [row.gap for row in found.rows[1:] if row.gap]
    blind, equal = (sum(gap.verdict == word for gap in gaps) for word in (UNKNOWN, EQUAL))
    sure = sum(gap.verdict == BETTER and gap.difference > 0 for gap in gaps)
    if gaps and blind == len(gaps):
        yield "Each has one training, so what is luck cannot be told: launch it with --seeds 3, or --folds 5."
    elif gaps:
        rest = f", {equal} {'is' if equal == 1 else 'are'} equal" if equal else ""
        better = f"{sure} of {len(gaps)} others" if len(gaps) > 1 else "the other"
        told = (
            f"It is better than {better} by more than noise" if sure else "None is worse by more than noise"
        )
        yield f"{told}{rest} (95 %, all comparisons together)."
    ahead = [
        str(place)
        for place, row in enumerate(found.rows, 1)
        if row.gap and row.gap.verdict == BETTER and row.gap.difference < 0
    ]
    if ahead:  # only what comes behind for want of a training can be
        name = f"Row {ahead[0]} is" if len(ahead) == 1 else f"Rows {', '.join(ahead)} are"
        yield f"{name} better by more than noise, but not whole."
    if any(row.spread is not None for row in found.rows):
        yield _note_scope(found)


def _note_scope(found: Standings) -> str:
    if found.sweep.folds:
        return "The spread is between folds: how much of a score is which images it is judged on."
    return (
        "The spread is the luck of seeds on one and the same val part; what other images would say, "
        "workbench compare or --folds 5 tells."
    )

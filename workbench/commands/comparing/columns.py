"""Columns of figures on a terminal: percent with intervals, names to the left, and no line wider than there is room."""

from collections.abc import Callable, Sequence

Rows = list[tuple[str, ...]]
NOTHING = "–"


def percent(value: float | None, interval: Sequence[float] | None = None) -> str:
    """57.8 (51–64): in percent, and how far it may be off; no interval where every draw says the same."""
    if value is None:
        return NOTHING
    shown = f"{100 * value:.1f}"
    if interval is None:
        return shown
    digits = 1 if interval[1] - interval[0] < 0.03 else 0
    low, high = (f"{100 * end:.{digits}f}" for end in interval)
    return shown if low == high else f"{shown} ({low}–{high})"


def fit(choices: Sequence[Rows], lay: Callable[[Rows], str], width: int) -> str:
    """The first table that is narrow enough, or the last."""
    shown = ""
    for rows in choices:
        shown = lay(rows)
        if max(map(len, shown.splitlines()), default=0) <= width:
            break
    return shown


def align(rows: Rows) -> str:
    """Names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    )


def shorten(text: str, limit: int) -> str:
    """Cut what is too long for its column."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"

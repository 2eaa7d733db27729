"""The numbers of a comparison as tables: two runs with intervals, more of them side by side."""

from collections.abc import Sequence

from workbench.commands.comparing.compared import Compared
from workbench.commands.folding import fold
from workbench.commands.output import format_table, safe
from workbench.evaluation.comparing.compare import BETTER, UNKNOWN, WORSE, Measure, count_expected
from workbench.evaluation.comparing.settling import FORCED
from workbench.evaluation.comparing.verdicts import name_measure, points, shorten_verdict, signed
from workbench.evaluation.score_table import HEADLINES

_NONE = "–"
_MOST_CLASSES = 20
_FAMILIES = ("panoptic", "mask", "boundary", "box", "semantic")
_BOUNDARY = ("AP", "AP75")
_CLASS_KEYS = {"panoptic": "PQ", "mask": "AP", "box": "AP", "semantic": "IoU"}


def format_numbers(found: Compared) -> str:
    """Overall numbers of each family, then the main one of each class."""
    there = [change.measure for change in found.versus[0].changes]
    overall = [Measure(family, key) for family in _FAMILIES for key in HEADLINES.get(family, _BOUNDARY)]
    family = found.headline.family
    order = [m for m in there if m.family == family and m.key == _CLASS_KEYS[family] and m.category]
    order, left = _choose_classes(found, order)
    tables = [_format_table(found, [m for m in overall if m in there]), _format_table(found, order) + left]
    shown = [change for one in found.versus for change in one.changes if change.measure in {*overall, *order}]
    expected = count_expected(shown)
    counted = sum(change.interval is not None for change in shown)
    chance = (
        f"({found.draws} draws of the images; where nothing differs, about {max(1, round(expected))} of {counted} "
        "such numbers would still look like more than noise)"
    )
    return "\n\n".join([*(table for table in tables if table), *([fold(chance, " ")] if counted else [])])


def _choose_classes(found: Compared, classes: list[Measure]) -> tuple[list[Measure], str]:
    """All of a few; of many those that changed most, what is more than noise first."""
    if len(classes) <= _MOST_CLASSES:
        return (classes if len(classes) > 1 else []), ""
    kept = sorted(classes, key=lambda measure: _weigh(found, measure))[:_MOST_CLASSES]
    left = len(classes) - len(kept)
    return [
        measure for measure in classes if measure in kept
    ], f"\n({left} more classes changed less; --json has all)"


def _weigh(found: Compared, measure: Measure) -> tuple[bool, float]:
    changes = [one.find(measure) for one in found.versus]
    told = any(change.verdict in (BETTER, WORSE) for change in changes)
    return not told, -max(abs(change.difference or 0) for change in changes)


def _format_table(found: Compared, measures: Sequence[Measure]) -> str:
    if not measures:
        return ""
    head, make_row = (_HEADS[len(found.versus) == 1](found), _ROWS[len(found.versus) == 1])
    rows = [head, *(make_row(found, measure) for measure in measures)]
    return format_table(rows, right=" ".join(head))


def _name_two(found: Compared) -> tuple[str, ...]:
    first, other = (entry.letter for entry in found.entries)
    return ("", first, other, f"{other}-{first}", "95%", f"{other}>{first}", "")


def _show_two(found: Compared, measure: Measure) -> tuple[str, ...]:
    change = found.versus[0].find(measure)
    known = change.verdict != UNKNOWN
    low, high = change.interval if known and change.interval else (None, None)
    return (
        safe(_name_row(measure)),
        _percent(change.first),
        _percent(change.other),
        _NONE if change.difference is None else signed(change.difference),
        _NONE if low is None or high is None else f"{signed(low)} to {signed(high)}",
        _NONE if change.above is None or not known else f"{100 * change.above:.0f} %",
        shorten_verdict(change, same=found.settled.mode != FORCED),
    )


def _name_many(found: Compared) -> tuple[str, ...]:
    first = found.entries[0].letter
    letters = [one.entry.letter for one in found.versus]
    return ("", first, *(cell for letter in letters for cell in (letter, f"{letter}-{first}", "")))


def _show_many(found: Compared, measure: Measure) -> tuple[str, ...]:
    cells = [safe(_name_row(measure)), _percent(found.versus[0].find(measure).first)]
    for one in found.versus:
        change = one.find(measure)
        difference = _NONE if change.difference is None else signed(change.difference)
        verdict = shorten_verdict(change, same=found.settled.mode != FORCED)
        cells += [_percent(change.other), difference, verdict]
    return tuple(cells)


_HEADS, _ROWS = {True: _name_two, False: _name_many}, {True: _show_two, False: _show_many}


def _name_row(measure: Measure) -> str:
    return measure.category or name_measure(measure)


def _percent(value: float | None) -> str:
    return _NONE if value is None else points(value)

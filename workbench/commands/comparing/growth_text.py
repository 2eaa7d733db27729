"""What more labelled data would bring, said on a terminal, with how little the points tell of it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from workbench.commands.folding import fold
from workbench.commands.output import format_table, safe
from workbench.evaluation.comparing.growth import Reach
from workbench.evaluation.comparing.growth_runs import GrowthRow
from workbench.evaluation.comparing.verdicts import name_measure, points

if TYPE_CHECKING:
    from workbench.commands.comparing.compared import Compared

_LIKELY_NEVER, _RARE = 0.5, 0.01


def format_growth(found: "Compared", gain: float) -> str:
    """The points, what it takes, and what twice the data would bring; then the same in a sentence."""
    rows = found.growth
    if not rows:
        return ""
    name = name_measure(found.headline)
    head = ("", "labelled", name, f"for +{points(gain)}", "8 in 10", "with twice as many")
    lines = [f"growth of {name} with what was labelled to train on"]
    lines.append(
        format_table([head, *(_show(row, gain) for row in rows if len(rows) != 2 or row is rows[0])])
    )
    told = [*_tell(rows[0], gain, name), *_tell_best(rows[1:], gain, name)]
    lines += ["", *map(fold, told), *(fold(f"note: {note}") for note in _note(found))]
    return "\n".join(lines)


def _show(row: GrowthRow, gain: float) -> tuple[str, ...]:
    order = sorted(row.points, key=lambda point: point.labelled)
    labelled = " → ".join(f"{point.labelled:.0f}" for point in order)
    scores = " → ".join(points(point.score) for point in order)
    head = (safe(row.measure.category or "all"), labelled, scores)
    if isinstance(row.found, str):
        return (*head, "cannot say", "", "")
    reach = row.found.compute_reach(gain)
    middle, low, high = row.found.foretell(2 * row.found.largest)
    likely = f"{_amount(reach.likely[0])} to {_amount(reach.likely[1])}"
    more = _amount(reach.more)
    return (
        *head,
        more if more == "never" else f"about {more} more",
        "never" if likely == "never to never" else likely,
        f"{points(middle)} ({points(low)} to {points(high)})",
    )


def _amount(more: float | None) -> str:
    """Two figures are all that is known of it."""
    return "never" if more is None else f"{float(f'{max(more, 1):.2g}'):.0f}"


def _tell(row: GrowthRow, gain: float, name: str) -> Iterator[str]:
    """One sentence for a class, or for all."""
    noun = safe(f"{row.unit} of {row.measure.category}") if row.measure.category else row.unit
    aim = f"+{points(gain)} {name}"
    if isinstance(row.found, str):
        yield f"Cannot say what more labels would bring: {row.found}."
        return
    reach = row.found.compute_reach(gain)
    if reach.never > _LIKELY_NEVER or reach.more is None:
        yield (
            f"More labelled {noun} will hardly bring {aim}: in {_percent(reach)} of the futures that fit these "
            "points no amount does."
        )
        return
    low, high = (_amount(value) for value in reach.likely)
    end = f"; in {_percent(reach)} no amount is enough" if reach.never > _RARE else ""
    yield (
        f"About {_amount(reach.more)} more labelled {noun}{_to_images(row, reach)} for {aim}. "
        f"8 in 10 futures that fit these points take {low} to {high}{end}."
    )


def _to_images(row: GrowthRow, reach: Reach) -> str:
    images = (reach.more or 0) / row.per_image if row.per_image and row.unit == "objects" else 0
    return f" ({float(f'{max(images, 1):.2g}'):.0f} images like the last run's)" if images else ""


def _tell_best(rows: Sequence[GrowthRow], gain: float, name: str) -> Iterator[str]:
    """The class whose labels bring most; nothing where no class can be told."""
    told = [
        (reach.more / row.found.largest, row.measure.category, row)
        for row in rows
        if not isinstance(row.found, str)
        and (reach := row.found.compute_reach(gain)).more is not None
        and reach.never <= _LIKELY_NEVER
    ]
    if len(rows) > 1 and told:
        yield from _tell(min(told)[2], gain, f"{name} of that class")


def _percent(reach: Reach) -> str:
    return f"{100 * reach.never:.0f} %"


def _note(found: "Compared") -> Iterator[str]:
    amounts = {point.labelled for point in found.growth[0].points}
    if len(amounts) == 2:
        yield "two amounts of data make a direction, not a curve: take the ranges, not the middles"
    others = sorted({key for one in found.versus for key, *_ in one.settings if key.startswith(_TELLING)})
    if others:
        listed = ", ".join(others[:4])
        yield f"the runs differ in more than data ({listed}): what is taken for growth may come from that"
    reasons: dict[str, list[str]] = {}
    for row in found.growth[1:] if len(found.growth) > 2 else ():
        if isinstance(row.found, str):
            reasons.setdefault(row.found, []).append(safe(row.measure.category))
    for reason, names in reasons.items():
        yield f"{', '.join(names)}: {reason}"
    if len(found.growth) > 2:
        yield "the curve of a class takes it that the other classes grow along with it, as they did in these runs"


_TELLING = (
    "model",
    "settings.model",
    "settings.train.steps",
    "settings.train.lr",
    "weights.source",
    "device",
)

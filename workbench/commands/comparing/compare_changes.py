"""What became of single images between two runs, and what differs in their data and settings."""

from workbench.commands.comparing.compared import Compared, Versus
from workbench.commands.comparing.dataset_diff import describe_dataset
from workbench.commands.folding import fold
from workbench.commands.output import format_table, safe
from workbench.commands.run_lines import UNKNOWN, shorten
from workbench.evaluation.comparing.image_changes import ImageChange
from workbench.evaluation.comparing.verdicts import points, signed

_SETTINGS = 8  # shown; the rest is counted


def format_images(found: Compared, one: Versus, most: int) -> str:
    """How many became better and worse, and the largest changes of both kinds."""
    if one.images is None:
        return ""
    better, worse = one.images.better, one.images.worse
    first, other = found.entries[0].letter, one.entry.letter
    head = (
        f"images from {first} to {other}: {len(better)} better, {len(worse)} worse, "
        f"{one.images.same} the same{_explain(found, one)}"
    )
    names = [image.name for image in found.settled.judged[0].val.images]
    rows: list[tuple[str, ...]] = [("", "", first, other, "", "")]
    for title, changes in (("better", better[:most]), ("worse", worse[:most])):
        for place, change in enumerate(changes):
            rows.append(("" if place else title, *_show_image(change, names[change.place])))
    return fold(head) if len(rows) == 1 else f"{fold(head)}\n{format_table(rows, right=f'{first} {other}')}"


def _explain(found: Compared, one: Versus) -> str:
    family = found.headline.family
    if family in ("panoptic", "semantic"):
        return " (PQ of the image)" if family == "panoptic" else " (mean IoU of the image)"
    least = [f"{sure:.2f}" for sure in one.sure if sure is not None]
    if len(least) < 2:
        return " (F1 of the image)"
    first, other = found.entries[0].letter, one.entry.letter
    return f" (F1 of what scores {least[0]} in {first} and {least[1]} in {other}, where each is best)"


def _show_image(change: ImageChange, name: str) -> tuple[str, ...]:
    return (
        safe(shorten(name, 48)),
        points(change.first),
        points(change.other),
        signed(change.other - change.first),
        _count(change),
    )


def _count(change: ImageChange) -> str:
    """2 fewer missed, 1 more false alarm."""
    told = []
    for amount, noun, nouns in (
        (change.missed, "missed", "missed"),
        (change.false, "false alarm", "false alarms"),
    ):
        if amount:
            word = "fewer" if amount < 0 else "more"
            told.append(f"{abs(amount)} {word} {noun if abs(amount) == 1 else nouns}")
    return ", ".join(told)


def format_settings(found: Compared, one: Versus) -> str:
    """What else differs: data, then settings."""
    if one.entry.run is None:
        return ""
    first, other = found.entries[0], one.entry
    lines = [f"data from {first.letter} to {other.letter}: {'' if one.dataset else 'the same'}".rstrip()]
    lines += [fold(f"  {safe(line)}", "    ") for line in describe_dataset(one.dataset)]
    rows = [
        tuple(safe(shorten(UNKNOWN if cell is None else cell, 36)) for cell in row) for row in one.settings
    ]
    shown = [row for row in rows if not row[0].startswith("config.")] or rows
    lines.append(f"settings from {first.letter} to {other.letter}: {'' if rows else 'the same'}".rstrip())
    if rows:
        lines += [f"  {line}" for line in format_table(shown[:_SETTINGS]).splitlines()]
    left = len(rows) - len(shown[:_SETTINGS])
    if left:
        lines.append(f"  {left} more: workbench runs PROJECT diff {first.name} {other.name}")
    return "\n".join(lines)

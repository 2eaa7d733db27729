"""The classes of an evaluation on a terminal: a line each, with its note behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.commands.comparing.columns import NOTHING, align, fit, percent, shorten
from workbench.commands.output import safe
from workbench.evaluation.class_notes import FEW

Document = Mapping[str, Any]

CLASSES = 30  # lines of the table; --json has them all
KEYS: Mapping[str, str] = {"panoptic": "PQ", "mask": "AP", "box": "AP", "semantic": "IoU"}
_POINT = ("score", "prec.", "recall", "F1")
_NAME, _SHORT_NAME = 24, 16  # letters
_FEW = "  few"


def choose_classes(document: Document) -> dict[str, Document]:
    """All of them, or those with most objects."""
    classes: Mapping[str, Document] = document["per_category"]
    if len(classes) <= CLASSES:
        return dict(classes)
    most = sorted(classes, key=lambda name: -classes[name].get("truths", 0))[:CLASSES]
    return {name: row for name, row in classes.items() if name in set(most)}


def format_classes(document: Document, width: int, score: float | None) -> str:
    """Lay out counts, scores with intervals, and the best threshold (or the one that a person chose)."""
    classes = choose_classes(document)
    families = [family for family in KEYS if family in document]
    if "mask" in families and "box" in families:
        families.remove("box")
    counted = [key for key in ("truths", "predictions") if any(key in row for row in classes.values())]
    place = "best" if score is None else "at"
    rated = any(row.get(place) for row in classes.values())
    rows = [_name_columns(counted, families, rated=rated)]
    rows += [_describe(name, row, counted, families, place if rated else "") for name, row in classes.items()]
    last = 1 + len(counted) + len(families)
    narrower = [[(*row[: last - n], *row[last:]) for row in rows] for n in range(max(1, len(families)))]
    narrower += [[(shorten(row[0], _SHORT_NAME), *row[1:]) for row in narrower[-1]]]
    room = width - (len(_FEW) if any(row.get("note") for row in classes.values()) else 0)
    table = fit(narrower, align, room).splitlines()
    lines = [table[0], *(_annotate(*pair, width) for pair in zip(table[1:], classes.values(), strict=True))]
    return "\n".join([*lines, *_explain(document, classes, score, rated=rated)])


def _explain(
    document: Document, classes: Mapping[str, Document], score: float | None, *, rated: bool
) -> list[str]:
    """What the table does not say itself."""
    told, total = [], len(document["per_category"])
    if total > len(classes):
        told.append(f"the {len(classes)} classes with most objects, of {total} (--json has all)")
    if rated:
        told.append(
            f"precision and recall at the score of {'its best F1' if score is None else f'{score:.2f} or more'}"
        )
    if any(0 < row.get("truths", FEW) < FEW for row in classes.values()):
        told.append(f"few: rests on fewer than {FEW} objects")
    return told


def _name_columns(counted: Sequence[str], families: Sequence[str], *, rated: bool) -> tuple[str, ...]:
    counts = ("found" if key == "predictions" else key for key in counted)
    titles = (f"{family} {KEYS[family]}" for family in families)
    return ("class", *counts, *titles, *(_POINT if rated else ()))


def _describe(
    name: str, row: Document, counted: Sequence[str], families: Sequence[str], place: str
) -> tuple[str, ...]:
    counts = (str(row.get(key, NOTHING)) for key in counted)
    numbers = (_score(row, family) for family in families)
    return (shorten(safe(name), _NAME), *counts, *numbers, *(_rate(row.get(place)) if place else ()))


def _score(row: Document, family: str) -> str:
    key = KEYS[family]
    return percent(row.get(family, {}).get(key), row.get("intervals", {}).get(f"{family}.{key}"))


def _rate(point: Document | None) -> tuple[str, ...]:
    if not point or point.get("score") is None:
        return (NOTHING,) * len(_POINT)
    return (f"{point['score']:.2f}", *(percent(point[key]) for key in ("precision", "recall", "F1")))


def _annotate(line: str, row: Document, width: int) -> str:
    """The note behind its class: in the place of figures where there are none, else as short as must be."""
    note = row.get("note", "")
    if row.get("truths") == 0:
        line = line.rstrip(f" {NOTHING}")
    short = _FEW if row.get("truths") else "  no truth"
    told = f"  {note}" if len(line) + 2 + len(note) <= width else short
    return f"{line}{told}" if note else line

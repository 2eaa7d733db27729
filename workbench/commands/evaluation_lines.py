"""An evaluation as a person reads it on a terminal: headlines with intervals, classes, errors, what to do, gates."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import wrap
from typing import Any

from workbench.commands.output import format_table, safe

Document = Mapping[str, Any]

CLASSES = 30  # lines of the table; --json has them all
NARROWEST, WIDEST = 72, 120
_OBJECTS = (
    ("AP", "AP"),
    ("AP50", "AP50"),
    ("AP75", "AP75"),
    ("APs", "APs"),
    ("APm", "APm"),
    ("APl", "APl"),
)
HEADS: Mapping[
    str, Sequence[tuple[str, str]]
] = {  # family -> what is shown of it; the first has its interval
    "panoptic": (("PQ", "PQ"), ("SQ", "SQ"), ("RQ", "RQ"), ("things", "PQ_th"), ("stuff", "PQ_st")),
    "mask": _OBJECTS,
    "boundary": _OBJECTS,
    "box": _OBJECTS,
    "semantic": (("mIoU", "mIoU"), ("fwIoU", "fwIoU"), ("mACC", "mACC"), ("pACC", "pACC")),
}
_LONGEST = max(map(len, HEADS))
CLASS_KEYS: Mapping[str, str] = {"panoptic": "PQ", "mask": "AP", "box": "AP", "semantic": "IoU"}
KINDS: Mapping[str, str] = {
    "class": "wrong class",
    "place": "badly placed",
    "class-and-place": "wrong class, badly placed",
    "duplicate": "found twice",
    "background": "nothing there",
    "missed": "missed",
    "outline-loose": "outline too loose",
    "outline-tight": "outline too tight",
    "hole-missed": "hole missed",
    "merged": "several as one",
    "split": "one in pieces",
}


def format_evaluation(name: str, document: Document, score: float | None = None) -> str:
    """Lay everything out for the width of the terminal; `score` is where a person wants precision and recall."""
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))
    blocks = [
        _describe_data(name, document, width),
        _format_heads(document, width),
        _format_classes(document, width, score),
        _format_errors(document),
        _format_list("What to do next", document.get("advice", ()), width),
        _format_list("Notes", _choose_notes(document), width),
    ]
    return "\n\n".join(block for block in blocks if block)


def _describe_data(name: str, document: Document, width: int) -> str:
    """One line, or two where the name is long."""
    rows = document["per_category"].values()
    counts = [_count(document["images"], "image")]
    for key, word in (("truths", "object"), ("predictions", "prediction")):
        if any(key in row for row in rows):
            counts.append(_count(sum(row.get(key, 0) for row in rows), word))
    told = ", ".join(counts)
    return f"{safe(name)}:{' ' if len(safe(name)) + len(told) + 2 <= width else chr(10)}{told}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _format_heads(document: Document, width: int) -> str:
    """A line a family, those of objects in columns; what does not fit is left to --json."""
    lines = []
    for shown, families in groupby((family for family in HEADS if family in document), key=HEADS.__getitem__):
        rows = [_describe_family(document, family, shown) for family in families]
        choices = [[row[:kept] for row in rows] for kept in range(len(rows[0]), 1, -1)]
        lines.append(_fit(choices, format_table, width))
    return "\n".join(lines)


def _describe_family(document: Document, family: str, shown: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    intervals, values = document.get("intervals", {}), document[family]
    (title, key), rest = shown[0], shown[1:]
    first = f"{title} {_number(values.get(key), intervals.get(f'{family}.{key}'))}"
    cells = (f"{title} {_number(values.get(key))}" for title, key in rest)
    return (family.ljust(_LONGEST), first, *cells)


def _fit(
    choices: Sequence[list[tuple[str, ...]]], lay: Callable[[list[tuple[str, ...]]], str], width: int
) -> str:
    """The first table that is narrow enough, or the last."""
    shown = ""
    for rows in choices:
        shown = lay(rows)
        if max(map(len, shown.splitlines()), default=0) <= width:
            break
    return shown


def _number(value: float | None, interval: Sequence[float] | None = None) -> str:
    """57.8 (51–64): in percent, and how far it may be off."""
    if value is None:
        return "–"
    if interval is None:
        return f"{100 * value:.1f}"
    digits = 1 if interval[1] - interval[0] < 0.03 else 0
    low, high = (f"{100 * end:.{digits}f}" for end in interval)
    return f"{100 * value:.1f} ({low}–{high})"


def _format_classes(document: Document, width: int, score: float | None) -> str:
    classes: Mapping[str, Document] = dict(list(document["per_category"].items())[:CLASSES])
    families = [family for family in CLASS_KEYS if family in document]
    if "mask" in families and "box" in families:
        families.remove("box")
    counted = [key for key in ("truths", "predictions") if any(key in row for row in classes.values())]
    place = "best" if score is None else "at"
    rated = any(row.get(place) for row in classes.values())
    rows = [_name_columns(counted, families, rated=rated)]
    rows += [
        _describe_class(name, classes[name], counted, families, place if rated else "") for name in classes
    ]
    last = 1 + len(counted) + len(families)
    narrower = [[(*row[: last - n], *row[last:]) for row in rows] for n in range(max(1, len(families)))]
    table = _fit(narrower, _align, width).splitlines()
    notes = ["", *(row.get("note", "") for row in classes.values())]
    told = [line for pair in zip(table, notes, strict=True) for line in _annotate(*pair, width)]
    left = len(document["per_category"]) - len(classes)
    told += [f"and {left} more classes (--json lists all)"] if left else []
    about = "its best F1" if score is None else f"{score:.2f} or more"
    told += [f"precision and recall at the score of {about}"] if rated else []
    return "\n".join(told)


def _name_columns(counted: Sequence[str], families: Sequence[str], *, rated: bool) -> tuple[str, ...]:
    counts = ("found" if key == "predictions" else key for key in counted)
    titles = (f"{family} {CLASS_KEYS[family]}" for family in families)
    return ("class", *counts, *titles, *(("score", "prec.", "recall", "F1") if rated else ()))


def _describe_class(
    name: str, row: Document, counted: Sequence[str], families: Sequence[str], place: str
) -> tuple[str, ...]:
    counts = (str(row.get(key, "–")) for key in counted)
    numbers = (_class_number(row, family) for family in families)
    return (_shorten(safe(name), 24), *counts, *numbers, *(_rate(row.get(place)) if place else ()))


def _class_number(row: Document, family: str) -> str:
    key = CLASS_KEYS[family]
    return _number(row.get(family, {}).get(key), row.get("intervals", {}).get(f"{family}.{key}"))


def _rate(point: Document | None) -> tuple[str, ...]:
    if not point or point.get("score") is None:
        return ("–", "–", "–", "–")
    return (f"{point['score']:.2f}", *(_number(point[key]) for key in ("precision", "recall", "F1")))


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _align(rows: Sequence[tuple[str, ...]]) -> str:
    """Names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    )


def _annotate(line: str, note: str, width: int) -> Iterator[str]:
    """The note behind its class where there is room, below it where there is none."""
    if note and len(line) + 2 + len(note) <= width:
        yield f"{line}  {note}"
    else:
        yield line
        if note:
            yield f"    {note}"


def _format_errors(document: Document) -> str:
    kinds: Mapping[str, Document] = document.get("errors", {}).get("kinds", {})
    rows = [
        (
            KINDS.get(kind, kind),
            f"{row['count']:,}",
            "" if row.get("cost") is None else f"{100 * row['cost']:+.1f}",
        )
        for kind, row in kinds.items()
        if row["count"]
    ]
    if not rows:
        return ""
    rows.sort(key=lambda row: -float(row[2] or -1))
    return _align([("errors", "count", "AP50 if mended"), *rows])


def _choose_notes(document: Document) -> list[str]:
    """What stands beside a class in the table is not said twice."""
    beside = [name for name, row in document["per_category"].items() if row.get("note")][:CLASSES]
    return [
        note for note in document["notes"] if not any(note.startswith(f"{name}: no truth") for name in beside)
    ]


def _format_list(title: str, sentences: Sequence[str], width: int) -> str:
    """Sentences under a title, each with a dash."""
    lines = [title] if sentences else []
    for sentence in sentences:
        lines += wrap(
            safe(sentence), width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
        )
    return "\n".join(lines)

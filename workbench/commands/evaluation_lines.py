"""An evaluation as a person reads it on a terminal: headlines with intervals, classes, errors, what to do, gates."""

import shutil
from collections.abc import Mapping, Sequence
from itertools import groupby
from textwrap import wrap
from typing import Any

from workbench.commands.class_table import choose_classes, format_classes
from workbench.commands.comparing.columns import Rows, align, fit, percent
from workbench.commands.output import format_table, safe

Document = Mapping[str, Any]

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
        format_classes(document, width, score),
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
        lines.append(fit(choices, format_table, width))
    return "\n".join(lines)


def _describe_family(document: Document, family: str, shown: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    intervals, values = document.get("intervals", {}), document[family]
    (title, key), rest = shown[0], shown[1:]
    first = f"{title} {percent(values.get(key), intervals.get(f'{family}.{key}'))}"
    cells = (f"{title} {percent(values.get(key))}" for title, key in rest)
    return (family.ljust(_LONGEST), first, *cells)


def _format_errors(document: Document) -> str:
    kinds: Mapping[str, Document] = document.get("errors", {}).get("kinds", {})
    found = [(KINDS.get(kind, kind), row) for kind, row in kinds.items() if row["count"]]
    if not found:
        return ""
    found.sort(key=lambda one: -max(one[1].get("cost") or 0, one[1].get("AP") or 0))
    rows: Rows = [("errors", "count", "AP50 if mended", "AP if mended")]
    rows += [(name, f"{row['count']:,}", _gain(row.get("cost")), _gain(row.get("AP"))) for name, row in found]
    return align(rows if any(row[-1] for row in rows[1:]) else [row[:-1] for row in rows])


def _gain(value: float | None) -> str:
    return "" if value is None else f"{100 * value:+.1f}"


def _choose_notes(document: Document) -> list[str]:
    """What stands beside a class in the table is not said again, and of the others once for all."""
    lacking = [name for name, row in document["per_category"].items() if row.get("truths") == 0]
    notes = [
        note
        for note in document["notes"]
        if not any(note.startswith(f"{name}: no truth") for name in lacking)
    ]
    hidden = [name for name in lacking if name not in choose_classes(document)]
    if hidden:
        listed = ", ".join(hidden[:8]) + (", …" if len(hidden) > 8 else "")
        notes.append(f"no truth of {len(hidden)} more classes ({listed}): they have no AP")
    return notes


def _format_list(title: str, sentences: Sequence[str], width: int) -> str:
    """Sentences under a title, each with a dash."""
    lines = [title] if sentences else []
    for sentence in sentences:
        lines += wrap(
            safe(sentence), width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
        )
    return "\n".join(lines)

"""What a person should know beside a class, and beside a headline: how little it may rest on."""

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.evaluation.sampling.seen import FEW as FEWEST

FEW = 10  # truths of a class below which one of them decides over a tenth of its score
WIDE = 0.2  # width of a headline's interval from which on it says little
HEADLINES = (("panoptic", "PQ"), ("mask", "AP"), ("box", "AP"), ("semantic", "mIoU"))

Document = dict[str, Any]


def add_notes(document: Document) -> Document:
    """Give each class that needs one a note of its own, and the whole one for each headline that is unsure."""
    rows = {name: _note_class(row) for name, row in document["per_category"].items()}
    notes = [*document["notes"], *_note_few(rows), *_note_width(document)]
    return {**document, "per_category": rows, "notes": list(dict.fromkeys(notes))}


def _note_class(row: Mapping[str, Any]) -> Document:
    truths, predictions = row.get("truths"), row.get("predictions")
    note = ""
    if truths == 0:
        note = (
            f"no truth: its {_count(predictions, 'prediction')} cost nothing" if predictions else "no truth"
        )
    elif truths is not None and truths < FEW:
        note = f"rests on {_count(truths, 'object')}"
    return {**row, "note": note} if note else {**row}


def _note_few(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """One sentence for all classes that rest on few objects."""
    few = {name: row["truths"] for name, row in rows.items() if 0 < row.get("truths", 0) < FEW}
    if len(few) == 1:
        ((name, truths),) = few.items()
        yield f"the AP of {name} rests on {_count(truths, 'object')}: one more or less would move it"
    elif few:
        listed = ", ".join(
            f"{name} {truths}" for name, truths in sorted(few.items(), key=lambda item: item[1])[:8]
        )
        more = ", …" if len(few) > 8 else ""
        counts = f"fewer than {FEW} objects each ({listed}{more})"
        yield f"the AP of {len(few)} classes rests on {counts}: one more or less would move it"


def _note_width(document: Mapping[str, Any]) -> Iterator[str]:
    for family, key in HEADLINES:
        interval = document.get("intervals", {}).get(f"{family}.{key}")
        if interval and interval[1] - interval[0] > WIDE:
            low, high = (round(100 * end) for end in interval)
            images = _count(document["images"], "image")
            text = f"{family} {key} may lie anywhere from {low} to {high} on other images like these"
            yield f"{text}: {images} leave that open"
    if any(_is_open(document, family, key) for family, key in HEADLINES):
        images = _count(document["images"], "image")
        yield f"{images}, fewer than {FEWEST} that have something to find: too few to say how sure the numbers are"


def _is_open(document: Mapping[str, Any], family: str, key: str) -> bool:
    value = document.get(family, {}).get(key)
    return value is not None and f"{family}.{key}" not in document.get("intervals", {})


def _count(number: int | None, what: str) -> str:
    return f"{number or 0:,} {what}{'' if number == 1 else 's'}"

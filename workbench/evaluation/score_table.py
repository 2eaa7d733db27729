"""Scores as a person reads them on a terminal: the headline of each family, then one line a class, in percent."""

from collections.abc import Mapping, Sequence
from typing import Any

HEADLINES: Mapping[str, Sequence[str]] = {
    "panoptic": ("PQ", "SQ", "RQ", "PQ_th", "PQ_st"),
    "mask": ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"),
    "box": ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"),
    "semantic": ("mIoU", "fwIoU", "mACC", "pACC"),
}
_CLASS: Mapping[str, str] = {"panoptic": "PQ", "mask": "AP", "box": "AP", "semantic": "IoU"}
BEST: Mapping[str, Sequence[tuple[str, str]]] = {
    "instance": (("mask", "AP"), ("box", "AP")),
    "panoptic": (("panoptic", "PQ"),),
    "semantic": (("semantic", "mIoU"),),
}


def find_headline(scores: Mapping[str, Any], task: str) -> tuple[str, float]:
    """Return the name and value of the one number by which the best weights are chosen; 0 where there is none."""
    for family, key in BEST[task]:
        if family in scores:
            return f"{family}.{key}", float(scores[family].get(key) or 0.0)
    return ".".join(BEST[task][0]), 0.0


def format_scores(scores: Mapping[str, Any]) -> str:
    """Lay scores out: families above, classes below, notes at the end."""
    families = [family for family in HEADLINES if family in scores]
    blocks = [_format_head(scores, families), _format_classes(scores.get("per_category", {}), families)]
    notes = [f"note: {_clean(note)}" for note in scores.get("notes", ())]
    return "\n\n".join(block for block in (*blocks, "\n".join(notes)) if block)


def _format_head(scores: Mapping[str, Any], families: Sequence[str]) -> str:
    lines = []
    for family in families:
        values = [(key, scores[family].get(key)) for key in HEADLINES[family]]
        cells = "   ".join(f"{key} {_percent(value)}" for key, value in values)
        lines.append(f"{family:9}{cells}")
    return "\n".join(lines)


def _format_classes(classes: Mapping[str, Any], families: Sequence[str]) -> str:
    shown = [family for family in families if any(family in row for row in classes.values())]
    if not classes or not shown:
        return ""
    counts = [key for key in ("truths", "predictions") if any(key in row for row in classes.values())]
    rows = [("class", *(f"{family} {_CLASS[family]}" for family in shown), *counts)]
    for name, row in classes.items():
        values = (_percent(row.get(family, {}).get(_CLASS[family])).strip() for family in shown)
        rows.append((_clean(name), *values, *(str(row.get(key, "–")) for key in counts)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )


def _percent(value: float | None) -> str:
    return "    –" if value is None else f"{100 * value:5.1f}"


def _clean(text: str) -> str:
    """A class may be called anything: control characters become visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

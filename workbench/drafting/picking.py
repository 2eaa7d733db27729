"""Suspected labels become picks: one each, with the object that is named and what the model says instead."""

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.data.selection import MISSING_LABEL, RELABEL, WRONG_LABEL, Pick, Selection

_TAGS = {"missing-label": MISSING_LABEL, "wrong-class": WRONG_LABEL}


def pick_suspects(run: str, mistakes: Iterable[tuple[str, Mapping[str, Any]]], count: int) -> Selection:
    """Take those of all parts that are most worth looking at; each part comes with its mistakes as json has them."""
    rows = [(row, part) for part, document in mistakes for row in document.get("suspects", ())]
    rows.sort(key=lambda pair: (-_weigh(pair[0]), -pair[0]["suspicion"]))
    return Selection(run=run, source="suspects", picks=tuple(_to_pick(*pair) for pair in rows[:count]))


def _weigh(row: Mapping[str, Any]) -> float:
    """As their ranks go (docs/mistakes.md); files of older versions do not say what mending recovers."""
    return float(row["suspicion"] ** 2 * max(0.0, row.get("recovers", 0.0)))


def _to_pick(row: Mapping[str, Any], part: str) -> Pick:
    name = row["category"] or row["truth_category"]
    return Pick(
        image=row["image"],
        why=f"{row['kind']}: {name}, {row['note']}",
        tags=(_TAGS.get(row["kind"], RELABEL),),
        truths=() if row["truth"] is None else (row["truth"],),
        predictions=() if row["prediction"] is None else (row["prediction"],),
        part=part,
        score=row["suspicion"],
    )

"""Truths and predictions of one image as the rows that FiftyOne's database holds for them.

They are written as they lie there, not through FiftyOne's objects, which take ten times as long. A test holds them
against what FiftyOne itself writes and reads.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.selection import TAGS
from workbench.evaluation.overlap.objects import Objects
from workbench.review.fields import (
    CONFUSED,
    FAINT,
    MISTAKE,
    MISTAKES,
    NOTE,
    NUMBER,
    SUSPECT,
    SUSPICION,
    VERDICT,
)
from workbench.review.judged import Said
from workbench.review.masks import crop_masks, to_fields

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

Row = dict[str, Any]
_NOBODY = Said(outcome=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The labels of a field that an image had before: what persons and other runs said of them stays."""

    rows: Sequence[Row]
    numbered: bool  # the same file as now: numbers say which is which; else what a label looks like does

    def take_over(self, rows: Sequence[Row], forget: Iterable[str] = ()) -> tuple[list[Row], list[str]]:
        """Give new rows their old identity and tags; return them, and the tags of those that are no more.

        What somebody added in FiftyOne has no number, and stays behind them.
        """
        own = [row for row in self.rows if row.get(NUMBER) is None]
        left: dict[tuple[Any, ...], list[Row]] = defaultdict(list)  # two may look the same
        for row in self.rows:
            if row.get(NUMBER) is not None:
                left[self._name(row)].append(row)
        gone = {*forget, *_OURS, "mask", "mask_path"}
        result = []
        for row in rows:
            same = left[self._name(row)]
            old = same.pop(0) if same else None
            kept = {key: value for key, value in old.items() if key not in gone} if old else {}
            new = {key: value for key, value in row.items() if key not in ("_id", "tags") or key not in kept}
            result.append({**kept, **new})
        rest = (row for same in left.values() for row in same)
        lost = [tag for row in rest for tag in row.get("tags") or () if tag in TAGS]
        return [*result, *own], lost

    def _name(self, row: Row) -> tuple[Any, ...]:
        if self.numbered:
            return (row[NUMBER],)
        return (row.get("label"), *(round(value, 6) for value in row.get("bounding_box") or ()))


_OURS = (MISTAKE, MISTAKES, VERDICT, NOTE, SUSPICION, SUSPECT, CONFUSED, FAINT, "iscrowd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes labels of one kind; `place` says in which file a large mask lies."""

    names: Sequence[str]
    scored: bool
    place: Callable[[int], Path]
    new_id: Callable[[], Any]

    def write(self, objects: Objects, chosen: "Ints", sizes: Sequence[tuple[int, int]]) -> list[Row]:
        """Write the chosen objects of images of these heights and widths."""
        places = chosen.tolist()
        boxes = objects.box[chosen].tolist()
        columns = (objects.category, objects.score, objects.crowd, objects.number)
        values = zip(*(column[chosen].tolist() for column in columns), strict=True)
        masks = self._read_masks(objects, places, sizes)
        return [
            self._write(box, size, mask, value)
            for box, size, mask, value in zip(boxes, sizes, masks, values, strict=True)
        ]

    def _read_masks(
        self, objects: Objects, places: Sequence[int], sizes: Sequence[tuple[int, int]]
    ) -> list[Any]:
        if objects.masks is None:
            return [None] * len(places)
        texts = [objects.masks[place] for place in places]
        return list(crop_masks(texts, [height for height, _ in sizes]))

    def _write(
        self, box: Sequence[float], size: tuple[int, int], mask: Any, values: tuple[int, float, bool, int]
    ) -> Row:
        category, score, crowd, number = values
        height, width = size
        covered = mask is not None and mask.picture is not None
        x, y, wide, high = (
            mask.frame if covered else box
        )  # a mask fills its own frame, not the one that was guessed
        row = {
            "_id": self.new_id(),
            "_cls": "Detection",
            "tags": [],
            "attributes": {},
            "label": self.names[category],
            "bounding_box": [x / (width or 1), y / (height or 1), wide / (width or 1), high / (height or 1)],
            **(to_fields(mask, self.place(number)) if covered else {}),
            NUMBER: number,
        }
        if self.scored:
            row["confidence"] = score
        if crowd:
            row["iscrowd"] = True
        return row


def add_said(row: Row, said: Said, key: str, partner: Any, *, truth: bool) -> Row:
    """Put on a label what was said of it: FiftyOne's own fields of an evaluation, and ours."""
    found = {
        key: said.outcome,
        f"{key}_iou": said.iou,
        f"{key}_id": None if partner is None else str(partner),
        MISTAKE: said.mistakes[0] if said.mistakes else None,
        MISTAKES: list(said.mistakes) or None,
        VERDICT: said.verdict,
        NOTE: said.note or None,
        SUSPICION: said.suspicion,
        SUSPECT: said.suspect,
        CONFUSED: said.confused,
        FAINT: said.faint or None,
    }
    if truth:
        found[f"{key}_mistake"] = found[MISTAKE]
    return row | {name: value for name, value in found.items() if value is not None}


def name_said(key: str) -> tuple[str, ...]:
    """The attributes of a label that a run's evaluation writes, which a later one of it takes back."""
    return (key, f"{key}_iou", f"{key}_id", f"{key}_mistake")


def to_detections(rows: Sequence[Mapping[str, Any]]) -> Row:
    """The field of a sample."""
    return {"_cls": "Detections", "detections": list(rows)}

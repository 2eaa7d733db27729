"""Rows of mistakes as json has them, made from places in a scene."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.overlap.objects import Objects, Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Mistakes of one kind: places of the prediction and of the truth, -1 where there is none."""

    kind: str
    found: "Ints"
    truth: "Ints"
    iou: "Floats"
    notes: Sequence[str]
    more: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # further keys, with a value for each row

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.found)

    def take(self, most: int) -> "Rows":
        """Return the first ones."""
        return self.choose(np.arange(min(most, len(self))))

    def leave(self, places: "Ints") -> "Rows":
        """Return all others."""
        return self.choose(np.setdiff1d(np.arange(len(self)), places))

    def choose(self, places: "Ints") -> "Rows":
        """Return some, in the order of their places."""
        chosen = places.tolist()
        return Rows(
            kind=self.kind,
            found=self.found[places],
            truth=self.truth[places],
            iou=self.iou[places],
            notes=[self.notes[place] for place in chosen],
            more={key: [values[place] for place in chosen] for key, values in self.more.items()},
        )


def write_rows(scene: Scene, files: Mapping[int, str], rows: Rows) -> list[Row]:
    """Write out places as what files and people call them."""
    found, truths = _Side(scene.found, rows.found), _Side(scene.truths, rows.truth)
    image = np.where(rows.found >= 0, found.pick("image"), truths.pick("image"))
    ids = [scene.images[place] for place in image.tolist()]
    columns = {
        "image_id": ids,
        "image": [files.get(number, "") for number in ids],
        "prediction": found.list("number"),
        "truth": truths.list("number"),
        "iou": rows.iou.round(4).tolist(),
        "score": found.list("score"),
        "category": found.name(scene.categories),
        "truth_category": truths.name(scene.categories),
        "note": rows.notes,
        **rows.more,
    }
    names = tuple(columns)
    return [
        {"kind": rows.kind, **dict(zip(names, values, strict=True))}
        for values in zip(*columns.values(), strict=True)
    ]


class _Side:
    """Some predictions or truths, none where the place is -1."""

    def __init__(self, objects: Objects, places: "Ints") -> None:
        self._objects = objects
        self._places = places

    def pick(self, name: str) -> "NDArray[Any]":
        """Return a column; where there is none, anything."""
        column: NDArray[Any] = getattr(self._objects, name)
        return np.append(column, column.dtype.type(0))[self._places]

    def list(self, name: str) -> list[Any]:
        """Return a column with None where there is none."""
        values = self.pick(name).tolist()
        return [
            value if place >= 0 else None for value, place in zip(values, self._places.tolist(), strict=True)
        ]

    def name(self, names: Sequence[str]) -> "Sequence[str | None]":
        """Return what the classes are called."""
        return [None if place is None else names[place] for place in self.list("category")]

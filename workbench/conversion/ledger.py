"""The ledger: what became of every source shape, one line each, and the sums that must come out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import orjson

from workbench.data.dataset import Instance, LedgerRow
from workbench.data.geometry import Outline

# A line on its way: its instance's place in the image or None, the reason why not, and the rest encoded.
Entry = tuple[int | None, str, bytes]


def row_to_entry(row: LedgerRow, annotation: str, more: Mapping[str, Any]) -> Entry:
    """Encode one row; what is known only later, the instance's id, is put in front by the ledger."""
    rest = {"annotation": annotation, "shape": row.shape, "label": row.label, "kind": row.kind, **more}
    return (row.instance, row.reason, orjson.dumps(rest))


def describe_form(instance: Instance) -> dict[str, Any]:
    """Say how an instance is written, and its IoU with what was drawn."""
    return {"form": "polygon" if isinstance(instance.segmentation, Outline) else "rle", "iou": instance.iou}


@dataclass(slots=True)
class Ledger:
    """Counts as it writes: shapes = shapes in instances + shapes skipped, always."""

    stream: IO[bytes]
    files: int = 0
    shapes: int = 0
    placed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def add_file(self, annotation: str, refused: str) -> None:
        """Count a file, and write a line for one that was refused whole."""
        self.files += 1
        if refused:
            self.refused[refused] += 1
            line = {"instance": None, "reason": refused, "annotation": annotation, "shape": None}
            self.stream.write(orjson.dumps(line) + b"\n")

    def add(self, entry: Entry, first_id: int, *, refused: str = "", part: str = "") -> None:
        """Write one shape's line; instances of its image are numbered from `first_id` in their part."""
        self.shapes += 1
        instance, reason, rest = entry
        if instance is None or refused:
            reason = refused or reason
            self.skipped[reason] += 1
            front = b'{"instance":null,"reason":' + orjson.dumps(reason)
        else:
            self.placed += 1
            front = b'{"instance":%d,"reason":""' % (first_id + instance)
        front += b',"part":' + orjson.dumps(part) if part else b""
        self.stream.write(front + b"," + rest[1:] + b"\n")

    def to_json(self) -> dict[str, Any]:
        """Return the sums as `--json` shows them."""
        return {
            "shapes": self.shapes,
            "instances": self.placed,
            "skipped": dict(sorted(self.skipped.items())),
        }

"""What the config of a run says otherwise than its row, each with the reason; and how a terminal shows it."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One key of Detectron2's config that is not as in the row."""

    key: str
    old: Any
    new: Any
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As `--json` and run.json have it; tuples become lists."""
        return {"key": self.key, "old": self.old, "new": self.new, "reason": self.reason}


def format_changes(changes: Iterable[Change], *, width: int = 100) -> str:
    """A diff to read: the section once, then `KEY  old → new`, and below it why."""
    lines: list[str] = []
    section = None
    for change in sorted(changes, key=lambda change: _place(change.key)):
        head, _, name = change.key.rpartition(".")
        if head != section:
            lines += ["", head or "(top)"] if lines else [head or "(top)"]
            section = head
        lines += _format_one(name, change, width)
    return "\n".join(lines)


def _place(key: str) -> tuple[str, str]:
    head, _, name = key.rpartition(".")
    return head, name


def _format_one(name: str, change: Change, width: int) -> list[str]:
    values = f"{show(change.old)} → {show(change.new)}" if change.old != change.new else show(change.new)
    reason = textwrap.wrap(change.reason, width - 8)
    return [f"  {name}  {values}", *("        " + line for line in reason)]


def show(value: object) -> str:
    """A value as a person would write it: six digits of a number, the middle of a long list left out."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        marks = "[]" if isinstance(value, list) else "()"
        inside = ", ".join(map(show, value if len(value) <= 9 else [*value[:4], _Dots(), *value[-2:]]))
        return f"{marks[0]}{inside}{',' if marks == '()' and len(value) == 1 else ''}{marks[1]}"
    return repr(value) if isinstance(value, str) else str(value)


class _Dots:
    def __str__(self) -> str:
        return "…"

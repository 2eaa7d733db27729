"""metrics.jsonl, the truth of a run: one line a measurement, in the order of steps, and no clock.

The file of a run that was killed and resumed equals, byte for byte, that of one that never stopped: a resume
drops every line behind its checkpoint, and what is written again is the same. Times are kept in speed.jsonl.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from workbench.engine.watching.append import append_lines
from workbench.errors import InputMissing
from workbench.files import explain_os_error, write_atomically

Value = float | int | str | None
RESERVED = ("kind", "step")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: what was measured at a step; `kind` is train or val, or speed where a clock had a part."""

    step: int
    kind: str
    values: Mapping[str, Value]


class Metrics:
    """Appends lines, and never stops a training: what a full disk refuses is kept, and written when there is room."""

    def __init__(self, path: Path, warn: Callable[[str], object] = lambda _: None) -> None:
        self._path, self._warn = path, warn
        self._waiting = b""
        self._warned = False

    def append(self, step: int, kind: str, values: Mapping[str, Any]) -> None:
        """Write one whole line."""
        self._waiting += format_row(step, kind, values)
        self._write()

    def truncate(self, step: int, *, evaluated: int | None = None) -> int:
        """Keep the whole lines up to a checkpoint's step, and return how many others there were.

        `evaluated` is the last evaluation that the checkpoint knows of: a later one, even of that step, comes again.
        """
        self._waiting = b""
        ends = {"val": step if evaluated is None else evaluated}
        lines = self._path.read_bytes().splitlines(keepends=True) if self._path.exists() else []
        kept = [
            line
            for line in lines
            if (row := parse_line(line)) is not None and row.step <= ends.get(row.kind, step)
        ]
        if len(kept) < len(lines):
            write_atomically(self._path, b"".join(kept))
        return len(lines) - len(kept)

    def close(self) -> None:
        """Try once more, and say what is lost."""
        self._write()
        if self._waiting:
            lost = self._waiting.count(b"\n")
            self._warn(f"{self._path}: {lost} lines could not be written and are lost; the training is not")
            self._waiting = b""

    def _write(self) -> None:
        try:
            append_lines(self._path, self._waiting)
        except OSError as error:
            if not self._warned:
                self._warned = True
                reason = explain_os_error(self._path, error)
                self._warn(f"{reason}; the training goes on, and the lines are kept until there is room")
        else:
            self._waiting = b""


def format_row(step: int, kind: str, values: Mapping[str, Any]) -> bytes:
    """Return one line of JSON, its keys sorted; groups become dotted names, and what is no finite number null."""
    flat = dict(flatten(values))
    for name in RESERVED:
        if name in flat:
            raise ValueError(f'a measurement must not be called "{name}", which every line has; rename it')
    row = {"kind": kind, "step": step} | flat
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def flatten(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Value]]:
    """Yield the measurements of nested groups: {"mask": {"AP": 0.5}} gives mask.AP."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{before}{name}.")
        else:
            yield before + name, plain(value)


def plain(value: Any) -> Value:
    """A number as JSON has it; one element tensors and numpy's numbers become Python's own."""
    if value is None or isinstance(value, str | int):
        return value
    number = float(value)
    return number if isfinite(number) else None


def read_metrics(path: Path) -> tuple[Row, ...]:
    """Read every whole line; one that a kill or a bad disk spoilt is left out."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputMissing(f"{path}: must exist, but does not; workbench train writes it") from None
    return tuple(row for line in content.splitlines(keepends=True) if (row := parse_line(line)) is not None)


def parse_line(line: bytes) -> Row | None:
    """Understand one line, or return None where it is torn or no measurement."""
    if not line.endswith(b"\n"):
        return None
    try:
        raw = orjson.loads(line)
    except ValueError:
        return None
    if not isinstance(raw, dict) or type(raw.get("step")) is not int or not isinstance(raw.get("kind"), str):
        return None
    values = {name: value for name, value in raw.items() if name not in RESERVED}
    if not all(value is None or isinstance(value, str | int | float) for value in values.values()):
        return None
    return Row(step=raw["step"], kind=raw["kind"], values=values)

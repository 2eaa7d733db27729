"""One thing that `workbench check` has to say about one place."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """`rule` is a row of docs/findings.md; `message` says what must be, what is, and what to do."""

    path: str
    where: str
    rule: str
    level: Level
    message: str

    def __str__(self) -> str:
        place = f"{self.path}: {self.where}" if self.where else self.path
        return f"{place}: {self.message}"

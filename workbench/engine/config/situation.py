"""What a rule of derivation sees, and what it answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from detectron2.config import CfgNode

from workbench.engine.config.boxes import DatasetFacts
from workbench.engine.config.keys import get_key, has_key
from workbench.engine.config.machine import Machine
from workbench.engine.models.row import Model
from workbench.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The row, the data, the settings and the machine; `cfg` holds what earlier rules decided and what was said."""

    model: Model
    facts: DatasetFacts
    settings: Settings
    machine: Machine
    world: int  # processes that train together
    cfg: CfgNode
    row: CfgNode  # as the row has it

    def get(self, key: str, absent: Any = None) -> Any:
        """A key's value by now."""
        return get_key(self.cfg, key) if has_key(self.cfg, key) else absent

    def get_row(self, key: str, absent: Any = None) -> Any:
        """A key's value in the row."""
        return get_key(self.row, key) if has_key(self.row, key) else absent


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a key should be, and why. `must`: anything else cannot work."""

    key: str
    value: Any
    reason: str
    must: bool = False


Rule = Callable[[Situation], Iterator[Proposal]]


def count(number: int, noun: str) -> str:
    """`1 image`, `12 images`, `2 classes`, `1,000 boxes`."""
    plural = noun if number == 1 else f"{noun}es" if noun.endswith(("s", "x")) else f"{noun}s"
    return f"{number:,} {plural}"


def name_some(names: tuple[str, ...], most: int = 6) -> str:
    """The first few names; how many there are more."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest

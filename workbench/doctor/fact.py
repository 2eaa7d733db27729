"""One fact, and the words for its state."""

from dataclasses import dataclass
from typing import Literal

# fine; untried: works perhaps, nobody has tried; absent: not installed; wrong: installed, and broken
State = Literal["fine", "untried", "absent", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What was found, and what mends it when it is not fine."""

    group: str
    name: str
    state: State
    value: str
    mend: str = ""

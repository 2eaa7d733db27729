"""What every kind of output does: it names its files, takes images one by one, and is closed."""

from collections.abc import Iterable
from typing import Protocol

from workbench.engine.prediction.images import Seen
from workbench.engine.prediction.outputs.names import Named


class Output(Protocol):
    """One kind of files; `add` and `close` return the names of those that they wrote."""

    def name(self, images: Iterable[Named]) -> list[str]:
        """Name all files that may be written for these images."""

    def add(self, seen: Seen, named: Named) -> list[str]:
        """Write what belongs to one image, or keep it for the end."""

    def close(self) -> list[str]:
        """Write what belongs to all of them."""

    def drop(self) -> None:
        """Leave nothing half-written behind; after `close`, nothing is."""

"""A full disk must not end a training at once: it goes on, and tries again a period later."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.engine.training.checkpoint import save_checkpoint
from workbench.errors import IO_FAILED, OutputError


@dataclass(slots=True, kw_only=True)
class Saver:
    """Saves the checkpoints of one run, and lets `tries` saves in a row fail before the run does."""

    folder: Path
    keep: int
    tries: int = 3
    failed: int = 0

    def save(self, step: int, content: Any, *, named: Collection[int] = ()) -> str:
        """Save; return a warning where the disk was full or gone and the run may go on without."""
        try:
            save_checkpoint(self.folder, step, content, keep=self.keep, named=named)
        except OutputError as error:
            return self.bear(error)
        self.failed = 0
        return ""

    def bear(self, error: OutputError) -> str:
        """Count a disk that was full; return a warning, or raise what cannot be borne or not once more."""
        self.failed += 1
        if error.exit_code != IO_FAILED or self.failed >= self.tries:
            raise error
        left = self.tries - self.failed
        return f"{error}. The training goes on and tries again later; it ends after {left} more of these"

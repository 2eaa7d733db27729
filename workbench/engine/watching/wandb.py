"""Weights & Biases, where it is installed: sent with a key, kept in the run folder without one; it never asks."""

import os
from collections.abc import Mapping
from netrc import NetrcParseError, netrc
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench.engine.watching.beside import Beside
from workbench.extras import require
from workbench.run import Run

HOME = "https://api.wandb.ai"


def open_watcher(run: Run, step: int, about: Mapping[str, Any]) -> Beside:
    """Import here, where a missing package is told at once; connect beside the training."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # what is trained is nobody else's business
    wandb = require("wandb", extra="wandb")
    return Beside(lambda: WeightsAndBiases(wandb, run, about))


class WeightsAndBiases:
    """Steps that it has already, after a resume, it leaves as they are."""

    def __init__(self, wandb: Any, run: Run, about: Mapping[str, Any]) -> None:
        self._image = wandb.Image
        self._run = wandb.init(
            project=Path(str(about.get("project", "workbench"))).name,
            name=run.name,
            id=run.name,
            resume="allow",
            dir=str(run.folder),
            config=dict(about),
            mode=find_mode(),
            settings=wandb.Settings(quiet=True),  # 40 lines of numbers that the run has told already
        )

    def scalars(self, step: int, kind: str, values: Mapping[str, float]) -> None:
        """All numbers of a step."""
        self._run.log({f"{kind}/{name}": value for name, value in values.items()}, step=step)

    def picture(self, step: int, tag: str, array: Any) -> None:
        """A picture of a step."""
        self._run.log({tag: self._image(array)}, step=step)

    def close(self) -> None:
        """Send what is left."""
        self._run.finish()


def find_mode() -> str:
    """What WANDB_MODE says; else online where there is a key: without one it would ask, and training waits."""
    if os.environ.get("WANDB_MODE"):
        return os.environ["WANDB_MODE"]
    return "online" if os.environ.get("WANDB_API_KEY") or _has_login() else "offline"


def _has_login() -> bool:
    host = urlsplit(os.environ.get("WANDB_BASE_URL", HOME)).hostname or ""
    try:
        return netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, NetrcParseError):
        return False

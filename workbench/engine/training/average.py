"""The moving average of the weights (EMA): steadier than the weights of any one step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class Average:
    """Keeps `decay` of the old average at each step; less in the first steps, when there is little to average."""

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.decay = decay
        self._live = {
            name: value
            for name, value in model.state_dict(keep_vars=True).items()
            if value.is_floating_point()
        }
        self._kept = {name: value.detach().clone() for name, value in self._live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move a little towards the weights of this step."""
        decay = min(self.decay, (1 + step) / (10 + step))
        live = [value.detach() for value in self._live.values()]
        torch._foreach_lerp_(list(self._kept.values()), live, 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average into the model for a while."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        with torch.no_grad():
            for name, live in self._live.items():
                live.data, self._kept[name] = self._kept[name], live.data

    def to_content(self) -> dict[str, Any]:
        """As a checkpoint keeps it."""
        return dict(self._kept)

    def restore(self, content: dict[str, Any]) -> None:
        """Take it back."""
        for name, value in content.items():
            self._kept[name].copy_(value)

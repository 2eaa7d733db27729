"""Everything that changes while training: what a checkpoint must hold for a run to go on as if never interrupted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.modules.batchnorm import _NormBase

from workbench.engine.training.average import Average


@dataclass(slots=True, kw_only=True)
class State:
    """The moving parts. Random generators are not among them: each step seeds them anew."""

    model: torch.nn.Module  # as it is called; it may be wrapped for several processes
    weights: torch.nn.Module  # as it is saved
    optimizer: torch.optim.Optimizer
    scheduler: Any
    scaler: Any
    average: Average | None = None
    step: int = 0
    evaluated: int = 0  # the last step whose scores are known
    best: dict[str, Any] | None = None  # metric, value, step
    since_best: int = 0  # evaluations without a better one
    enough: bool = False  # the early stop has spoken
    skipped: int = 0  # steps with a bad loss
    quarantined: list[str] = field(default_factory=list)  # images that could not be read

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        """What is learned."""
        return [one for group in self.optimizer.param_groups for one in group["params"]]

    def statistics(self) -> list[torch.Tensor]:
        """What norms measure of the images that they see: each of several processes sees others."""
        norms = [module for module in self.weights.modules() if isinstance(module, _NormBase)]
        kept = [measured for norm in norms for measured in (norm.running_mean, norm.running_var)]
        return [measured for measured in kept if measured is not None]

    def together(self, *, last: bool) -> AbstractContextManager[Any]:
        """Several processes add up their gradients at the last part of a batch only."""
        no_sync: Callable[[], AbstractContextManager[Any]] | None = getattr(self.model, "no_sync", None)
        return nullcontext() if last or no_sync is None else no_sync()

    def update(self) -> None:
        """Take the step that the gradients ask for."""
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self._after()
        if self.average:
            self.average.update(self.step)

    def keep_buffers(self) -> tuple[torch.Tensor, ...]:
        """What a forward pass changes without being asked to learn: running means."""
        return tuple(buffer.detach().clone() for buffer in self.weights.buffers())

    @torch.no_grad()
    def pass_over(self, measured: Sequence[torch.Tensor] = ()) -> None:
        """Forget the gradients, and what was measured on the way; the schedule goes on."""
        for buffer, before in zip(self.weights.buffers(), measured, strict=False):
            buffer.copy_(before)
        if any(one.grad is not None for one in self.parameters):
            self.scaler.update()
        self.skipped += 1
        self._after()

    def _after(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        self.scheduler.step()

    @contextmanager
    def judged(self) -> Iterator[torch.nn.Module]:
        """The model as it is judged and kept: with averaged weights where there are such."""
        training = self.weights.training
        self.weights.eval()
        try:
            with self.average.in_place() if self.average else nullcontext():
                yield self.weights
        finally:
            self.weights.train(training)

    def to_content(self) -> dict[str, Any]:
        """As a checkpoint keeps it: tensors and plain values."""
        return {
            "model": self.weights.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": _plain(self.scheduler.state_dict()),
            "scaler": self.scaler.state_dict(),
            "average": self.average.to_content() if self.average else None,
            "progress": {name: getattr(self, name) for name in _PROGRESS},
        }

    def restore(self, content: dict[str, Any]) -> None:
        """Take everything back."""
        self.weights.load_state_dict(content["model"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.scheduler.load_state_dict(content["scheduler"])
        self.scaler.load_state_dict(content["scaler"])
        if self.average:
            self.average.restore(content["average"])
        for name in _PROGRESS:
            setattr(self, name, content["progress"][name])


_PROGRESS = ("step", "evaluated", "best", "since_best", "enough", "skipped", "quarantined")


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a scheduler is made of, which is code: it is made anew from the config."""
    return {key: value for key, value in state.items() if isinstance(value, int | float | bool | list | str)}

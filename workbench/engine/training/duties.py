"""What is due between two steps: scores, best weights, checkpoints. Asked again after a resume, it does the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.engine.training.ranks import Ranks
from workbench.engine.training.saver import Saver
from workbench.engine.training.state import State
from workbench.errors import OutputError


class Judge(Protocol):
    """Scores the model as it stands, and keeps it where it is the best so far."""

    @property
    def metric(self) -> str:
        """The number that decides."""

    def judge(self, state: State) -> Mapping[str, Any]:
        """Return numbers by name, `metric` among them."""

    def keep(self, state: State) -> None:
        """Make what was just judged the best."""


@dataclass(slots=True, kw_only=True)
class Duties:
    """When things are due, counted in finished steps."""

    state: State
    saver: Saver
    steps: int
    evaluate_every: int
    checkpoint_every: int
    patience: int
    judge: Judge
    ranks: Ranks
    record: Callable[[int, str, Mapping[str, Any]], None]
    warn: Callable[[str], None]
    _saved: int = field(default=-1)

    def __call__(self) -> None:
        """Do what is due now."""
        step = self.state.step
        if self._due(self.evaluate_every) and self.state.evaluated != step:
            self._evaluate()
        if self._due(self.checkpoint_every) and self._saved != step:
            self.save()

    def _due(self, every: int) -> bool:
        step = self.state.step
        return step > 0 and (step % every == 0 or step >= self.steps or self.state.enough)

    def _evaluate(self) -> None:
        """All processes predict, the first one scores, the others are told."""
        try:
            with self.ranks.agreeing():
                self._score()
        except OutputError as error:
            if self.ranks.world > 1:
                raise
            self.warn(f"no scores at step {self.state.step}: {self.saver.bear(error)}")
        self.state.evaluated = self.state.step
        _, enough = self.ranks.any(False, int(self.state.enough))
        self.state.enough = bool(enough)

    def _score(self) -> None:
        state = self.state
        values = self.judge.judge(state)
        if not self.ranks.first:
            return
        value = values.get(self.judge.metric)
        if value is not None and (state.best is None or value > state.best["value"]):
            self.judge.keep(state)
            state.best = {"metric": self.judge.metric, "value": value, "step": state.step}
            state.since_best = 0
        else:
            state.since_best += 1
            state.enough = bool(self.patience) and state.since_best >= self.patience
        self.record(state.step, "val", values)

    def save(self) -> None:
        """Write a checkpoint of the step that was just finished; each process may have met other bad images."""
        self.state.quarantined = self.ranks.union(self.state.quarantined)
        if self.ranks.first:
            warning = self.saver.save(self.state.step, self.state.to_content())
            if warning:
                self.warn(warning)
        self._saved = self.state.step

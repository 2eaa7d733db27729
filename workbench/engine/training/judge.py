"""How good the model is by now: the validation loss, the scores, and pictures of the same images each time."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from workbench.engine.feed.records import read_records
from workbench.engine.prediction.evaluator import evaluate_part
from workbench.engine.training.course import Course
from workbench.engine.training.ranks import Ranks
from workbench.engine.training.state import State
from workbench.engine.training.validation import compute_validation_loss
from workbench.engine.training.weights_file import write_weights
from workbench.errors import OutputError
from workbench.run import Run

METRICS = {"instance": "mask.AP", "panoptic": "panoptic.PQ", "semantic": "semantic.mIoU"}
PART = "val"


@dataclass(slots=True, kw_only=True)
class Validation:
    """Judges on the part val. What was judged last lies in a folder of its own until it is the best so far."""

    course: Course
    run: Run
    check: Callable[[], None]
    say: Callable[[str], None]
    show: Callable[[int, State], None]
    ranks: Ranks
    _told: frozenset[str] = frozenset()

    @property
    def metric(self) -> str:
        """What decides which weights are the best."""
        boxes_only = self.course.task == "instance" and not self.course.cfg.MODEL.MASK_ON
        return "box.AP" if boxes_only else METRICS[self.course.task]

    @property
    def _latest(self) -> Run:
        return Run(folder=self.run.folder / "latest")

    def judge(self, state: State) -> Mapping[str, Any]:
        """Return the losses and scores by name; all processes share the work, and the first one has the scores."""
        course, settings = self.course, self.course.settings.train
        records = read_records(course.dataset, PART)[: settings.validation_images]
        with state.judged() as model, _interruptible(model, self.check):
            losses = compute_validation_loss(model, records, course.cfg, seed=settings.seed, ranks=self.ranks)
            try:
                found = evaluate_part(
                    *(model, course.dataset, PART, course.cfg),
                    out=self._latest,
                    task=course.task,
                    ranks=self.ranks,
                    check=self.check,
                )
            except OutputError:
                self.close()  # what there is of it takes room that may be missing
                raise
            self.show(state.step, state)
        for note in found.notes:
            if note not in self._told:
                self.say(f"note: {note}")
        self._told |= frozenset(found.notes)
        return losses | {
            f"{family}.{name}": value
            for family, values in found.scores.items()
            if family != "per_category" and isinstance(values, Mapping)
            for name, value in values.items()
            if not isinstance(value, Mapping)
        }

    def keep(self, state: State) -> None:
        """Move what was judged to where the best lies."""
        with state.judged() as model:
            write_weights(self.run.best, model.state_dict(), describe(self.course, state.step))
        for folder in ("predictions", "scores"):
            source, target = self._latest.folder / folder, self.run.folder / folder
            if source.exists():
                shutil.rmtree(target, ignore_errors=True)
                source.replace(target)

    def close(self) -> None:
        """Remove what is not the best."""
        shutil.rmtree(self._latest.folder, ignore_errors=True)


@contextmanager
def _interruptible(model: torch.nn.Module, check: Callable[[], None]) -> Iterator[None]:
    """Ask before each image whether to go on: an evaluation may take longer than whoever stops a run waits."""
    handle = model.register_forward_pre_hook(lambda *_: check())
    try:
        yield
    finally:
        handle.remove()


def describe(course: Course, step: int) -> dict[str, Any]:
    """What travels with the weights."""
    cfg = course.cfg
    return {
        "task": course.task,
        "classes": {"things": list(course.things), "stuff": list(course.stuff)},
        "model": course.model,
        "extend": list(course.extend),
        "config": cfg.dump(),
        "image": {
            "format": cfg.INPUT.FORMAT,
            "mean": list(cfg.MODEL.PIXEL_MEAN),
            "std": list(cfg.MODEL.PIXEL_STD),
        },
        "dataset": course.fingerprint,
        "step": step,
    }

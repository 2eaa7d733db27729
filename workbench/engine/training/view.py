"""What a run shows and keeps of itself while it trains; the first process only."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from workbench.engine.feed.batch_sheet import build_palette, draw_batch_sheet
from workbench.engine.feed.loader import Feed
from workbench.engine.feed.pictures import BadPicture
from workbench.engine.feed.sample import wants_centers
from workbench.engine.training.course import Course
from workbench.engine.training.ranks import Ranks
from workbench.engine.training.state import State
from workbench.engine.watching.adapters import Watchers, open_watchers
from workbench.engine.watching.bar import Bar
from workbench.engine.watching.curves import draw_curves
from workbench.engine.watching.metrics import Metrics
from workbench.engine.watching.pictures import Pictures, show_predictions
from workbench.engine.watching.speed import Speed
from workbench.errors import DatasetError, OutputError
from workbench.formats.manifest import read_manifest
from workbench.run import Run

SHOWN = 4  # batches on the sheet


class View:
    """Numbers to metrics.jsonl, times to speed.jsonl, a bar to the screen, and all of it to who looks on."""

    def __init__(self, run: Run, course: Course, state: State) -> None:
        self._run, self._course = run, course
        self._bar = Bar(course.steps, run.log, start=state.step)
        self._metrics = Metrics(run.metrics, self.say)
        self._times = Metrics(run.speed, self.say)
        self._metrics.truncate(state.step, evaluated=state.evaluated)
        self._times.truncate(state.step)
        self._speed = Speed(course.steps, course.device)
        self._state = state
        self._waited = 0.0
        self._pictures: Pictures | None = None
        self._watchers: Watchers = open_watchers(
            course.settings.train.watch, run, say=self.say, step=state.step, about=course.to_record()
        )

    def say(self, text: str) -> None:
        """Tell something."""
        self._bar.say(text)

    def step(self, step: int, losses: Mapping[str, float], waited: float) -> None:
        """A step is done; `waited` is how long the data were waited for since the start."""
        values = {"lr": self._state.optimizer.param_groups[0]["lr"], **losses}
        pace = self._speed.tick(
            step, self._course.part_batch * self._course.settings.train.accumulate, waited - self._waited
        )
        self._waited = waited
        self._metrics.append(step, "train", values)
        self._times.append(step, "speed", pace.to_values())
        self._bar.step(step, values, pace)
        self._watchers.scalars(step, values)

    def record(self, step: int, kind: str, values: Mapping[str, Any]) -> None:
        """Scores of an evaluation."""
        self._metrics.append(step, kind, values)
        self._watchers.scalars(step, values, kind)
        shown = ("loss", "box.AP", "mask.AP", "panoptic.PQ", "semantic.mIoU")
        words = [f"{name} {values[name]:.3f}" for name in shown if values.get(name) is not None]
        self.say(f"validation at step {step}: {'  '.join(words)}")
        self._speed.pause()

    def show_batches(self, feed: Feed, start: int) -> None:
        """Draw what the model will be shown."""
        with self._only_a_picture():
            course, shown = self._course, feed.peek(start, SHOWN)
            palette = build_palette(
                read_manifest(course.dataset), course.task, whole=wants_centers(course.cfg)
            )
            draw_batch_sheet(
                shown, self._run.batches, palette, course.cfg, f"{self._run.name}: first batches"
            )

    def show_predictions(self, step: int, state: State) -> None:
        """Draw what the model finds, as it is judged now, on the same validation images."""
        with self._only_a_picture():
            self._pictures = self._pictures or Pictures(self._course.dataset, "val", self._course.cfg)
            show_predictions(self._pictures, state.weights, step, self._run.pictures, self._watchers.picture)

    def draw_curves(self) -> None:
        """Draw losses and scores over the steps."""
        with self._only_a_picture():
            draw_curves(self._run.metrics, self._run.curves, self._run.name)

    @contextmanager
    def _only_a_picture(self) -> Iterator[None]:
        """A full disk or an image that went away costs a picture, not the training."""
        try:
            yield
        except (OutputError, DatasetError, BadPicture, OSError) as error:
            self.say(f"warning: a picture is missing: {error}")

    def close(self) -> None:
        """Write what is still to be written."""
        self._bar.close()
        self._metrics.close()
        self._times.close()
        self._watchers.close()


class Blind(View):
    """The other processes of a run show and write nothing."""

    def __init__(self) -> None:
        pass

    def say(self, text: str) -> None:
        """Nothing."""

    def step(self, step: int, losses: Mapping[str, float], waited: float) -> None:
        """Nothing."""

    def show_predictions(self, step: int, state: State) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def open_view(run: Run, course: Course, ranks: Ranks, state: State) -> View:
    """Open what a run shows; a run that goes on forgets what it wrote behind its checkpoint."""
    return View(run, course, state) if ranks.first else Blind()

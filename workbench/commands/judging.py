"""From what a person named to an analysis: a run's part, predicted now where nobody has, or two plain files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.output import say

if TYPE_CHECKING:
    from workbench.evaluation.gates import Gate
    from workbench.evaluation.object_analysis import Analysis, Settings
    from workbench.evaluation.run_part import RunPart
    from workbench.run import Run

CHEAP = 500  # images that are looked at without being asked to: a few seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was judged, and where its documents go: scores and mistakes, or nowhere."""

    name: str
    found: "Analysis"
    places: tuple[Path, Path] | None

    def write(self, document: dict[str, Any]) -> list[tuple[str, ...]]:
        """Write the documents, each whole or not at all; return what each is called, and where it is."""
        if self.places is None:
            return []
        scores, mistakes = self.places
        _write(scores, document)
        if not self.found.mistakes:
            return [("scores", str(scores))]
        _write(mistakes, self.found.mistakes)
        return [("scores", str(scores)), ("mistakes", str(mistakes))]


def judge_files(truth: Path, predictions: Path, settings: "Settings", out: Path | None) -> Judged:
    """Judge COCO results."""
    from workbench.evaluation.analysis import analyse_files

    found = analyse_files(truth, predictions, settings)
    return Judged(name=str(predictions), found=found, places=_name_places(out) if out else None)


def judge_run(
    run: "Run", part: str, settings: "Settings", gates: "Sequence[Gate]", *, out: Path | None
) -> Judged:
    """Judge a part of a run's dataset; gates of classes that it has not are refused before any work is done."""
    from workbench.evaluation.analysis import analyse_part
    from workbench.evaluation.gates import require_known
    from workbench.evaluation.run_part import find_part
    from workbench.run import is_held

    chosen = find_part(run, part)
    require_known(
        gates, [*(category.name for category in chosen.manifest.categories), *chosen.name_classes()]
    )
    if not chosen.predicted:
        predict(chosen)
    if settings.images is None and len(chosen.files) <= CHEAP:
        settings = replace(settings, images=chosen.images)
    found = analyse_part(chosen, settings)
    places = _name_places(out) if out else (run.scores(part), run.mistakes(part))
    if is_held(run) and not out:
        say(f"{run.folder} is being trained: nothing is written into it")
        return Judged(name=f"{run.name}, {part}", found=found, places=None)
    return Judged(name=f"{run.name}, {part}", found=found, places=places)


def predict(part: "RunPart") -> None:
    """Ask the best weights about a part that nobody asked them about."""
    from workbench.engine.config.machine import find_machine
    from workbench.engine.prediction.evaluator import evaluate_part
    from workbench.engine.prediction.predictor import load_predictor
    from workbench.run import hold

    weights = "best" if part.run.best.exists() else "final"
    images = f"{len(part.files):,} image{'' if len(part.files) == 1 else 's'}"
    say(f"no predictions of {part.part} yet: predicting {images} with the {weights} weights")
    with hold(part.run):
        ready = load_predictor(part.run, device=find_machine("auto").device)
        evaluate_part(ready.model, part.dataset, part.part, ready.cfg, out=part.run, task=ready.task)


def _name_places(out: Path) -> tuple[Path, Path]:
    return out / "scores.json", out / "mistakes.json"


def _write(path: Path, document: dict[str, Any]) -> None:
    import orjson

    from workbench.files import write_atomically

    write_atomically(path, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")

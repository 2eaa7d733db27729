"""Which weights a person means by --weights: a run's best, with the model that they belong to, or a file."""

from collections.abc import Mapping
from pathlib import Path

from workbench.commands.run_choice import choose_run
from workbench.errors import InputMissing
from workbench.run import Run, list_runs, read_record

CHOSEN = (
    "model.name",
    "model.config",
    "model.code",
    "model.backbone",
)  # what a person says of the model themselves


def choose_weights(word: str, project: Path | None, typed: Mapping[str, str]) -> dict[str, str]:
    """Return settings: where the weights are, and the run's model, unless another was typed."""
    if "://" in word or Path(word).is_file():
        return {"model.weights": word}
    run = _find(word, project)
    if not run.best.is_file():
        raise InputMissing(
            f"{run.folder}: must have weights ({run.best.name}), but has none; workbench train PROJECT --resume"
            f" {run.name} goes on with it"
        )
    weights = {"model.weights": str(run.folder.resolve())}
    return weights if any(key in typed for key in CHOSEN) else {**weights, **_read_model(run)}


def _find(word: str, project: Path | None) -> Run:
    """The newest for `last`; else its folder or name, here or in another project."""
    runs = list_runs(project / "runs") if project else []
    if word == "last" and runs:
        return runs[-1]
    named = [run for run in runs if run.name == word]
    return named[0] if named else choose_run(word)


def _read_model(run: Run) -> dict[str, str]:
    """What the run was told of its model; a model.py must be trusted by name again."""
    record = read_record(run)
    told = record.get("settings", {}).get("model", {})
    if told.get("code") or told.get("config"):
        return {}
    chosen = {"model.name": record.get("model"), "model.backbone": told.get("backbone")}
    return {key: str(value) for key, value in chosen.items() if value}

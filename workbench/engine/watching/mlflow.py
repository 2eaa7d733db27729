"""MLflow, where it is installed: one MLflow run for each run, found again by its name after a resume."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Any

from workbench.engine.watching.beside import Beside
from workbench.engine.watching.metrics import flatten
from workbench.extras import require
from workbench.run import Run

TAG = "workbench.run"
AT_ONCE = 100  # parameters that MLflow takes in one message
LONGEST = 500  # letters of a parameter that every MLflow takes


def open_watcher(run: Run, step: int, about: Mapping[str, Any]) -> Beside:
    """Import here, where a missing package is told at once; connect beside the training."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # what is trained is nobody else's business
    mlflow = require("mlflow", extra="mlflow")
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of every table that it makes
    return Beside(lambda: MLflow(mlflow, run, about))


class MLflow:
    """Talks through MLflow's client, which knows no current run and may be used from any thread."""

    def __init__(self, mlflow: Any, run: Run, about: Mapping[str, Any]) -> None:
        self._metric, self._param = mlflow.entities.Metric, mlflow.entities.Param
        store, place = find_store(run)
        self._client = mlflow.MlflowClient(tracking_uri=store)
        self._run = self._find_run(run, Path(str(about.get("project", "workbench"))).name, about, place)

    def _find_run(self, run: Run, project: str, about: Mapping[str, Any], place: str | None) -> str:
        known = self._client.get_experiment_by_name(project)
        experiment = known.experiment_id if known else self._client.create_experiment(project, place)
        wanted = f"tags.`{TAG}` = '{run.name}'"
        found = self._client.search_runs([experiment], filter_string=wanted, max_results=1)
        if found:
            return str(found[0].info.run_id)
        made = self._client.create_run(experiment, tags={TAG: run.name}, run_name=run.name)
        params = [self._param(name, str(value)[:LONGEST]) for name, value in _describe(about)]
        for at in range(0, len(params), AT_ONCE):
            self._client.log_batch(made.info.run_id, params=params[at : at + AT_ONCE])
        return str(made.info.run_id)

    def scalars(self, step: int, kind: str, values: Mapping[str, float]) -> None:
        """One message with all numbers of a step."""
        now = round(time() * 1000)
        rows = [self._metric(f"{kind}/{name}", value, now, step) for name, value in values.items()]
        self._client.log_batch(self._run, metrics=rows)

    def picture(self, step: int, tag: str, array: Any) -> None:
        """An artifact of the run."""
        self._client.log_image(self._run, array, f"{tag}/step_{step:07}.png")

    def close(self) -> None:
        """The MLflow run is over; a resume opens it again by writing to it."""
        self._client.set_terminated(self._run)


def find_store(run: Run) -> tuple[str | None, str | None]:
    """Where numbers and pictures go: what MLFLOW_TRACKING_URI says, else beside the runs, and not into this folder."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return None, None
    runs = run.folder.resolve().parent
    return f"sqlite:///{runs / 'mlflow.db'}", (runs / "mlflow").as_uri()


def _describe(about: Mapping[str, Any]) -> list[tuple[str, Any]]:
    plain = {name: value for name, value in about.items() if not isinstance(value, list | tuple)}
    return [(name, value) for name, value in flatten(_as_text(plain)) if value not in (None, "")]


def _as_text(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _as_text(value) if isinstance(value, Mapping) else str(value) for name, value in table.items()
    }

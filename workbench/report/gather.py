"""Read what a report is made from: a run, its scores and mistakes, and the dataset that it was judged on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.evaluation.coco.json_file import read_json
from workbench.evaluation.run_part import RunPart
from workbench.report.drawing.views import read_views
from workbench.report.material import Material, Row
from workbench.report.sections.painted import rank_painted
from workbench.run import Run, is_held, read_record


def gather(run: Run, part: str, found: RunPart | None, lack: str = "") -> Material:
    """Put everything together; without its dataset (`found` None, and why) a run has no pictures, but numbers."""
    metrics = _read_lines(run.metrics)
    material = Material(
        run=run.name,
        part=part,
        record=_read_state(run, metrics),
        scores=_read(run.scores(part)),
        mistakes=_read(run.mistakes(part)),
        metrics=metrics,
        notes=(lack,) if lack else (),
    )
    if found is None:
        return material
    material = replace(material, manifest=found.manifest)
    try:
        views = read_views(found)
        return replace(material, views=views, ranking=rank_painted(found, views))
    except WorkbenchError as error:
        return replace(material, notes=(f"no pictures: {error}",))


def _read_state(run: Run, metrics: Sequence[Row]) -> Row:
    """run.json; a run that says that it runs, though nobody holds it, was interrupted where its metrics end."""
    record = read_record(run)
    if record.get("state") != "running" or is_held(run):
        return record
    steps = [row["step"] for row in metrics if isinstance(row.get("step"), int)]
    return {**record, "state": "interrupted", "step": max(steps, default=0)}


def _read(path: Path) -> Row:
    raw = read_json(path) if path.is_file() else {}
    return raw if isinstance(raw, Mapping) else {}


def _read_lines(path: Path) -> tuple[Row, ...]:
    """The whole lines: a killed run may have half of one."""
    rows = []
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return ()
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return tuple(rows)

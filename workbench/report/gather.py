"""Read what a report is made from: a run, its scores and mistakes, and the dataset that it was judged on."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.evaluation.json_file import read_json
from workbench.evaluation.run_part import RunPart
from workbench.report.material import Material, Row
from workbench.report.painted import rank_painted
from workbench.report.views import read_views
from workbench.run import Run, read_record


def gather(run: Run, part: str, found: RunPart | None, lack: str = "") -> Material:
    """Put everything together; without its dataset (`found` None, and why) a run has no pictures, but numbers."""
    material = Material(
        run=run.name,
        part=part,
        record=read_record(run),
        scores=_read(run.scores(part)),
        mistakes=_read(run.mistakes(part)),
        metrics=_read_lines(run.metrics),
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

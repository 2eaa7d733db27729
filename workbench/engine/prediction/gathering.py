"""The parts of a sharded prediction become the files that one process would have written, byte for byte.

Neither the model nor any library of it is loaded, and of the parts only the one at hand is in memory.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.engine.prediction.classes import read_run_categories
from workbench.engine.prediction.outputs.coco_files import open_joint
from workbench.engine.prediction.outputs.joint import read_piece
from workbench.engine.prediction.outputs.own_files import settle, stream_names
from workbench.engine.prediction.outputs.touched import is_touched
from workbench.engine.prediction.places import NAMES, Asked, name_pieces, read_asked
from workbench.engine.prediction.sources import path_to_text
from workbench.run import Run
from workbench.sharding.gather import (
    finish,
    gather_once,
    read_gathered,
    read_lines,
    read_parts,
    require_whole,
)
from workbench.sharding.plan import Plan
from workbench.sharding.sorting import sort_texts


@dataclass(slots=True)
class _Sums:
    """What all parts have together."""

    images: int
    classes: Counter[str]
    skipped: list[dict[str, str]]
    set_aside: list[dict[str, str]]


def gather_prediction(plan: Plan) -> Mapping[str, Any]:
    """Join what belongs to all images, remove what an earlier run left, and say what came of it."""
    return gather_once(plan, lambda: _gather(plan))


def _gather(plan: Plan) -> Mapping[str, Any]:
    require_whole(plan)
    asked = read_asked(plan)
    run, out = Run(folder=Path(asked.run)), Path(asked.out)
    categories = read_run_categories(run)
    sums = _add_up(plan)
    joined: list[str] = []
    for kind in asked.joints:
        joint = open_joint(kind, out, categories)
        try:
            for line in read_lines(plan, name_pieces(kind)):
                joint.add(read_piece(line, plan.folder))
            joined += joint.close()
        finally:
            joint.drop()
    if found := read_gathered(plan):  # a twin was faster, on a disk that knows no locks
        return found
    about = {"run": run.name, "min_score": asked.min_score, "tile": asked.tile, "images": sums.images}
    written = sort_texts(_list_written(plan, joined), plan.folder)
    settle(out, about, stream_names(out), written, is_touched)
    classes = {category.name: sums.classes[category.name] for category in categories}
    said = _describe(asked, sums, classes)
    finish(plan, said)
    return said


def _add_up(plan: Plan) -> _Sums:
    sums = _Sums(images=0, classes=Counter(), skipped=[], set_aside=[])
    for part in read_parts(plan):
        sums.images += part.sums["images"]
        sums.classes.update(part.sums["classes"])
        sums.skipped += [{"path": path, "reason": reason} for path, reason in part.sums["skipped"]]
        sums.set_aside += [{"path": name_image(one.item), "reason": one.reason} for one in part.set_aside]
    return sums


def name_image(item: str) -> str:
    """What a person calls an item of the plan: its path."""
    return path_to_text(json.loads(item)[0])


def _list_written(plan: Plan, joined: list[str]) -> Iterator[str]:
    yield from joined
    for line in read_lines(plan, NAMES):
        yield json.loads(line)


def _describe(asked: Asked, sums: _Sums, classes: dict[str, int]) -> dict[str, Any]:
    return {
        "run": asked.run,
        "out": asked.out,
        "min_score": asked.min_score,
        "images": sums.images,
        "objects": sum(classes.values()),
        "classes": classes,
        "skipped": sums.skipped,
        "set_aside": sums.set_aside,
    }

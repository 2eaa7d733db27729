"""Run a model over one part of a dataset: predictions go to disk as they come, then they are scored from there.

Images are taken in the order of the dataset, un-augmented, resized as for prediction; the model is in eval mode
meanwhile and as before afterwards. With several processes each takes its share, and the first one joins and scores.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import torch
from detectron2.config import CfgNode

from workbench.conversion.painted import name_pictures
from workbench.data.dataset import Category
from workbench.engine.feed.pictures import BadPicture
from workbench.engine.feed.records import read_records
from workbench.engine.feed.sample import make_test_sample
from workbench.engine.prediction.answers import Answer, Asker, answer_nothing
from workbench.engine.prediction.found import found_to_columns
from workbench.engine.prediction.scoring import score_part
from workbench.engine.prediction.writer import PartWriter, Places, clear, ids_to_colors, join
from workbench.engine.training.ranks import Ranks
from workbench.evaluation.coco.coco_predictions import Columns
from workbench.files import sweep, write_atomically
from workbench.formats.coco import category_to_json
from workbench.formats.manifest import read_manifest
from workbench.progress import track
from workbench.project import Task
from workbench.run import Run

Record = Mapping[str, Any]
DETECTORS = ("GeneralizedRCNN", "PanopticFPN")  # they always say something about objects, if only: none


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What came out; `scores` is what scores/<part>.json holds. `seconds` is never written."""

    scores: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    images: int = 0
    seconds: float = 0.0


def evaluate_part(
    model: torch.nn.Module,
    dataset: Path,
    part: str,
    cfg: CfgNode,
    *,
    out: Run | Path,
    task: Task | None = None,
    ranks: Ranks | None = None,
    check: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Predict a part and score it, into the run's own files; processes other than the first return no scores.

    `check` is called before each image: what it raises (somebody wants to stop) ends the evaluation, leaving no file.
    An image that cannot be read any more counts as one in which nothing was found, and a note says so.
    """
    started = time.perf_counter()
    ranks, run = ranks or Ranks(), out if isinstance(out, Run) else Run(folder=out)
    records = read_records(dataset, part, task)
    manifest = read_manifest(dataset)
    path = run.predictions(part)
    unread: list[str] = []
    found = predict_to_file(
        model,
        records,
        cfg,
        path,
        categories=manifest.categories,
        pictures=name_pictures(sorted(manifest.parts)),
        ranks=ranks,
        check=check,
        tell=unread.append,
    )
    missed = tuple(note for part in ranks.gather(unread) for note in part)
    if not ranks.first:
        return Evaluation(images=len(records), seconds=time.perf_counter() - started)
    scored = score_part(dataset, part, Places(results=path), task=task, cfg=cfg, found=found)
    notes = (*scored.notes, *missed)
    scores = {**scored.scores, "images": len(records), "notes": list(notes)}
    sweep(run.scores(part).parent)
    write_atomically(run.scores(part), orjson.dumps(scores, option=orjson.OPT_INDENT_2) + b"\n")
    seconds = time.perf_counter() - started
    return Evaluation(scores=scores, notes=notes, images=len(records), seconds=seconds)


def predict_to_file(
    model: torch.nn.Module,
    records: Sequence[Record],
    cfg: CfgNode,
    path: Path,
    *,
    categories: Sequence[Category],
    pictures: Mapping[str, str] | None = None,
    ranks: Ranks | None = None,
    check: Callable[[], None] = lambda: None,
    tell: Callable[[str], object] = lambda _: None,
) -> Columns | None:
    """Predict images into COCO results at `path`, and pictures beside it where the model gives such.

    `pictures` names them by image as the truth's are, among all images of the dataset and not of the part alone.
    What the results hold is returned where this process knows all of it, so that nobody has to read them again.
    """
    ranks, places = ranks or Ranks(), Places(results=path)
    with ranks.agreeing():
        if ranks.first:
            clear(places)
    asker = Asker(model, cfg, categories)
    names = pictures or name_pictures([record["key"] for record in records])
    mine = records[ranks.rank :: ranks.world]
    keep = ranks.world == 1
    with ranks.agreeing(), evaluating(model), PartWriter(places, ranks.rank, keep=keep) as writer:
        for record in track(mine, len(mine), f"predicting {path.stem}"):
            check()
            _write(writer, names[record["key"]], record, _ask(asker, record, cfg, tell))
    with ranks.agreeing():
        if ranks.first:
            images = [
                {key: record[key] for key in ("height", "width")} | {"id": record["image_id"]}
                for record in records
            ]
            head = {"images": images, "categories": [category_to_json(category) for category in categories]}
            join(places, ranks.world, head, instances=cfg.MODEL.META_ARCHITECTURE in DETECTORS)
    return found_to_columns(writer.kept) if keep else None


def _ask(asker: Asker, record: Record, cfg: CfgNode, tell: Callable[[str], object]) -> Answer:
    try:
        sample = make_test_sample(record, cfg)
    except BadPicture as error:
        tell(f"nothing was found in {record['key']}, which cannot be read: {error}")
        return answer_nothing(cfg, record)
    return asker.ask(sample)


def _write(writer: PartWriter, name: str, record: Record, answer: Answer) -> None:
    panoptic: dict[str, Any] | None = None
    if answer.semantic is not None:
        writer.add_picture("semantic", name, answer.semantic)
    if answer.segment_ids is not None:
        writer.add_picture("panoptic", name, ids_to_colors(answer.segment_ids))
        panoptic = {"image_id": record["image_id"], "file_name": name, "segments_info": answer.segments}
    writer.add(answer.found, panoptic)


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Set eval mode, and afterwards each module's own mode again: frozen ones may differ from the rest."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode

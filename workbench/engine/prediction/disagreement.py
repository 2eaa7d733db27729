"""Where a model contradicts itself: the same image mirrored, smaller and larger must give the same objects.

No truth is needed, so unlabelled images can be put in the order in which labelling them would teach the most.
What two looks at an image say is weighed by the scores: of all that both are sure of, which share do they not share?
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from detectron2.config import CfgNode
from numpy.typing import NDArray

from workbench.data.mask import Mask, mask_to_array
from workbench.engine.feed.pictures import BadPicture, Pixels, read_plane
from workbench.engine.feed.sample import make_test_sample
from workbench.engine.prediction.answers import Answer, Asker
from workbench.engine.prediction.contradiction import Look, compare_classes, compare_looks
from workbench.engine.prediction.images import Tell, make_record, ready
from workbench.engine.prediction.predictor import Predictor
from workbench.errors import AnnotationError
from workbench.run import Run

Record = Mapping[str, Any]
Things = Mapping[int, str]

CANVAS = (
    320  # px of the longer side on which masks are compared: none of them is ever as large as a photograph
)
LEAST_SCORE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to show an image to the model."""

    name: str
    mirrored: bool = False
    scale: float = 1.0


PLAIN = View(name="as it is")
VIEWS = (
    View(name="mirrored", mirrored=True),
    View(name="smaller", scale=0.75),
    View(name="larger and mirrored", mirrored=True, scale=1.25),
)


def measure_disagreement(
    run: Run | Predictor,
    paths: Iterable[Path],
    *,
    device: str = "auto",
    tell: Tell = lambda path, reason: None,
) -> Iterator[tuple[Path, float, str]]:
    """Yield each image with its disagreement from 0 to 1, and why in one phrase; `tell` hears of bad images."""
    model = run if isinstance(run, Predictor) else ready(run, device)
    names = {category.id: category.name for category in model.categories}
    for number, path in enumerate(paths, 1):
        try:
            record = make_record(path, number)
            pixels = read_plane(record, "image", model.cfg.INPUT.FORMAT)
        except (BadPicture, AnnotationError) as error:
            tell(path, getattr(error, "message", str(error)))
            continue
        yield path, *judge_pixels(model, pixels, names)


def judge_pixels(model: Predictor, pixels: Pixels, names: Things) -> tuple[float, str]:
    """Look at one picture in several ways; return how much they contradict each other, and in what."""
    asker = Asker(model.model, model.cfg, model.categories)
    answers = [_ask(asker, model.cfg, pixels, view) for view in (PLAIN, *VIEWS)]
    if answers[0].found is None and answers[0].semantic is not None:
        classes = [
            _undo(answer.semantic, view) for answer, view in zip(answers, (PLAIN, *VIEWS), strict=True)
        ]
        return compare_classes(classes, tuple(names.values()))
    looks = [_to_look(answer, view) for answer, view in zip(answers, (PLAIN, *VIEWS), strict=True)]
    return compare_looks(looks, [view.name for view in VIEWS], names)


def _ask(asker: Asker, cfg: CfgNode, pixels: Pixels, view: View) -> Answer:
    """Answers come on a small canvas: Detectron2 pastes masks at the size that the record says."""
    shown = np.ascontiguousarray(pixels[:, ::-1]) if view.mirrored else pixels
    height, width = pixels.shape[:2]
    shrunk = min(1.0, CANVAS / max(height, width))
    record = {
        "file_name": "",
        "image_id": 1,
        "height": max(1, round(height * shrunk)),
        "width": max(1, round(width * shrunk)),
    }
    return asker.ask(make_test_sample(record, _scale(cfg, view.scale), partial(_give, shown)))


def _give(pixels: Pixels, record: Record, plane: str, form: str) -> Pixels:
    return pixels


def _scale(cfg: CfgNode, scale: float) -> CfgNode:
    if scale == 1:
        return cfg
    scaled = cfg.clone()
    scaled.defrost()
    scaled.INPUT.MIN_SIZE_TEST = round(cfg.INPUT.MIN_SIZE_TEST * scale)
    scaled.INPUT.MAX_SIZE_TEST = round(cfg.INPUT.MAX_SIZE_TEST * scale)
    return scaled


def _to_look(answer: Answer, view: View) -> Look:
    if answer.found is None:
        return _read_segments(answer, view)
    rows = [row for row in answer.rows or () if row["score"] >= LEAST_SCORE]
    height, width = answer.found.size
    masks = [_undo(_paint(row, height, width), view) for row in rows]
    return Look(
        categories=tuple(row["category_id"] for row in rows),
        scores=np.array([row["score"] for row in rows], float),
        masks=_stack(masks, height * width),
    )


def _read_segments(answer: Answer, view: View) -> Look:
    ids = answer.segment_ids
    if ids is None:
        return Look(categories=(), scores=np.zeros(0), masks=np.zeros((0, 0), np.float32))
    masks = [_undo(ids == segment["id"], view) for segment in answer.segments]
    return Look(
        categories=tuple(segment["category_id"] for segment in answer.segments),
        scores=np.ones(len(masks)),
        masks=_stack(masks, ids.size),
    )


def _paint(row: Mapping[str, Any], height: int, width: int) -> NDArray[Any]:
    """A model without masks means the whole box."""
    found = row.get("segmentation")
    if found:
        return mask_to_array(Mask(height, width, found["counts"].encode()))
    x, y, wide, high = row["bbox"]
    canvas = np.zeros((height, width), np.uint8)
    canvas[int(y) : max(int(y) + 1, round(y + high)), int(x) : max(int(x) + 1, round(x + wide))] = 1
    return canvas


def _stack(masks: Sequence[NDArray[Any]], pixels: int) -> NDArray[np.float32]:
    if not masks:
        return np.zeros((0, pixels), np.float32)
    return np.stack(masks).reshape(len(masks), -1).astype(np.float32)


def _undo(picture: NDArray[Any] | None, view: View) -> NDArray[Any]:
    """Mirror back what was seen in a mirror."""
    seen = np.zeros((0, 0)) if picture is None else picture
    return seen[:, ::-1] if view.mirrored else seen

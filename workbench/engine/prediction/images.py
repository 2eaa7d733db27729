"""Any images at all, one after the other through a trained model: nothing is kept of one when the next comes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.dataset import Category
from workbench.data.prediction import Prediction, json_to_prediction
from workbench.engine.config.machine import find_machine
from workbench.engine.feed.pictures import BadPicture, read_plane
from workbench.engine.feed.sample import make_test_sample
from workbench.engine.prediction.answers import Answer, Asker
from workbench.engine.prediction.predictor import Predictor, load_predictor
from workbench.engine.prediction.sources import find_images
from workbench.engine.prediction.tiles import Tiled, ask_in_tiles
from workbench.errors import AnnotationError, WorkbenchError
from workbench.formats.images import read_facts
from workbench.run import Run

__all__ = ["Seen", "find_images", "predict_images", "ready"]

Tell = Callable[[Path, str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a model says of one image; `number` counts the images that were asked for, from 1."""

    path: Path
    number: int
    width: int  # as it stands upright
    height: int
    categories: tuple[Category, ...]
    found: tuple[Prediction, ...] = ()  # the surest first; their image_id is the number
    semantic: NDArray[np.uint8] | None = None  # the class of each pixel, if the model says so
    segment_ids: NDArray[np.int64] | None = None
    segments: tuple[dict[str, Any], ...] = ()  # id, category_id

    @property
    def names(self) -> dict[int, str]:
        """What each category is called."""
        return {category.id: category.name for category in self.categories}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    min_score: float
    tile: int


def ready(run: Run, device: str = "auto") -> Predictor:
    """Load the best weights of a run where they run fastest."""
    return load_predictor(run, device=find_machine(device).device)


def predict_images(
    run: Run | Predictor,
    paths: Iterable[Path],
    *,
    min_score: float = 0.0,
    tile: int = 0,
    device: str = "auto",
    tell: Tell = lambda path, reason: None,
) -> Iterator[Seen]:
    """Predict images as they are asked for; `tell` hears of those that cannot be read, which are passed over."""
    settings = _Settings(min_score=min_score, tile=tile)
    model = run if isinstance(run, Predictor) else ready(run, device)
    require_tileable(model, tile)
    asker = Asker(model.model, model.cfg, model.categories)
    for number, path in enumerate(paths, 1):
        try:
            record = make_record(path, number)
            seen = _see(model, asker, path, record, settings)
        except (BadPicture, AnnotationError) as error:
            tell(path, getattr(error, "message", str(error)))
            continue
        yield seen


def make_record(path: Path, number: int) -> dict[str, Any]:
    """Look at an image's head: what the model's own feed wants to know of it."""
    name = str(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        raise BadPicture("the name must be UTF-8, but is not; rename the file") from None
    if not path.is_file():
        raise BadPicture(f"{path.name} must be a file, but is not there; put it back")
    facts = read_facts(path)
    return {"file_name": name, "image_id": number, "width": facts.width, "height": facts.height, "key": name}


def _see(model: Predictor, asker: Asker, path: Path, record: dict[str, Any], settings: _Settings) -> Seen:
    answer: Answer | Tiled
    if settings.tile and max(record["width"], record["height"]) > settings.tile:
        pixels = read_plane(record, "image", model.cfg.INPUT.FORMAT)
        answer = ask_in_tiles(asker, model.cfg, record, pixels, settings.tile)
    else:
        answer = asker.ask(make_test_sample(record, model.cfg))
    return Seen(
        path=path,
        number=record["image_id"],
        width=record["width"],
        height=record["height"],
        categories=model.categories,
        found=sort_rows(answer.rows or (), settings.min_score),
        semantic=answer.semantic,
        segment_ids=answer.segment_ids if isinstance(answer, Answer) else None,
        segments=answer.segments if isinstance(answer, Answer) else (),
    )


def require_tileable(model: Predictor, tile: int) -> None:
    """Segments of tiles cannot be joined to one panoptic picture: say so before any work is done."""
    if tile and model.task == "panoptic":
        raise WorkbenchError(
            "--tile: must be left out for panoptic models, which see an image whole; leave it out"
        )


def sort_rows(rows: Iterable[dict[str, Any]], min_score: float) -> tuple[Prediction, ...]:
    """Leave out what the model is less sure of, and put the surest first."""
    found = [json_to_prediction(row) for row in rows if row["score"] >= min_score]
    return tuple(sorted(found, key=lambda one: -one.score))

"""Prediction in shards: what is written down of each image beforehand, and what a process does with a chunk of them.

What belongs to one image (Labelme file, overlay, PNG) is written where it belongs at once, whole, and with equal bytes
whoever does it again; what belongs to all of them goes as pieces into the part, and whoever gathers joins these.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from workbench.engine.prediction.delivery import (
    Order,
    choose_outputs,
    list_names,
    match_ids,
    write_outputs,
)
from workbench.engine.prediction.images import predict_images, ready, require_tileable
from workbench.engine.prediction.outputs.joint import Joint, PieceFile
from workbench.engine.prediction.outputs.names import Named, name_files
from workbench.engine.prediction.outputs.own_files import OwnFiles
from workbench.engine.prediction.outputs.touched import FOLDER as LABELME
from workbench.engine.prediction.outputs.touched import is_touched
from workbench.engine.prediction.places import NAMES, Asked, name_pieces, read_asked
from workbench.engine.prediction.predictor import Predictor, load_predictor
from workbench.engine.prediction.sources import name_images, path_to_text
from workbench.errors import OutputError
from workbench.files import digest_file
from workbench.run import Run, RunError
from workbench.sharding.plan import Plan, make_plan
from workbench.sharding.worker import ChunkWork, Item

Tell = Callable[[Path, str], object]


def name_plan(out: Path) -> Path:
    """Where the plan of what is written into a folder lies."""
    return out.absolute() / ".shards"


def plan_prediction(
    run: Run, paths: Sequence[Path], order: Order, *, shards: int, device: str, busy: bool = False
) -> Plan:
    """Refuse what cannot be done, note what will be written (unless jobs are at it), and write the list down."""
    model = load_predictor(run)
    require_tileable(model, order.tile)
    keys = name_images(paths)
    named = name_files(list(keys.values()))
    ids = match_ids(list(keys.values()), order.ids)
    kinds: list[str] = []
    outputs = choose_outputs(model, order, ids, lambda kind: _Unopened(kind, kinds))
    if not busy:
        OwnFiles(order.out, is_touched).plan(list_names(outputs, named.values()))
    asked = Asked(
        run=str(run.folder.absolute()),
        weights=digest_file(_find_weights(run)),
        out=str(order.out.absolute()),
        formats=order.formats,
        min_score=order.min_score,
        tile=order.tile,
        device=device,
        joints=tuple(kinds),
    )
    rows = (_to_item(path, named[key], ids[key]) for path, key in keys.items())
    return make_plan(name_plan(order.out), rows, shards=shards, asked=asked.to_json())


class _Unopened:
    """Stands for files that nobody writes yet."""

    def __init__(self, kind: str, kinds: list[str]) -> None:
        kinds.append(kind)

    def add(self, piece: Sequence[bytes]) -> None:
        """Nobody adds."""

    def close(self) -> list[str]:
        """Nobody closes."""
        return []

    def drop(self) -> None:
        """Nothing is there."""


def _find_weights(run: Run) -> Path:
    return run.best if run.best.exists() else run.final


def _to_item(path: Path, named: Named, number: int) -> str:
    return json.dumps([str(path.absolute()), named.key, named.picture, named.labelled, number])


def _from_item(item: str) -> tuple[Path, Named, int]:
    path, key, picture, labelled, number = json.loads(item)
    return Path(path), Named(key=key, picture=picture, labelled=labelled), int(number)


def open_prediction(plan: Plan, tell: Tell) -> ChunkWork:
    """Load the model, and return what does a chunk."""
    asked = read_asked(plan)
    run = Run(folder=Path(asked.run))
    if digest_file(_find_weights(run)) != asked.weights:
        raise RunError(
            f"{_find_weights(run)}: must be what the prediction began with, but it was trained on since; "
            f"stop its jobs, remove {plan.folder} and begin anew"
        )
    return partial(_predict_chunk, ready(run, asked.device), asked, tell)


def _predict_chunk(
    model: Predictor, asked: Asked, tell: Tell, items: Iterator[Item], folder: Path
) -> dict[str, Any]:
    named: dict[Path, Named] = {}
    ids: dict[str, int] = {}
    skipped: list[tuple[str, str]] = []

    def take() -> Iterator[Path]:
        for _, item in items:
            path, one, number = _from_item(item)
            named.clear()  # of one image at a time
            named[path], ids[one.key] = one, number
            _require_untouched(Path(asked.out), one, asked.formats)
            yield path

    def note(path: Path, reason: str) -> None:
        skipped.append((path_to_text(path), reason))
        tell(path, reason)

    def open_one(kind: str) -> Joint:
        return PieceFile(folder / name_pieces(kind))

    order = asked.to_order()
    outputs = choose_outputs(model, order, ids, open_one)
    with (folder / NAMES).open("w", encoding="utf-8") as stream:
        stream_of = predict_images(model, take(), min_score=order.min_score, tile=order.tile, tell=note)
        images, counts = write_outputs(
            stream_of, outputs, named.__getitem__, lambda name: stream.write(json.dumps(name) + "\n")
        )
    return {"images": images, "classes": dict(counts), "skipped": skipped}


def _require_untouched(out: Path, named: Named, formats: Sequence[str]) -> None:
    """A chunk that was begun by somebody else has files already: whoever worked on one of these keeps it."""
    name = f"{LABELME}/{named.labelme}"
    if "labelme" in formats and (out / name).exists() and is_touched(name, out / name):
        raise OutputError(
            f"{out / name}: must be as it was predicted, but somebody has worked on it; move it away, and go on"
        )

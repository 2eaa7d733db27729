"""A bare Labelme folder in shards: each makes the pieces of its annotations, and one job joins them in order."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from workbench.conversion.folder import join_pieces, make_settings, prepare_outputs, walk_annotations
from workbench.conversion.one import REFUSING_RULES, Settings
from workbench.conversion.pieces import Pieces, make_pieces
from workbench.conversion.result import Result
from workbench.conversion.roster import Roster
from workbench.conversion.sharded.records import NAME, Made, is_fresh, read_records, take_stamp, write_record
from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.sharding.gather import Part, read_parts, require_whole
from workbench.sharding.plan import Plan, make_plan
from workbench.sharding.quarantine import SetAside
from workbench.sharding.worker import ChunkWork, Item

SET_ASIDE = "set-aside"
FOLDER = "folder"
# Refused for the image's sake, which may have been mended since.
OF_IMAGES = (*REFUSING_RULES, "image-missing")


def name_plan(out: Path) -> Path:
    """The plan lies beside what comes out."""
    return out.with_name(f".{out.name}.shards")


def plan_folder(
    root: Path, out: Path, labels: Sequence[str] | None, *, as_rle: bool, strict: bool, shards: int
) -> Plan:
    """List the annotations, and see that the result can be written."""
    names = walk_annotations(root)
    prepare_outputs(out)
    asked = {
        "kind": FOLDER,
        "root": str(root.absolute()),
        "out": str(out.absolute()),
        "labels": None if labels is None else list(labels),
        "rle": as_rle,
        "strict": strict,
    }
    return make_plan(name_plan(out).absolute(), names, shards=shards, asked=asked)


def open_folder_work(plan: Plan) -> ChunkWork:
    """Return what does a chunk."""
    return partial(_make_chunk, _read_settings(plan.asked))


def join_folder(plan: Plan) -> Result:
    """Put all parts together."""
    require_whole(plan)
    asked = plan.asked
    settings, roster = _read_settings(asked), Roster.of(asked["labels"])
    work = (pieces for part in read_parts(plan) for pieces in _read_part(settings, plan, part))
    return join_pieces(work, Path(asked["out"]), roster, strict=asked["strict"])


def _read_settings(asked: Mapping[str, Any]) -> Settings:
    categories = Roster.of(asked["labels"]).categories
    return make_settings(Path(asked["root"]), Path(asked["out"]), categories, as_rle=asked["rle"])


def _make_chunk(settings: Settings, items: Iterator[Item], part: Path) -> dict[str, int]:
    files = 0
    with (part / NAME).open("wb") as stream:
        for _, name in items:
            write_record(stream, _make(settings, name))
            files += 1
    return {"files": files}


def _make(settings: Settings, name: str) -> Made:
    """Make the pieces of an annotation; how its file was is noted before it is read."""
    stamps = [take_stamp(settings.root, name)]
    pieces = make_pieces(settings, name)
    if pieces.image:
        stamps.append(take_stamp(settings.root, pieces.path))
        if stamps[-1].size < 0:  # it is not there; where it was looked for, it may come to be
            beside = f"{name.rpartition('/')[0]}/{pieces.path}".lstrip("/")
            stamps.append(take_stamp(settings.root, beside))
    return Made(tuple(stamps), pieces)


def _read_part(settings: Settings, plan: Plan, part: Part) -> Iterator[Pieces]:
    """Yield the pieces of a chunk in order; what was saved after it was read is made again, here."""
    aside = {one.number: one for one in part.set_aside}
    made = read_records(part.folder / NAME, Made)
    for number in range(part.chunk * plan.chunk, part.chunk * plan.chunk + part.items):
        if number in aside:
            one = aside[number]
            yield Pieces(annotation=one.item, refused=SET_ASIDE, findings=(say_aside(one),))
            continue
        stamps, pieces = next(made)
        fresh = pieces.refused not in OF_IMAGES and is_fresh(settings.root, stamps)
        yield pieces if fresh else make_pieces(settings, pieces.annotation)


def say_aside(one: SetAside) -> Finding:
    """Say that nobody could work on an annotation, and why."""
    message = f"a file must be read without harm, but {one.reason}; look at it, and at its image"
    return find(one.item, "", SET_ASIDE, message)

"""The views of a run as folders of pictures, for those without FiftyOne: each has a page and a list."""

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import OutputError
from workbench.evaluation.run_part import RunPart
from workbench.files import explain_os_error, prepare_new_folder, sync_folder, temporary_name
from workbench.parallel import map_in_order
from workbench.report.album import Album, Folder, Picture, render_folder, render_overview
from workbench.report.blocks import Pair
from workbench.report.drawing.pencil import Drawn
from workbench.report.drawing.pictures import FEW, Plan
from workbench.report.drawing.side_by_side import draw_pairs
from workbench.report.flat import table_to_csv
from workbench.report.material import Material
from workbench.report.table import Column, Table
from workbench.review.evidence import gather_evidence
from workbench.review.kinds_of_views import IMAGES, Row, View, list_views, write_slug

CROP, WHOLE = 480, 640  # pixels of a side
MOST = 100  # pictures of a view; the list has all
LIST = "captions.csv"
CONTENTS = "contents.json"  # names what we wrote, so that nothing else is ever replaced
PAGE = "index.html"
_COLUMNS = ("file", "kind", "image", "truth_category", "category", "score", "iou", "truth", "prediction", "suspicion",
            "value", "truths", "right", "wrong", "missed", "note")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A picture that was asked for: the row it is of, and its file below the folder of all views."""

    row: Row
    pair: Pair
    file: str


def write_static(part: RunPart, out: Path) -> dict[str, int]:
    """Write every view into a folder of its own below `out`; return how many rows each view has."""
    require_ours(out)
    prepare_new_folder(out)
    material, evidence = gather_evidence(part)
    views = list_views(evidence)
    plan = Plan(material, crop=CROP, whole=WHOLE)
    wanted = {view.name: _want(plan, view) for view in views}
    staging = temporary_name(out)
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        drawn = _draw(plan, [one for some in wanted.values() for one in some], staging)
        _write_pages(material, views, wanted, drawn, staging)
        _put_in_place(staging, out)
    except OSError as error:
        raise explain_os_error(out, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return {view.name: len(view.rows) for view in views}


def require_ours(out: Path) -> None:
    """Refuse a folder with anything in it that no earlier call wrote: it would be gone."""
    if not out.is_dir() or not any(out.iterdir()):
        return
    known: set[str] = set()
    with suppress(OSError, ValueError, TypeError):
        known = set(json.loads((out / CONTENTS).read_bytes()))
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if not path.is_dir() and name not in known and name != CONTENTS:
            raise OutputError(
                f"{out}: must be new, empty or written by workbench review --static, but has {name}; choose another"
            )


def _want(plan: Plan, view: View) -> list[_Wanted]:
    add = plan.add_image if view.of == IMAGES else plan.add_mistake
    wanted: list[_Wanted] = []
    for row in view.rows[:MOST]:
        pair = add(row)
        if pair:
            stem = write_slug(Path(str(row.get("image"))).with_suffix("").as_posix())
            wanted.append(_Wanted(row=row, pair=pair, file=f"{view.name}/{len(wanted) + 1:03d}-{stem}.jpg"))
    return wanted


def _draw(plan: Plan, wanted: Sequence[_Wanted], staging: Path) -> dict[str, Drawn]:
    """Draw photograph by photograph, and write each picture at once: they may be many. What is kept has no content."""
    files = {one.pair.truth: one.file for one in wanted}
    sizes: dict[str, Drawn] = {}
    for several in map_in_order(draw_pairs, plan.list_jobs(), chunk=2, small=FEW):
        for one in several:
            path = staging / files[one.key]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(one.content)
            sizes[one.key] = Drawn(key=one.key, content=b"", width=one.width, height=one.height)
    return sizes


def _write_pages(
    material: Material,
    views: Sequence[View],
    wanted: dict[str, list[_Wanted]],
    drawn: dict[str, Drawn],
    staging: Path,
) -> None:
    folders = tuple(_describe(view, wanted[view.name], drawn) for view in views)
    lost = sum(len(some) for some in wanted.values()) - len(drawn)
    notes = (f"{lost} photographs cannot be read: what is on them is in the lists only.",) if lost else ()
    album = Album(
        title="What goes wrong",
        about=f"{material.run} · {material.part}",
        folders=folders,
        notes=(*material.notes, *notes),
    )
    for view, folder in zip(views, folders, strict=True):
        place = staging / view.name
        if view.rows:
            place.mkdir(exist_ok=True)
            (place / PAGE).write_text(render_folder(album, folder), encoding="utf-8")
            (place / LIST).write_text(_list_rows(view, wanted[view.name], drawn), encoding="utf-8")
    (staging / PAGE).write_text(render_overview(album), encoding="utf-8")
    names = sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())
    (staging / CONTENTS).write_text(json.dumps(names, indent=1), encoding="utf-8")


def _describe(view: View, wanted: Sequence[_Wanted], drawn: dict[str, Drawn]) -> Folder:
    return Folder(
        name=view.name,
        title=view.title,
        about=view.about,
        total=len(view.rows),
        wide=view.of == IMAGES,
        pictures=tuple(_caption(one, drawn[one.pair.truth]) for one in wanted if one.pair.truth in drawn),
    )


def _caption(one: _Wanted, drawn: Drawn) -> Picture:
    counts = [f"{one.row[key]} {key}" for key in ("right", "wrong", "missed") if one.row.get(key) is not None]
    return Picture(
        file=one.file.partition("/")[2],
        width=drawn.width,
        height=drawn.height,
        title=one.pair.title,
        note=" · ".join(filter(None, (one.pair.note, ", ".join(counts)))),
        alt=f"{one.pair.truth_alt}. {one.pair.found_alt}.",
    )


def _list_rows(view: View, wanted: Sequence[_Wanted], drawn: dict[str, Drawn]) -> str:
    """Every row of the view, also those without a picture."""
    files = {id(one.row): one.file.partition("/")[2] for one in wanted if one.pair.truth in drawn}
    rows = tuple((files.get(id(row), ""), *(row.get(column) for column in _COLUMNS[1:])) for row in view.rows)
    columns = tuple(Column(key=column, title=column) for column in _COLUMNS)
    return table_to_csv(Table(name=view.name, caption=view.title, columns=columns, rows=rows).drop_empty())


def _put_in_place(staging: Path, out: Path) -> None:
    """Take the place of an older one in two renames; until the second one the older lies beside it."""
    require_ours(out)
    old = temporary_name(out.with_name(f"{out.name}.old"))
    if out.is_dir():
        out.rename(old)
    staging.rename(out)
    sync_folder(out.parent)
    shutil.rmtree(old, ignore_errors=True)

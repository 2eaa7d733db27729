"""How the model came about: its learning curves, its data, what was changed and why, and where it is from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.report.blocks import Chart, Charts, Folded, Section
from workbench.report.charts import draw_series
from workbench.report.material import Material, Row
from workbench.report.svg import Point
from workbench.report.table import Cell, Column, Table

POINTS = 120  # of a curve; of more, means of as many neighbours as it takes
PARTS = ("train", "val", "test")


def build_training(material: Material) -> Section | None:
    """Losses and scores over the steps."""
    losses = {
        kind: _thin(_pick(material.metrics, kind, "loss"))
        for kind in ("train", "val")
        if _pick(material.metrics, kind, "loss")
    }
    keys = ("panoptic.PQ", "mask.AP", "box.AP", "semantic.mIoU")
    scores = {
        key.replace(".", " "): points for key in keys if (points := _pick(material.metrics, "val", key))
    }
    charts = []
    if scores:
        drawing = draw_series("Validation scores", scores, share=True)
        caption = "Validation scores, in percent. A line that still rises: train longer."
        charts.append(Chart(caption=caption, drawing=drawing))
    if losses:
        drawing = draw_series("Loss", losses, share=False)
        caption = "Loss. Where val rises while train falls, it learns by heart: label more, or stop earlier."
        charts.append(Chart(caption=caption, drawing=drawing))
    if not charts:
        return None
    return Section(id="training", title="Learning curves", lead="", blocks=(Charts(charts=tuple(charts)),))


def _pick(rows: Sequence[Row], kind: str, key: str) -> list[Point]:
    return [
        (float(row["step"]), float(row[key]))
        for row in rows
        if row.get("kind") == kind
        and isinstance(row.get(key), int | float)
        and isinstance(row.get("step"), int)
    ]


def _thin(points: list[Point]) -> list[Point]:
    """Means of neighbours: noise hides what matters."""
    size = -(-len(points) // POINTS)
    groups = (points[start : start + size] for start in range(0, len(points), size))
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def build_data(material: Material) -> Section | None:
    """What it was taught with, and what it was judged on."""
    tables = [table for table in (list_parts(material), list_part_classes(material)) if table.rows]
    if not tables:
        return None
    lead = "An image is in one part only, and stays there."
    return Section(id="data", title="Data", lead=lead, blocks=tuple(tables))


def _parts(material: Material) -> dict[str, Row]:
    counts: Mapping[str, Any] = (material.manifest.counts.get("parts") or {}) if material.manifest else {}
    return {name: counts[name] for name in PARTS if name in counts}


def list_parts(material: Material) -> Table:
    """Images and objects of each part."""
    columns = (
        Column(key="part", title="part"),
        Column(key="images", title="images", kind="count"),
        Column(key="annotations", title="objects", kind="count"),
        Column(key="negatives", title="images without any", kind="count"),
    )
    rows = tuple(
        (name, *(row.get(column.key) for column in columns[1:])) for name, row in _parts(material).items()
    )
    return Table(name="split", caption="Parts", columns=columns, rows=rows)


def list_part_classes(material: Material) -> Table:
    """Objects of each class in each part."""
    parts = _parts(material)
    names = dict.fromkeys(name for row in parts.values() for name in row.get("classes") or {})
    columns = (
        Column(key="class", title="class"),
        *(Column(key=part, title=f"objects in {part}", kind="count") for part in parts),
    )
    rows = tuple(
        (name, *((row.get("classes") or {}).get(name, {}).get("instances", 0) for row in parts.values()))
        for name in names
    )
    return Table(name="data", caption="Objects of each class", columns=columns, rows=rows)


def build_lineage(material: Material) -> Section:
    """What to know to make it again."""
    changes = list_changes(material)
    blocks: list[Table | Folded] = [list_facts(material)]
    if changes.rows:
        blocks.append(
            Folded(title=f"{len(changes.rows)} settings that differ from the model's own", blocks=(changes,))
        )
    return Section(id="lineage", title="Where it is from", lead="", blocks=tuple(blocks))


def list_facts(material: Material) -> Table:
    """The run's record, one fact a line."""
    rows = tuple((name, text) for name, text in _tell(material.record) if text)
    columns = (Column(key="fact", title="what"), Column(key="value", title="value"))
    return Table(name="lineage", caption="The run", columns=columns, rows=rows)


def _tell(record: Row) -> Iterator[tuple[str, str]]:
    yield "state", _words(record.get("state"), record.get("reason"))
    yield "model", _words(record.get("model"))
    best = record.get("best") or {}
    yield "steps", _words(record.get("step"), "of", record.get("steps")) if record.get("steps") else ""
    yield "best at step", _words(best.get("step"))
    yield "command", " ".join(map(str, record.get("command") or ()))
    dataset = record.get("dataset") or {}
    yield "dataset", _words(dataset.get("fingerprint"))
    yield "split", _words(dataset.get("split"))
    weights = record.get("weights") or {}
    yield "weights", _words(weights.get("source"), weights.get("sha256"))
    git = record.get("git") or {}
    yield "commit", _words(git.get("commit"), "with changes" if git.get("dirty") else "")
    yield "seed", _words(record.get("seed"))
    yield "device", _words(record.get("device"), record.get("precision"))
    yield "started", _words(record.get("started"))
    yield "ended", _words(record.get("ended"))
    yield "left out", _words(*(record.get("quarantined") or ()))
    yield (
        "versions",
        ", ".join(f"{name} {version}" for name, version in (record.get("versions") or {}).items()),
    )


def _words(*parts: object) -> str:
    return " ".join(str(part) for part in parts if part not in (None, ""))


def list_changes(material: Material) -> Table:
    """Settings, what they were, what they are, and why."""
    heads = (("key", "setting"), ("old", "was"), ("new", "is"), ("reason", "why"))
    columns = tuple(Column(key=key, title=title) for key, title in heads)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        tuple(str(row.get(column.key, "")) for column in columns)
        for row in material.record.get("changes") or ()
        if isinstance(row, Mapping)
    )
    return Table(name="changes", caption="Settings that were changed", columns=columns, rows=rows)

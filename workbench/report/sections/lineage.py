"""Where the model is from: the run's record, and what was changed against the model's own settings."""

from collections.abc import Iterator, Mapping

from workbench.report.blocks import Folded, Section
from workbench.report.material import Material, Row
from workbench.report.table import Cell, Column, Table


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

"""Where two runs differ: lineage, settings, config, data, scores."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.commands.output import format_table, safe
from workbench.commands.run_lines import UNKNOWN, count_dataset, flatten, list_classes, shorten, summarise_run
from workbench.run import Run, read_record

SKIPPED = ("started", "ended", "resumed", "command", "reason", "changes", "dataset.folder")
Difference = tuple[str, Any, Any]


def diff_runs(one: Run, other: Run) -> list[Difference]:
    """Return every key whose value differs: lineage, settings, config, data, scores."""
    sides = [dict(_collect(run)) for run in (one, other)]
    keys = [key for key in dict.fromkeys([*sides[0], *sides[1]]) if key not in SKIPPED]
    return [
        (key, sides[0].get(key), sides[1].get(key)) for key in keys if sides[0].get(key) != sides[1].get(key)
    ]


def _collect(run: Run) -> Iterator[tuple[str, Any]]:
    row, record = summarise_run(run), read_record(run)
    yield from flatten({**record, "state": row["state"], "step": row["step"]})
    yield from flatten(
        {"images": count_dataset(record), "classes": {"names": ", ".join(list_classes(record))}}
    )
    yield from flatten({"config": _read_config(run)})


def _read_config(run: Run) -> Mapping[str, Any]:
    """Detectron2's keys, where its reader is installed; what cannot be read is no difference."""
    from workbench.errors import MissingExtra
    from workbench.extras import require

    try:
        yaml = require("yaml", extra="train")
        raw = yaml.safe_load(run.config.read_text(encoding="utf-8"))
    except (MissingExtra, OSError, ValueError):
        return {}
    except yaml.YAMLError:
        return {}
    return raw if isinstance(raw, Mapping) else {}


def format_diff(one: str, other: str, rows: Sequence[Difference]) -> str:
    """Three columns; texts that are too long are cut."""
    if not rows:
        return f"{one} and {other} do not differ, but for their times"
    cells: list[tuple[str, ...]] = [("", one, other)]
    cells += [tuple(safe(shorten(UNKNOWN if cell is None else cell, 36)) for cell in row) for row in rows]
    return format_table(cells)

"""What is told of runs: a row of the list, and the page of one. Old runs may lack any key."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.commands.output import format_table, safe
from workbench.errors import WorkbenchError
from workbench.jobs.owners import find_owner
from workbench.run import Run, is_held, read_record

UNKNOWN = "-"
METRICS = ("panoptic.PQ", "mask.AP", "semantic.mIoU", "box.AP")  # what decides, by task


LOST = "its process was killed, or the machine went away; where memory was short, the system's log (dmesg) says so"


def summarise_run(run: Run) -> dict[str, Any]:
    """Return the row of the list; a run whose process died says that it runs, but holds no lock: interrupted."""
    try:
        record = read_record(run)
    except WorkbenchError as error:
        return {"run": run.name, "folder": str(run.folder), "state": "unreadable", "reason": str(error)}
    state, reason = record.get("state") or "unknown", record.get("reason") or ""
    owner = find_owner(record.get("job"))
    if state == "running" and not is_held(run) and not (owner and owner.host):
        waits = owner is not None and owner.is_open
        state, reason = "interrupted", f"job {owner.number} goes on with it" if owner and waits else LOST
    rows = _read_rows(run) if state != "finished" else []
    return {
        "run": run.name,
        "folder": str(run.folder),
        "model": record.get("model"),
        "state": state,
        "reason": reason,
        "job": owner.number if owner else None,
        "step": rows[-1]["step"] if rows else record.get("step"),
        "steps": record.get("steps"),
        "best": record.get("best") or _find_best(rows),
        "dataset": _get(record, "dataset", "fingerprint"),
        "commit": _get(record, "git", "commit"),
        "dirty": _get(record, "git", "dirty"),
        "started": record.get("started"),
        "ended": record.get("ended"),
    }


def _get(record: Mapping[str, Any], group: str, key: str) -> Any:
    table = record.get(group)
    return table.get(key) if isinstance(table, Mapping) else None


def _read_rows(run: Run) -> list[dict[str, Any]]:
    """The whole lines of metrics.jsonl: how far a run came that had no time to say so."""
    import json

    try:
        lines = run.metrics.read_bytes().split(b"\n")[:-1]
    except OSError:
        return []
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            rows.append(row)
    return rows


def _find_best(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The first of the best, as the training chooses it."""
    for metric in METRICS:
        found = [row for row in rows if row.get("kind") == "val" and isinstance(row.get(metric), int | float)]
        if found:
            best = max(found, key=lambda row: row[metric])
            return {"metric": metric, "value": best[metric], "step": best["step"]}
    return None


def format_list(rows: Sequence[Mapping[str, Any]], project: str) -> str:
    """One line a run, the newest last."""
    if not rows:
        return f"no runs yet; workbench train {project} makes one"
    cells: list[tuple[str, ...]] = [("run", "state", "steps", "best", "dataset", "commit")]
    cells += [
        tuple(
            map(
                safe,
                (
                    str(row["run"]),
                    str(row["state"]),
                    _steps(row),
                    format_best(row.get("best")),
                    str(row.get("dataset") or UNKNOWN)[:8],
                    _commit(row),
                ),
            )
        )
        for row in rows
    ]
    lines = [format_table(cells, right="steps")]
    dead = [row for row in rows if _wants_help(row)]
    if dead:
        lines += ["", *(f"go on: {resume_command(project, row['run'])}" for row in dead[-3:])]
    return "\n".join(lines)


def _wants_help(row: Mapping[str, Any]) -> bool:
    """Whether a run stands still until somebody says so: a job of the queue goes on by itself."""
    return bool(row["state"] == "stopped" or (row["state"] == "interrupted" and row["reason"] == LOST))


def resume_command(project: str, run: str) -> str:
    """What to type for a run to go on."""
    from shlex import join

    return join(["workbench", "train", project, "--resume", run])


def _steps(row: Mapping[str, Any]) -> str:
    step, steps = row.get("step"), row.get("steps")
    if step is None and steps is None:
        return UNKNOWN
    return f"{UNKNOWN if step is None else step}/{'?' if steps is None else steps}"


def format_best(best: Any) -> str:
    """mask.AP 0.812 @ 300."""
    if not isinstance(best, Mapping) or not isinstance(best.get("value"), int | float):
        return UNKNOWN
    at = f" @ {best['step']}" if best.get("step") is not None else ""
    return f"{best.get('metric', 'score')} {best['value']:.3f}{at}"


def _commit(row: Mapping[str, Any]) -> str:
    return f"{row['commit'][:7]}{'+' if row.get('dirty') else ''}" if row.get("commit") else UNKNOWN


def describe_run(run: Run, project: str) -> str:
    """Lineage, settings, what was changed and why, and what came out."""
    row, record = summarise_run(run), read_record(run)
    facts = [
        ("state", f"{row['state']}{': ' + row['reason'] if row['reason'] else ''}"),
        ("steps", _steps(row)),
        ("best", format_best(row["best"])),
        ("started", row["started"]),
        ("ended", row["ended"]),
        ("job", _describe_job(record)),
        ("resumed", ", ".join(f"at step {step}" for step in record.get("resumed") or ())),
        ("command", _words(record.get("command"))),
        ("model", row["model"]),
        ("dataset", _join(record.get("dataset"), "fingerprint", "folder")),
        ("split", _get(record, "dataset", "split")),
        ("images", ", ".join(f"{name} {count}" for name, count in sorted(count_dataset(record).items()))),
        ("classes", ", ".join(list_classes(record))),
        ("weights", _join(record.get("weights"), "source", "sha256")),
        ("commit", f"{row['commit']}{', with changes' if row['dirty'] else ''}" if row["commit"] else None),
        ("seed", record.get("seed")),
        ("device", " ".join(str(record[key]) for key in ("device", "precision") if record.get(key))),
        ("versions", ", ".join(f"{name} {version}" for name, version in _table(record, "versions").items())),
    ]
    lines = [
        str(run.folder),
        *(f"  {name:<9}{safe(str(value))}" for name, value in facts if value not in (None, "")),
    ]
    lines += _describe_changes(record) + _describe_scores(record)
    if _wants_help(row):
        lines += ["", f"go on: {resume_command(project, run.name)}"]
    return "\n".join(lines)


def _describe_job(record: Mapping[str, Any]) -> str:
    owner = find_owner(record.get("job"))
    if owner is None:
        return ""
    place = f" on {owner.host}" if owner.host else ""
    return f"{owner.number} ({owner.state}{place}): workbench jobs show {owner.number}"


def _table(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    return value if isinstance(value, Mapping) else {}


def _words(command: Any) -> str:
    return " ".join(map(str, command)) if isinstance(command, list) else str(command or "")


def _join(table: Any, *keys: str) -> str:
    return "  ".join(str(table[key]) for key in keys if table.get(key)) if isinstance(table, Mapping) else ""


def list_classes(record: Mapping[str, Any]) -> list[str]:
    """The names, things first."""
    classes = _table(record, "classes")
    return [str(name) for kind in ("things", "stuff") for name in classes.get(kind) or ()]


def _describe_changes(record: Mapping[str, Any]) -> list[str]:
    changes = [one for one in record.get("changes") or () if isinstance(one, Mapping)]
    if not changes:
        return []
    lines = ["", "  changed against the model's own settings"]
    for one in changes:
        value = f"{shorten(one.get('old'))} → {shorten(one.get('new'))}"
        lines += [
            f"    {safe(str(one.get('key')))}: {safe(value)}",
            f"      {safe(str(one.get('reason') or ''))}",
        ]
    return [line.rstrip() for line in lines if line.strip() or not line]


def _describe_scores(record: Mapping[str, Any]) -> list[str]:
    rows = [
        (name, value)
        for name, value in flatten(_table(record, "scores"))
        if isinstance(value, float | int) and "per_category" not in name
    ]
    return ["", "  scores", *(f"    {safe(name):<16}{value:.3f}" for name, value in rows)] if rows else []


def shorten(value: Any, limit: int = 60) -> str:
    """Cut what is too long for a line."""
    text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def count_dataset(record: Mapping[str, Any]) -> dict[str, int]:
    """Images of each part, where the dataset folder is still there."""
    from collections import Counter

    from workbench.formats.manifest import read_manifest

    folder = _get(record, "dataset", "folder")
    try:
        return dict(Counter(read_manifest(Path(folder)).parts.values())) if folder else {}
    except WorkbenchError:
        return {}


def flatten(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested tables by dotted names."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{before}{key}.")
        else:
            yield before + str(key), value

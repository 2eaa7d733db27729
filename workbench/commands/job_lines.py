"""How jobs look on a terminal and in JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.commands.output import format_table, safe

if TYPE_CHECKING:
    from workbench.jobs.folder import JobFolder
    from workbench.jobs.job import Entry


def format_list(entries: "Sequence[Entry]", now: float) -> str:
    """A line a job, and how many there are of each state."""
    if not entries:
        return "no jobs; workbench launch PROJECT makes some"
    rows: list[tuple[str, ...]] = [("job", "state", "what", "waited", "took", "")]
    for entry in entries:
        waited = (entry.started or entry.ended or now) - entry.submitted
        took = (entry.ended or now) - entry.started if entry.started else None
        rows.append(
            (
                str(entry.number),
                "stopping" if entry.stopping and entry.ended is None else entry.state,
                safe(entry.job.name),
                format_seconds(waited),
                format_seconds(took),
                safe(_remark(entry)),
            )
        )
    counts = Counter(entry.state for entry in entries)
    return f"{format_table(rows, 'job waited took')}\n\n" + ", ".join(
        f"{number} {state}" for state, number in counts.items()
    )


def _remark(entry: "Entry") -> str:
    words = [entry.reason] if entry.reason else []
    if entry.job.after and entry.state == "waiting":
        words.append(f"after {', '.join(map(str, entry.job.after))}")
    if entry.failures + entry.losses and entry.state not in ("failed", "stopped"):
        words.append(f"try {entry.failures + entry.losses + 1}")
    if entry.gpu:
        words.append(f"GPU {', '.join(map(str, entry.gpu))}")
    return "; ".join(words)


def format_seconds(seconds: float | None) -> str:
    """0:07, 12:30, 3:02:10."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def describe(entry: "Entry", folder: "JobFolder", now: float) -> str:
    """Everything about one job."""
    from workbench.jobs.pointers import list_runs
    from workbench.jobs.words import show_command

    job = entry.job
    rows = {
        "job": str(entry.number),
        "state": entry.state + (f" ({entry.reason})" if entry.reason else ""),
        "what": job.name,
        "command": show_command(job),
        "exit code": "" if entry.code is None else str(entry.code),
        "after": ", ".join(map(str, job.after)),
        "tries": f"{entry.token}, of which {entry.failures} failed and {entry.losses} were killed",
        "waited": format_seconds((entry.started or entry.ended or now) - entry.submitted),
        "took": format_seconds((entry.ended or now) - entry.started if entry.started else None),
        "takes": f"{job.cores} cores, {job.gpus} GPUs, priority {job.priority}"
        + (f", at most {format_seconds(job.limit)} a try" if job.limit else ""),
        "run": ", ".join(list_runs(folder, job.command)),
        "log": str(folder.log) if folder.log.exists() else "",
    }
    width = max(map(len, rows))
    return "\n".join(f"{name.ljust(width)}  {safe(text)}" for name, text in rows.items() if text)


def to_json(entry: "Entry", folder: "JobFolder") -> dict[str, Any]:
    """What `--json` says of a job."""
    from workbench.jobs.pointers import list_runs

    return {
        "job": entry.number,
        "name": entry.job.name,
        "state": entry.state,
        "reason": entry.reason,
        "stopping": entry.stopping,
        "code": entry.code,
        "command": list(entry.job.command),
        "place": entry.job.place,
        "engine": entry.job.engine,
        "after": list(entry.job.after),
        "priority": entry.job.priority,
        "tries": entry.token,
        "failures": entry.failures,
        "losses": entry.losses,
        "gpu": list(entry.gpu),
        "submitted": entry.submitted,
        "started": entry.started,
        "ended": entry.ended,
        "runs": list_runs(folder, entry.job.command),
        "log": str(folder.log),
    }

"""Runs of a project as rows of a table: how good each is, and where it comes from. Old runs may lack any key."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.evaluation.coco.json_file import read_json
from workbench.run import Run, is_held, list_runs, read_record

UNKNOWN = "–"
FAMILIES = (("panoptic", "PQ"), ("semantic", "mIoU"), ("mask", "AP"), ("box", "AP"))
NAMES = {"panoptic": "PQ", "semantic": "mIoU", "mask": "mask AP", "box": "box AP"}

Row = dict[str, str]


def list_run_rows(project: Path, part: str = "val") -> list[Row]:
    """One row a run, the newest first; every value is a word that can be shown as it stands."""
    runs = [run for run in list_runs(project / "runs") if not run.name.startswith(".")]
    return [_describe(run, part) for run in reversed(runs)]


def _describe(run: Run, part: str) -> Row:
    try:
        record: Mapping[str, Any] = read_record(run)
    except WorkbenchError:
        record = {"state": "unreadable"}
    scores = _read(run.scores(part))
    return {
        "run": run.name,
        "state": _name_state(run, record),
        "score": _name_score(record, scores),
        "mistakes": _count_mistakes(run, part),
        "model": str(record.get("model") or UNKNOWN),
        "from": _name_weights(record),
        "dataset": str(_get(record, "dataset", "fingerprint") or UNKNOWN)[:8],
        "seed": str(record.get("seed", UNKNOWN)),
        "code": _name_commit(record),
        "started": str(record.get("started") or UNKNOWN)[:16].replace("T", " "),
    }


def _get(record: Mapping[str, Any], group: str, key: str) -> Any:
    table = record.get(group)
    return table.get(key) if isinstance(table, Mapping) else None


def _read(path: Path) -> Mapping[str, Any]:
    """A file that is damaged is as good as none: nobody's table must end for it."""
    try:
        raw = read_json(path) if path.is_file() else {}
    except WorkbenchError:
        return {}
    return raw if isinstance(raw, Mapping) else {}


def _name_state(run: Run, record: Mapping[str, Any]) -> str:
    state = str(record.get("state") or UNKNOWN)
    if state == "running" and not is_held(run):
        state = "interrupted"
    step, steps = record.get("step"), record.get("steps")
    return state if state == "finished" or not steps else f"{state}, {step or 0}/{steps}"


def _find_family(scores: Mapping[str, Any]) -> tuple[str, str] | None:
    """The number that decides, as the report has it."""
    for family, key in FAMILIES:
        if isinstance(scores.get(family), Mapping):
            return family, key
    return None


def _name_score(record: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    family = _find_family(scores)
    if family:
        value = scores[family[0]].get(family[1])
        return (
            UNKNOWN
            if value is None
            else f"{NAMES[family[0]]} {100 * value:.1f}{_name_interval(family, scores)}"
        )
    best, name = _get(record, "best", "value"), str(_get(record, "best", "metric") or "")
    return f"{name.replace('.', ' ')} {100 * best:.1f}" if isinstance(best, int | float) else UNKNOWN


def _name_interval(family: tuple[str, str], scores: Mapping[str, Any]) -> str:
    ends = (scores.get("intervals") or {}).get(".".join(family))
    return f" ({100 * ends[0]:.0f}–{100 * ends[1]:.0f})" if ends else ""


def _count_mistakes(run: Run, part: str) -> str:
    """So many that a person would meet; unknown before it was judged."""
    rows: Sequence[Any] | None = _read(run.mistakes(part)).get("mistakes")
    return UNKNOWN if rows is None else f"{len(rows):,}"


def _name_weights(record: Mapping[str, Any]) -> str:
    """What the training began with, by its last two names."""
    source = str(_get(record, "weights", "source") or "")
    return "/".join(source.rstrip("/").split("/")[-2:]) if source else "nothing"


def _name_commit(record: Mapping[str, Any]) -> str:
    commit = _get(record, "git", "commit")
    return f"{str(commit)[:8]}{'+' if _get(record, 'git', 'dirty') else ''}" if commit else UNKNOWN

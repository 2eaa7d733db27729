"""How a sharded work stands: what is done of each shard, the jobs that are at it, and what was set aside."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.output import count_words, format_table, print_json, print_line, safe
from workbench.errors import FAILED, OK, InputMissing

if TYPE_CHECKING:
    from workbench.jobs.job import Entry
    from workbench.sharding.plan import Plan

JOBS = "jobs.json"  # in the folder of a plan: which jobs work on it
SHOWN = 20  # set aside items in a list; --json has all of them
LAST = 4096  # bytes of a log in which its last line is
Name = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a verb says of its sharded work: how it is called, and how a person calls its items."""

    verb: str
    plan: "Plan"
    out: Path
    items: str = "image"
    name: Name = str
    sequel: Path | None = None  # a plan that gathering this one makes, to be worked on then
    prologue: Path | None = None  # the plan that made this one; its jobs are this one's, too

    @property
    def folders(self) -> tuple[str, ...]:
        """The plans that its jobs work on."""
        return tuple(str(one) for one in (self.prologue, self.plan.folder, self.sequel) if one)


def find_jobs(errand: Errand) -> "list[Entry]":
    """Return the jobs that were launched for a work last, as far as this machine's queue still knows them."""
    from workbench.jobs.home import find_home
    from workbench.jobs.queue import Queue

    try:
        found = json.loads(((errand.prologue or errand.plan.folder) / JOBS).read_bytes())
        home, numbers = str(found["home"]), [int(number) for number in found["numbers"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    if home != str(find_home().absolute()) or not find_home().is_dir():
        return []
    queue, entries = Queue(find_home()), []
    for number in numbers:
        try:
            entries.append(queue.find(number))
        except InputMissing:  # forgotten with workbench jobs clean
            continue
    queue.close()
    return [entry for entry in entries if not {*errand.folders}.isdisjoint(entry.job.command)]


def find_open_jobs(errand: Errand) -> "list[Entry]":
    """Those that have not ended."""
    from workbench.jobs.job import OPEN

    return [entry for entry in find_jobs(errand) if entry.state in OPEN]


def show_standing(errand: Errand, *, as_json: bool) -> int:
    """Say how a work stands; 1 when it is over and something of the list was left out."""
    from workbench.sharding.gather import read_gathered

    gathered = read_gathered(errand.plan)
    if gathered is not None:
        if as_json:
            print_json({"plan": str(errand.plan.folder), "state": "gathered", **gathered})
        else:
            print_line(f"gathered: {errand.out}")
        return FAILED if gathered.get("set_aside") or gathered.get("skipped") else OK
    found = describe_standing(errand)
    if as_json:
        print_json(found)
    else:
        print_line(_format(found, errand))
    return OK


def describe_standing(errand: Errand) -> dict[str, Any]:
    """What `--json` says of a work that is not over."""
    from workbench.sharding.standing import find_set_aside, read_shares

    plan = errand.plan
    shares, mine = read_shares(plan), str(plan.folder)
    entries = [entry for entry in find_jobs(errand) if mine in entry.job.command]
    jobs = {entry.job.command[entry.job.command.index("--plan") + 2 :][:2]: entry for entry in entries}
    rows: list[dict[str, Any]] = []
    for share in shares:
        about = _describe_job(jobs.get(("--shard", str(share.shard))))
        rows.append({"shard": share.shard, "done": share.done, "count": share.count, **about})
    done = sum(share.done for share in shares)
    return {
        "plan": str(plan.folder),
        "state": "done" if done == plan.count else "open",
        "count": plan.count,
        "done": done,
        "set_aside": [{"item": errand.name(one.item), "reason": one.reason} for one in find_set_aside(plan)],
        "shards": rows,
        "gather": _describe_job(jobs.get(("--gather",))),
    }


def _describe_job(entry: "Entry | None") -> dict[str, Any]:
    if entry is None:
        return {"job": None, "state": None, "reason": ""}
    reason = ""
    if entry.state in ("failed", "stopped", "skipped"):
        reason = ": ".join(filter(None, (entry.reason, _read_last_line(entry))))
    return {"job": entry.number, "state": entry.state, "reason": reason}


def _read_last_line(entry: "Entry") -> str:
    """What a job said last is why it failed."""
    from workbench.jobs.home import find_home
    from workbench.jobs.queue import Queue

    queue = Queue(find_home())
    try:
        with queue.folder(entry.number).log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - LAST))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    finally:
        queue.close()
    return lines[-1].removeprefix("workbench: ") if lines else ""


def _format(found: dict[str, Any], errand: Errand) -> str:
    aside = found["set_aside"]
    share = found["done"] / max(found["count"], 1)
    lines = [
        f"{found['done']:,} of {count_words(found['count'], errand.items)} ({share:.0%})"
        + (f", {len(aside)} set aside" if aside else "")
    ]
    table: list[tuple[str, ...]] = [("shard", "done", "of", "job", "state")]
    for row in found["shards"]:
        numbers = (f"{row['done']:,}", f"{row['count']:,}")
        done = "done" if row["done"] == row["count"] else ""
        table.append((str(row["shard"]), *numbers, str(row["job"] or ""), row["state"] or done))
    gather = found["gather"]
    if gather["job"]:
        table.append(("gather", "", "", str(gather["job"]), gather["state"]))
    lines += ["", format_table(table, right="shard done of job")]
    told = [row for row in (*found["shards"], gather) if row["reason"]]
    lines += ["", *(f"job {row['job']}: {safe(row['reason'])}" for row in told[:SHOWN])] if told else []
    if aside:
        lines += [
            "",
            "set aside:",
            *(f"  {safe(one['item'])}: {safe(one['reason'])}" for one in aside[:SHOWN]),
        ]
    if len(aside) > SHOWN:
        lines.append(f"  … and {len(aside) - SHOWN} more; --json lists them")
    return "\n".join(lines)

"""The queue of this machine: one SQLite file that any number of processes may read and write at any time.

A job is `waiting` for others, `queued`, `running`, at last `finished`, `failed`, `stopped` or `skipped`. Only whoever
holds the newest token of a job may say how a try ended; a final state is given once, in the same transaction in which
those that waited for it learn of it.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.errors import BUSY, InputMissing, JobError
from workbench.jobs.folder import NAME, JobFolder
from workbench.jobs.job import (
    FAILED,
    FINAL,
    FINISHED,
    OPEN,
    QUEUED,
    RUNNING,
    SKIPPED,
    STOPPED,
    WAITING,
    Entry,
    Job,
    json_to_job,
)
from workbench.jobs.store import Store

_AT_ONCE = 100  # jobs that are read together
_HIGHEST = 2**63 - 1  # priority that SQLite can hold


class Queue(Store):
    """One connection to the queue below a folder; for one thread."""

    def folder(self, number: int) -> JobFolder:
        """Where a job's own files lie."""
        return JobFolder(path=self.home / "jobs" / (NAME % number))

    def submit(self, job: Job) -> int:
        """Put a job into the queue and return its number; within `changing`, several are put there or none."""
        with self.changing():
            for one in job.after:
                self.find(one)
            row = self._base.execute(
                "INSERT INTO jobs (job, priority, state, submitted) VALUES (?, ?, ?, ?)",
                (json.dumps(job.to_json()), job.priority, WAITING, time.time()),
            )
            number = int(row.lastrowid or 0)
            needs = [(number, one) for one in sorted(set(job.after))]
            self._base.executemany("INSERT INTO needs VALUES (?, ?)", needs)
            self._settle([number])
        return number

    def find(self, number: int) -> Entry:
        """Return a job as it stands."""
        with self.explained():
            row = self._base.execute("SELECT * FROM jobs WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise InputMissing(f"job {number}: must be in the queue, but is not; workbench jobs lists them")
        return _to_entry(row)

    def entries(self, states: Sequence[str] = (), *, last: int = 0) -> list[Entry]:
        """Return jobs in the order of their numbers: those in these states, the last ones."""
        marks = ",".join("?" * len(states))
        where = f"WHERE state IN ({marks})" if states else ""
        with self.explained():
            rows = self._base.execute(
                f"SELECT * FROM jobs {where} ORDER BY number DESC LIMIT ?", (*states, last or -1)
            ).fetchall()
        return [_to_entry(row) for row in reversed(rows)]

    def upcoming(self) -> Iterator[Entry]:
        """Yield what could be started, the most urgent first; only as far as somebody asks."""
        priority, number = _HIGHEST, 0
        while True:
            with (
                self.explained()
            ):  # some at a time: who has a row to read still could not write what others change
                rows = self._base.execute(
                    "SELECT * FROM jobs WHERE state = ? AND priority <= ? AND (priority < ? OR number > ?) "
                    "ORDER BY priority DESC, number LIMIT ?",
                    (QUEUED, priority, priority, number, _AT_ONCE),
                ).fetchall()
            yield from map(_to_entry, rows)
            if len(rows) < _AT_ONCE:
                return
            priority, number = rows[-1]["priority"], rows[-1]["number"]

    def has_open(self) -> bool:
        """Whether anything is left to do."""
        marks = ",".join("?" * len(OPEN))
        with self.explained():
            found = self._base.execute(f"SELECT 1 FROM jobs WHERE state IN ({marks}) LIMIT 1", OPEN)
            return found.fetchone() is not None

    def start(self, entry: Entry, gpu: Sequence[int]) -> Entry | None:
        """Take a queued job; None where it is not queued any more, since somebody stopped it."""
        with self.changing():
            row = self._base.execute(
                "UPDATE jobs SET state = ?, token = token + 1, gpu = ?, handle = '', started = COALESCE(started, ?) "
                "WHERE number = ? AND state = ? AND token = ? RETURNING *",
                (RUNNING, json.dumps(list(gpu)), time.time(), entry.number, QUEUED, entry.token),
            ).fetchone()
        return _to_entry(row) if row else None

    def remember(self, entry: Entry, handle: str) -> None:
        """Keep the word by which the engine knows a try."""
        with self.changing():
            self._base.execute(
                "UPDATE jobs SET handle = ? WHERE number = ? AND token = ?",
                (handle, entry.number, entry.token),
            )

    def end(self, entry: Entry, state: str, *, code: int | None = None, reason: str = "") -> bool:
        """Give a running job its final state; False for a try that counts no more."""
        with self.changing():
            done = self._base.execute(
                "UPDATE jobs SET state = ?, code = ?, reason = ?, ended = ?, gpu = '[]' "
                "WHERE number = ? AND token = ? AND state = ?",
                (state, code, _to_text(reason), time.time(), entry.number, entry.token, RUNNING),
            ).rowcount
            if done:
                self._tell(entry.number)
        return bool(done)

    def put_back(self, entry: Entry, *, code: int | None, reason: str, counter: str = "") -> bool:
        """Queue a running job again, unless it is to stop, and count what it was."""
        counted = _COUNTED[counter]
        with self.changing():
            if self.find(entry.number).stopping:
                return self.end(entry, STOPPED, code=code, reason="stopped")
            return bool(
                self._base.execute(
                    f"UPDATE jobs SET state = ?, code = ?, reason = ?, gpu = '[]'{counted} "
                    "WHERE number = ? AND token = ? AND state = ?",
                    (QUEUED, code, _to_text(reason), entry.number, entry.token, RUNNING),
                ).rowcount
            )

    def ask_to_stop(self, number: int) -> Entry:
        """Stop what has not begun at once; a running job is asked to end. Return how it stands."""
        with self.changing():
            if self.find(number).state in (WAITING, QUEUED):
                self._base.execute(
                    "UPDATE jobs SET state = ?, reason = ?, ended = ? WHERE number = ?",
                    (STOPPED, "stopped before it began", time.time(), number),
                )
                self._tell(number)
            self._base.execute(
                "UPDATE jobs SET stopping = 1 WHERE number = ? AND state = ?", (number, RUNNING)
            )
            return self.find(number)

    def retry(self, number: int) -> Entry:
        """Queue an ended job again, and let those wait for it again that were skipped because of it."""
        with self.changing():
            entry = self.find(number)
            if entry.state not in FINAL or entry.state == FINISHED:
                raise JobError(
                    f"job {number}: must have ended without success to be tried again, but is {entry.state}"
                )
            self._revive(number)
            self._settle([number])
            return self.find(number)

    def remove(self, numbers: Sequence[int]) -> None:
        """Forget jobs that have ended; what others waited for stays known to them as it ended."""
        with self.changing():
            for number in numbers:
                entry = self.find(number)
                if entry.state not in FINAL:
                    raise JobError(
                        f"job {number}: must have ended to be removed, but is {entry.state}; "
                        f"workbench jobs stop {number} ends it",
                        BUSY,
                    )
                self._base.execute("DELETE FROM needs WHERE number = ? OR after = ?", (number, number))
                self._base.execute("DELETE FROM jobs WHERE number = ?", (number,))

    def _revive(self, number: int) -> None:
        left = [number]
        while left:
            one = left.pop()
            self._base.execute(
                "UPDATE jobs SET state = ?, failures = 0, losses = 0, preemptions = 0, stopping = 0, "
                "code = NULL, reason = '', ended = NULL WHERE number = ?",
                (WAITING, one),
            )
            left += self._list_dependents(one, SKIPPED)

    def _list_dependents(self, number: int, state: str) -> list[int]:
        rows = self._base.execute(
            "SELECT number FROM needs JOIN jobs USING (number) WHERE after = ? AND state = ?", (number, state)
        )
        return [int(row["number"]) for row in rows.fetchall()]

    def _tell(self, number: int) -> None:
        """Let those that wait for a job know that it has ended."""
        self._settle(self._list_dependents(number, WAITING))

    def _settle(self, numbers: Sequence[int]) -> None:
        """Queue waiting jobs whose needs have finished, and skip those with one that ended otherwise."""
        left = list(numbers)
        while left:
            number = left.pop()
            rows = self._base.execute(
                "SELECT jobs.number, state FROM needs JOIN jobs ON jobs.number = needs.after WHERE needs.number = ?",
                (number,),
            ).fetchall()
            states = {int(row["number"]): str(row["state"]) for row in rows}
            lost = [one for one, state in states.items() if state in FINAL and state != FINISHED]
            if lost:
                reason = f"job {lost[0]}, which it needs, {_WORDS[states[lost[0]]]}"
                self._base.execute(
                    "UPDATE jobs SET state = ?, reason = ?, ended = ? WHERE number = ?",
                    (SKIPPED, reason, time.time(), number),
                )
                left += self._list_dependents(number, WAITING)
            elif all(state == FINISHED for state in states.values()):
                self._base.execute("UPDATE jobs SET state = ? WHERE number = ?", (QUEUED, number))


_COUNTED: Mapping[str, str] = {
    "": "",
    "failures": ", failures = failures + 1",
    "losses": ", losses = losses + 1",
    "preemptions": ", preemptions = preemptions + 1",
    "progress": ", preemptions = 0",
}
_WORDS: Mapping[str, str] = {FAILED: "failed", STOPPED: "was stopped", SKIPPED: "was skipped"}


def _to_text(reason: str) -> str:
    """SQLite takes no name that is no UTF-8."""
    return reason.encode(errors="backslashreplace").decode()


def _to_entry(row: Any) -> Entry:
    return Entry(
        number=row["number"],
        job=json_to_job(json.loads(row["job"])),
        state=row["state"],
        token=row["token"],
        failures=row["failures"],
        losses=row["losses"],
        preemptions=row["preemptions"],
        gpu=tuple(json.loads(row["gpu"])),
        handle=row["handle"],
        code=row["code"],
        reason=row["reason"],
        stopping=bool(row["stopping"]),
        submitted=row["submitted"],
        started=row["started"],
        ended=row["ended"],
    )

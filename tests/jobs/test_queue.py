"""The queue: what waits for what, who may say how a try ended, and what becomes of the rest."""

import threading
from pathlib import Path

import pytest

from workbench.errors import InputMissing, JobError
from workbench.jobs import store
from workbench.jobs.job import FAILED, FINISHED, QUEUED, RUNNING, SKIPPED, STOPPED, WAITING, Entry, Job
from workbench.jobs.queue import Queue


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "home")


def ask(**more: object) -> Job:
    return Job(command=("true",), place="/", **more)  # type: ignore[arg-type]


def begin(queue: Queue, number: int) -> Entry:
    entry = queue.start(queue.find(number), ())
    assert entry is not None
    return entry


def states(queue: Queue) -> list[str]:
    return [entry.state for entry in queue.entries()]


def test_a_job_is_kept_as_it_was_asked_for(queue: Queue) -> None:
    job = Job(
        command=("echo", "ü ' \" \n"),
        place="/",
        name="one",
        environment={"A": "b"},
        priority=3,
        retries=2,
        limit=1.5,
        cores=2,
        gpus=1,
    )
    number = queue.submit(job)
    assert queue.find(number).job == job
    assert queue.find(number).state == QUEUED


def test_the_most_urgent_comes_first_and_among_equals_the_oldest(queue: Queue) -> None:
    for priority in (0, 5, 0, 5):
        queue.submit(ask(priority=priority))
    assert [entry.number for entry in queue.upcoming()] == [2, 4, 1, 3]


def test_who_goes_through_what_could_be_started_may_write_what_others_change_meanwhile(queue: Queue) -> None:
    with queue.changing():
        numbers = [queue.submit(ask(priority=number % 3)) for number in range(250)]
    other, seen = Queue(queue.home), []
    for entry in queue.upcoming():
        seen.append(entry.number)
        if entry.number % 25 == 0:
            other.submit(ask(priority=9))
            assert queue.start(entry, ()) is not None
    assert seen == sorted(numbers, key=lambda number: (-queue.find(number).job.priority, number))


def test_a_job_waits_until_all_that_it_needs_has_finished(queue: Queue) -> None:
    one, two = queue.submit(ask()), queue.submit(ask())
    third = queue.submit(ask(after=(one, two)))
    queue.end(begin(queue, one), FINISHED, code=0)
    assert queue.find(third).state == WAITING
    queue.end(begin(queue, two), FINISHED, code=0)
    assert queue.find(third).state == QUEUED


@pytest.mark.parametrize("state", [FAILED, STOPPED])
def test_what_needs_a_job_that_did_not_finish_is_skipped_with_all_that_needs_it(
    queue: Queue, state: str
) -> None:
    first = queue.submit(ask())
    second = queue.submit(ask(after=(first,)))
    queue.submit(ask(after=(second,)))
    queue.end(begin(queue, first), state, code=1)
    assert states(queue) == [state, SKIPPED, SKIPPED]
    assert queue.find(second).reason in (
        "job 1, which it needs, failed",
        "job 1, which it needs, was stopped",
    )


def test_a_job_that_needs_one_that_has_failed_already_is_skipped_at_once(queue: Queue) -> None:
    first = queue.submit(ask())
    queue.end(begin(queue, first), FAILED, code=1)
    assert queue.find(queue.submit(ask(after=(first,)))).state == SKIPPED


def test_trying_again_brings_back_what_was_skipped(queue: Queue) -> None:
    first = queue.submit(ask())
    second = queue.submit(ask(after=(first,)))
    queue.submit(ask(after=(second,)))
    queue.end(begin(queue, first), FAILED, code=1)
    queue.retry(first)
    assert states(queue) == [QUEUED, WAITING, WAITING]


def test_a_chain_may_be_of_any_length(queue: Queue) -> None:
    with queue.changing():
        first = last = queue.submit(ask())
        for _ in range(2000):
            last = queue.submit(ask(after=(last,)))
    queue.end(begin(queue, first), FAILED, code=1)
    assert queue.find(last).reason == f"job {last - 1}, which it needs, was skipped"
    queue.retry(first)
    assert queue.find(last).state == WAITING
    queue.ask_to_stop(first)
    assert queue.find(last).state == SKIPPED


def test_a_job_that_needs_an_unknown_one_is_refused_and_nothing_is_left(queue: Queue) -> None:
    with pytest.raises(InputMissing, match="job 7: must be in the queue"):
        queue.submit(ask(after=(7,)))
    assert queue.entries() == []


def test_several_jobs_are_put_there_or_none(queue: Queue) -> None:
    with pytest.raises(InputMissing), queue.changing():
        queue.submit(ask())
        queue.submit(ask(after=(9,)))
    assert queue.entries() == []


def test_a_job_can_be_taken_once(queue: Queue) -> None:
    queued = queue.find(queue.submit(ask()))
    assert queue.start(queued, ()) is not None
    assert queue.start(queued, ()) is None


def test_an_old_try_has_no_say_any_more(queue: Queue) -> None:
    old = begin(queue, queue.submit(ask()))
    queue.put_back(old, code=None, reason="killed", counter="losses")
    new = begin(queue, old.number)
    assert new.token == old.token + 1
    assert not queue.end(old, FINISHED, code=0)
    assert not queue.put_back(old, code=None, reason="", counter="losses")
    assert queue.find(old.number).state == RUNNING
    assert queue.end(new, FAILED, code=3, reason="exit code 3")


def test_a_final_state_is_given_once(queue: Queue) -> None:
    entry = begin(queue, queue.submit(ask()))
    assert queue.end(entry, FINISHED, code=0)
    assert not queue.end(entry, FAILED, code=1)
    assert queue.find(entry.number).state == FINISHED


def test_losses_and_failures_are_counted_apart(queue: Queue) -> None:
    entry = begin(queue, queue.submit(ask()))
    queue.put_back(entry, code=None, reason="", counter="losses")
    queue.put_back(begin(queue, entry.number), code=1, reason="", counter="failures")
    found = queue.find(entry.number)
    assert (found.losses, found.failures, found.state) == (1, 1, QUEUED)


def test_what_is_to_stop_is_not_queued_again(queue: Queue) -> None:
    entry = begin(queue, queue.submit(ask()))
    after = queue.submit(ask(after=(entry.number,)))
    queue.ask_to_stop(entry.number)  # after the daemon has read how it stands
    assert queue.put_back(entry, code=None, reason="SLURM does not take it at the moment")
    assert (queue.find(entry.number).state, queue.find(after).state) == (STOPPED, SKIPPED)


def test_what_has_not_begun_is_stopped_at_once_and_what_runs_is_asked(queue: Queue) -> None:
    running, queued = queue.submit(ask()), queue.submit(ask())
    begin(queue, running)
    assert queue.ask_to_stop(queued).state == STOPPED
    asked = queue.ask_to_stop(running)
    assert (asked.state, asked.stopping) == (RUNNING, True)


def test_only_what_has_ended_can_be_removed_and_only_what_did_not_succeed_is_tried_again(
    queue: Queue,
) -> None:
    number = queue.submit(ask())
    with pytest.raises(JobError, match="must have ended to be removed, but is queued"):
        queue.remove([number])
    queue.end(begin(queue, number), FINISHED, code=0)
    with pytest.raises(JobError, match="must have ended without success"):
        queue.retry(number)
    queue.remove([number])
    assert queue.entries() == []
    assert queue.submit(ask()) == number + 1  # a number is never given twice


def test_racers_take_each_job_once(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    with queue.changing():
        for _ in range(100):
            queue.submit(ask())
    taken: list[int] = []

    def race() -> None:
        mine = Queue(tmp_path)
        for entry in list(mine.upcoming()):
            if mine.start(entry, ()) is not None:
                taken.append(entry.number)

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(taken) == list(range(1, 101))


@pytest.mark.parametrize(
    ("kind", "journal"), [("ext4", "wal"), ("nfs4", "delete"), ("lustre", "delete"), ("", "delete")]
)
def test_on_a_disk_that_others_may_mount_no_log_is_kept_beside_the_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, journal: str
) -> None:
    """All who use such a log must be on one machine."""
    monkeypatch.setattr(store, "find_disk_kind", lambda folder: kind)
    queue, other = Queue(tmp_path), Queue(tmp_path)
    assert queue._base.execute("PRAGMA journal_mode").fetchone()[0] == journal
    other.end(begin(other, queue.submit(ask())), FINISHED, code=0)
    assert states(queue) == [FINISHED]
    assert (tmp_path / "queue.db-wal").exists() == (journal == "wal")


def test_a_queue_that_was_moved_to_a_shared_disk_does_without_a_log_and_its_server_keeps_to_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = ["ext4", "nfs4", "ext4"]
    monkeypatch.setattr(store, "find_disk_kind", lambda folder: kinds[0])
    for journal in ("wal", "delete", "delete"):
        queue = Queue(tmp_path)
        assert queue._base.execute("PRAGMA journal_mode").fetchone()[0] == journal
        queue.close()
        del kinds[0]


def test_the_kind_of_a_disk_is_what_the_system_calls_it() -> None:
    assert store.find_disk_kind(Path("/proc/self")) == "proc"
    assert store.find_disk_kind(Path("/not/there")) == ""


def test_a_queue_of_an_older_version_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        tables = store._TABLES.replace("    preemptions INTEGER NOT NULL DEFAULT 0,\n", "")
        older.setattr(store, "_TABLES", tables.replace("user_version = 2", "user_version = 1"))
        older.setattr(store, "_VERSION", 1)
        store.Store(tmp_path).close()
    queue = Queue(tmp_path)
    assert queue.find(queue.submit(ask())).preemptions == 0


def test_a_file_that_is_no_queue_is_named(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"not a database, but long enough to be looked at as one" * 20)
    with pytest.raises(JobError, match=r"queue\.db: must be a queue, but is damaged"):
        Queue(tmp_path)

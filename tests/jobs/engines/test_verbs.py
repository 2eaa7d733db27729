"""Verbs that launch, as they are typed, on every engine: what comes out is what one command alone writes."""

from pathlib import Path

import pytest

from tests.conversion.folders import put
from tests.drawing import square
from tests.jobs.engines.test_engines import ENGINES, all_ended, work
from workbench.cli import main
from workbench.errors import OK
from workbench.jobs.job import FINISHED
from workbench.jobs.queue import Queue


@pytest.fixture(params=ENGINES)
def typed(request: pytest.FixtureRequest, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What says where the jobs run; the tests themselves are the daemon."""
    monkeypatch.setenv("WORKBENCH_HOME", str(queue.home))
    monkeypatch.setattr("workbench.jobs.waking.wake", lambda home: None)
    name = str(request.param)
    found = {} if name == "local" else request.getfixturevalue(f"on_{name}")
    options = [f"{key}={value}" for key, value in found.items()] if name == "ray" else []
    return ["--on", name, *(word for option in options for word in ("--ray", option))]


def test_a_conversion_in_shards_writes_what_one_command_writes(
    typed: list[str], queue: Queue, tmp_path: Path
) -> None:
    for number in range(12):
        put(tmp_path / "labels", f"{number}", square("ab"[number % 2], 5 + number, 8, 20))
    assert main(["convert", str(tmp_path / "labels"), "--out", str(tmp_path / "one" / "all.json")]) == OK
    many = tmp_path / "many" / "all.json"
    words = ["convert", str(tmp_path / "labels"), "--out", str(many), "--shards", "3", *typed]
    assert main(words) == OK
    work(queue, lambda: all_ended(queue))
    assert {(entry.state, entry.job.engine) for entry in queue.entries()} == {(FINISHED, typed[1])}
    for name in ("all.json", "all.ledger.jsonl"):
        assert (many.parent / name).read_bytes() == (tmp_path / "one" / name).read_bytes()

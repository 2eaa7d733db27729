"""workbench jobs: the list, one job, what it said, stopping, trying again, forgetting."""

import json
import select
import subprocess
import sys
import time

import pytest

from workbench.cli import main
from workbench.errors import NO_INPUT, OK, USAGE
from workbench.jobs.job import FINISHED, Job
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, write_room


@pytest.fixture
def queue(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        "workbench.jobs.waking.wake", lambda home: None
    )  # nothing is started unless a test wants it
    queue = Queue(tmp_path / "home")
    write_room(queue.home, Room(cores=1))
    return queue


def ask(queue, script="", **more):
    return queue.submit(Job(command=(sys.executable, "-S", "-c", script), place="/", name="a job", **more))


def shown(capsys, *typed, code=OK):
    assert main(["jobs", *typed]) == code
    return capsys.readouterr()


def test_without_jobs_it_says_how_to_make_some(queue, capsys):
    assert shown(capsys).out == "no jobs; workbench launch PROJECT makes some\n"


def test_the_list_has_a_line_for_each_job_and_counts_them(queue, capsys):
    ask(queue, after=(ask(queue),))
    lines = shown(capsys).out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["job", "state"], ["1", "queued"], ["2", "waiting"]]
    assert lines[2].endswith("after 1")
    assert lines[-1] == "1 queued, 1 waiting"


def test_json_has_everything(queue, capsys):
    ask(queue, priority=3)
    (found,) = json.loads(shown(capsys, "--json").out)["jobs"]
    assert (found["job"], found["state"], found["priority"], found["tries"]) == (1, "queued", 3, 0)
    assert json.loads(shown(capsys, "show", "1", "--json").out) == found


def test_stop_ends_what_has_not_begun_and_retry_brings_it_back(queue, capsys):
    ask(queue, after=(ask(queue),))
    assert shown(capsys, "stop", "1").err == "job 1: stopped\n"
    assert [entry.state for entry in queue.entries()] == ["stopped", "skipped"]
    shown(capsys, "retry", "1")
    assert [entry.state for entry in queue.entries()] == ["queued", "waiting"]


def test_stopping_all_stops_those_that_wait_as_well(queue, capsys):
    ask(queue, after=(ask(queue),))
    shown(capsys, "stop", "--all")
    assert [entry.state for entry in queue.entries()] == ["stopped", "stopped"]


def test_logs_are_followed_to_the_end(queue, capsys):
    from workbench.jobs.daemon import Daemon

    number = ask(queue, "print('first'); import time; time.sleep(0.3); print('second')")
    daemon = Daemon(queue=queue)
    while queue.has_open():
        daemon.turn()
        time.sleep(0.02)
    assert shown(capsys, "logs", str(number), "-f").out == "first\nsecond\n"
    assert queue.find(number).state == FINISHED


def test_what_ended_is_forgotten_with_its_log(queue, capsys):
    number = ask(queue)
    queue.ask_to_stop(number)
    queue.folder(number).path.mkdir(parents=True)
    assert shown(capsys, "clean", "--all").err == "1 jobs forgotten\n"
    assert queue.entries() == []
    assert not queue.folder(number).path.exists()


def test_what_is_open_is_not_forgotten(queue, capsys):
    ask(queue)
    assert "must have ended to be removed, but is queued" in shown(capsys, "clean", "1", code=75).err


def test_an_unknown_job_and_no_job_are_told_apart(queue, capsys):
    assert "job 9: must be in the queue" in shown(capsys, "show", "9", code=NO_INPUT).err
    assert "must be given a job" in shown(capsys, "show", code=USAGE).err


@pytest.mark.parametrize("number", ["9" * 20, "-1"])
def test_a_number_that_no_job_can_have_is_no_job(queue, capsys, number):
    assert (
        f"job {number}: must be in the queue, but is not"
        in shown(capsys, "show", "--", number, code=NO_INPUT).err
    )


def test_room_is_set_and_shown(queue, capsys):
    assert shown(capsys, "room", "--cores", "3", "--gpus", "0,2").out == "cores 3, GPUs 0, 2\n"
    assert shown(capsys, "room", "--gpus", "none").out == "cores 3, GPUs none\n"
    assert "--gpus a: must be numbers" in shown(capsys, "room", "--gpus", "a", code=USAGE).err
    assert "must be 1 or more" in shown(capsys, "room", "--cores", "0", code=USAGE).err


def test_a_hostile_name_does_not_reach_the_terminal(queue, capsys):
    queue.submit(Job(command=("true",), place="/", name="\x1b[31mred"))
    assert "\x1b" not in shown(capsys).out


def test_every_act_has_a_document(queue, capsys):
    number = ask(queue)
    stopped = json.loads(shown(capsys, "stop", "--all", "--json").out)["jobs"]
    assert [(one["job"], one["state"], one["stopping"]) for one in stopped] == [(number, "stopped", False)]
    assert [one["state"] for one in json.loads(shown(capsys, "retry", "1", "--json").out)["jobs"]] == [
        "queued"
    ]
    folder = queue.folder(number)
    folder.path.mkdir(parents=True)
    folder.log.write_text("one\rtwo\n")
    found = json.loads(shown(capsys, "logs", "1", "--json").out)
    assert (found["job"], found["said"], found["log"]) == (1, "one\rtwo\n", str(folder.log))
    shown(capsys, "stop", "1")
    assert json.loads(shown(capsys, "clean", "--all", "--json").out) == {"forgotten": [1]}


def test_a_log_is_followed_through_a_pipe_line_by_line_and_no_letter_is_torn(queue):
    number = ask(queue)
    log = queue.folder(number).log
    log.parent.mkdir(parents=True)
    log.write_bytes("step 1\nlö".encode()[:-1])
    script = "import workbench.jobs.waking as w; w.wake = lambda home: None; from workbench.cli import main; import sys"
    words = [
        sys.executable,
        "-c",
        f"{script}; sys.exit(main(sys.argv[1:]))",
        "jobs",
        "logs",
        str(number),
        "-f",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as follower:
        try:
            assert select.select([follower.stdout], [], [], 20)[0]  # something comes though the job goes on
            first = follower.stdout.readline()
            with log.open("ab") as stream:
                stream.write("öss\r50 %\r100 %".encode()[1:])
        finally:
            queue.ask_to_stop(number)
        rest = follower.stdout.read().decode()
    assert (first, rest) == (b"step 1\n", "löss\n50 %\n100 %\n")

"""C1: many who want one run folder; and nobody who hears what they say."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")


from tests.durability.tiny import typed
from workbench.errors import BUSY, OK

RACERS = 8


@pytest.mark.slow
def test_c01_one_of_eight_racers_for_a_run_folder_trains_and_the_others_say_who_does(plain):
    run = plain.copy(0)
    processes = [
        plain.server.start(*plain.words(run), log=plain.home / f"racer-{number}.log")
        for number in range(RACERS)
    ]
    require_one_winner(plain, processes, "racer")
    assert plain.judge(run, OK, "raced") == []


@pytest.mark.slow
def test_c01_one_of_eight_that_begin_a_run_by_its_name_trains_though_the_last_owner_died(plain):
    run = plain.project / "runs" / "run"
    run.mkdir(parents=True)
    (run / "lock").write_text("process 1 on a machine that is gone\n")
    keys = [word for pair in typed("mask_rcnn_nano", workers=0).items() for word in pair]
    words = ("train", plain.project, *keys, "--run", run.name)
    processes = [
        plain.server.start(*words, log=plain.home / f"beginner-{number}.log") for number in range(RACERS)
    ]
    require_one_winner(plain, processes, "beginner")
    assert plain.judge(run, OK, "begun") == []


def require_one_winner(plain, processes, name):
    """One trains; the others end at once, and say who does."""
    ends = [plain.server.wait(process) for process in processes]
    codes = [end.code for end in ends]
    assert sorted(codes) == [OK, *[BUSY] * (RACERS - 1)]
    winner = processes[codes.index(OK)]
    for number, end in enumerate(ends):
        if end.code == BUSY:
            assert f"but process {winner} on " in (plain.home / f"{name}-{number}.log").read_text()
            assert end.processor < 1  # the clock would measure the other racers, too


@pytest.mark.slow
def test_d09_a_training_whose_words_find_no_room_goes_on_without_them(plain):
    """The log of a job lies on another disk than the run: that it is full is no reason to end."""
    run = plain.copy(0)
    job = {"WORKBENCH_JOB": "/gone#1"}  # whose output is no more than a log
    end = plain.server.run(*plain.words(run), log=Path("/dev/full"), environment=job)
    assert plain.judge(run, end.code, "unheard") == []

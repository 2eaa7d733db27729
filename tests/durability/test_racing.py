"""C1: many who want one run folder."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")


from workbench.errors import BUSY, OK

RACERS = 8


@pytest.mark.slow
def test_c01_one_of_eight_racers_for_a_run_folder_trains_and_the_others_say_who_does(plain):
    run = plain.copy(0)
    processes = [
        plain.server.start(*plain.words(run), log=plain.home / f"racer-{number}.log")
        for number in range(RACERS)
    ]
    ends = [plain.server.wait(process) for process in processes]
    codes = [end.code for end in ends]
    assert sorted(codes) == [OK, *[BUSY] * (RACERS - 1)]
    winner = processes[codes.index(OK)]
    for number, end in enumerate(ends):
        if end.code == BUSY:
            assert f"but process {winner} on " in (plain.home / f"racer-{number}.log").read_text()
            assert end.processor < 1  # the clock would measure the other racers, too
    assert plain.judge(run, OK, "raced") == []

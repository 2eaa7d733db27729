"""When scores and checkpoints are due, what the best is, and when enough is enough."""

from types import SimpleNamespace

import pytest

pytest.importorskip("detectron2")

from workbench.engine.training.duties import Duties
from workbench.engine.training.ranks import Ranks
from workbench.engine.training.saver import Saver
from workbench.errors import IO_FAILED, OutputError


class FullDisk:
    """Fails at these evaluations, counted from 1."""

    metric = "mask.AP"

    def __init__(self, *failing):
        self.failing, self.turn = failing, 0

    def judge(self, state):
        self.turn += 1
        if self.turn in self.failing:
            raise OutputError("predictions: cannot be written: the disk is full", IO_FAILED)
        return {"mask.AP": self.turn / 10}

    def keep(self, state):
        pass


class Judge:
    """Gives the scores of a list, one after the other."""

    metric = "mask.AP"

    def __init__(self, *values):
        self.values, self.kept = list(values), []

    def judge(self, state):
        return {"mask.AP": self.values.pop(0)}

    def keep(self, state):
        self.kept.append(state.step)


def walk(judge, steps=6, tmp_path=None, **more):
    """Take the steps of a run, and return it with what was saved and told."""
    state = SimpleNamespace(
        step=0,
        evaluated=0,
        best=None,
        since_best=0,
        enough=False,
        quarantined=[],
        to_content=lambda: state.step,
    )
    saved, told = [], []

    def save(step, content):
        saved.append(step)
        return ""

    saver = Saver(folder=tmp_path / "checkpoints", keep=9) if tmp_path else SimpleNamespace(save=save)
    usual = {"evaluate_every": 2, "checkpoint_every": 3, "patience": 0}
    duties = Duties(
        state=state,
        saver=saver,
        steps=steps,
        judge=judge,
        ranks=Ranks(),
        record=lambda step, kind, values: told.append((step, values["mask.AP"])),
        warn=told.append,
        **usual | more,
    )
    while True:
        duties()
        duties()  # asked twice, nothing is done twice
        if state.step >= steps or state.enough:
            return state, saved, told
        state.step += 1


def test_scores_come_every_so_many_steps_and_at_the_end_and_so_do_checkpoints():
    _, saved, told = walk(Judge(0.1, 0.2, 0.3, 0.4), steps=7)
    assert [step for step, _ in told] == [2, 4, 6, 7]
    assert saved == [3, 6, 7]


def test_the_best_is_the_first_of_the_highest():
    judge = Judge(0.1, 0.3, 0.3)
    state, _, _ = walk(judge)
    assert state.best == {"metric": "mask.AP", "value": 0.3, "step": 4}
    assert judge.kept == [2, 4]


def test_a_run_stops_early_when_nothing_got_better_for_long_enough():
    state, saved, _ = walk(Judge(0.3, 0.2, 0.1, 0.9), steps=20, patience=2)
    assert (state.step, state.enough) == (6, True)
    assert saved[-1] == 6


def test_a_score_that_is_unknown_is_not_the_best():
    judge = Judge(None, 0.0, None)
    walk(judge)
    assert judge.kept == [4]


def test_d09_an_evaluation_on_a_full_disk_costs_its_scores_and_the_third_in_a_row_the_run(tmp_path):
    # a checkpoint that can be saved in between begins the count anew
    state, _, told = walk(FullDisk(1, 2), tmp_path=tmp_path / "a", checkpoint_every=6)
    assert [line.partition(":")[0] for line in told[:2]] == ["no scores at step 2", "no scores at step 4"]
    assert (told[2:], state.best["step"]) == ([(6, 0.3)], 6)
    with pytest.raises(OutputError) as error:
        walk(FullDisk(1, 2, 3), tmp_path=tmp_path / "b", checkpoint_every=9)
    assert error.value.exit_code == IO_FAILED
    walk(FullDisk(1, 2, 3, 4), tmp_path=tmp_path / "c", steps=9, checkpoint_every=3)

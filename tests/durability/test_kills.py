"""D1: SIGKILL at random moments of real trainings; what comes out is to the byte what nobody disturbed."""

import os

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.durability.kills import kill_many
from tests.durability.tiny import KINDS

KILLS = int(os.environ.get("WORKBENCH_KILLS", "200"))
SHARES = 2  # of equal work, for two workers


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_d01_runs_that_are_killed_again_and_again_end_like_one_that_was_not(share, tmp_path):
    kills = -(-KILLS // SHARES)
    counts, wrong = kill_many(tmp_path, kills, seed=share, kinds=tuple(KINDS))
    assert not wrong, "\n".join(wrong)
    assert counts["kills"] == kills

"""D1: SIGKILL at random moments of real trainings; what comes out is to the byte what nobody disturbed."""

import os

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.durability.kills import kill_many
from tests.durability.tiny import KINDS

KILLS = int(os.environ.get("WORKBENCH_KILLS", "24"))
SHARES = 2  # of each kind, so that two workers have equal work


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("kind", KINDS)
def test_d01_a_run_that_is_killed_again_and_again_ends_like_one_that_was_not(kind, share, tmp_path):
    kills = -(-KILLS // (len(KINDS) * SHARES))
    counts, wrong = kill_many(tmp_path, kills, seed=share, kinds=(kind,))
    assert not wrong, "\n".join(wrong)
    assert counts["kills"] == kills

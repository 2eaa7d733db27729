"""D2: a real training dies at each moment of a save, and the end is that of one that did not."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.durability.crashes import crash_in_a_chain

KINDS = ("mask_rcnn_nano", "panoptic_nano")  # PointRend's is saved as the first is
LEAST = 12


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_d02_a_training_that_dies_at_every_moment_of_a_save_ends_like_one_that_did_not(
    kind, server, tmp_path
):
    """`python -m tests.durability.crashes` makes a run of its own for every moment of every save."""
    died, wrong = crash_in_a_chain(server, tmp_path, kind)
    assert not wrong, "\n".join(wrong)
    assert len(set(died)) >= LEAST
    assert died[0] == "opened" and died[-2:] == ["removed", "removed"]

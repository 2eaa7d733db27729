"""D12: images that go away or change under a running training are left out and counted."""

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.conversion.folders import paint
from tests.durability.trials import Trials, wait_for_step
from workbench.errors import OK


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_d12_an_image_that_vanishes_and_one_that_is_replaced_cost_no_more_than_themselves(
    workers, server, tmp_path
):
    more = {"steps": 40, "evaluate_every": 40, "checkpoint_every": 10, "accumulate": 1, "patience": 0}
    trials = Trials("mask_rcnn_nano", tmp_path, server, (workers,), more=more)
    trials.begin()
    run, images = trials.copy(workers), tmp_path / "annotations" / "p"
    process = trials.start(run)
    assert wait_for_step(run, 2, process)
    (images / "0.png").unlink()
    paint((100, 80), 7).save(images / "1.png")
    (images / "7.png").unlink()  # of the part val
    end = server.wait(process)
    told, record = trials.told(run), json.loads((run / "run.json").read_bytes())
    assert (end.code, record["state"], record["step"]) == (OK, "finished", 40), told
    assert record["quarantined"] == ["0.png", "1.png"]
    assert "0.png is left out from here on" in told and "must be there" in told
    assert "1.png is left out from here on" in told and "was changed" in told
    assert "left out of the training (2): 0.png, 1.png" in told
    scores = json.loads((run / "scores" / "val.json").read_bytes())
    assert any("nothing was found in 7.png" in note for note in scores["notes"])
    assert "Traceback" not in told

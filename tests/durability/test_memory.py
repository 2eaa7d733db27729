"""D8: memory that runs out ends a real training in words that say what to lower."""

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from workbench.errors import OUT_OF_MEMORY

MB = 1 << 20


@pytest.mark.slow
@pytest.mark.parametrize("room", [4, 24])
def test_d08_a_limit_on_memory_is_a_state_of_its_own_with_a_hint(room, plain):
    run = plain.copy(0)
    end = plain.go_on(run, room=room * MB)
    told = plain.told(run)
    record = json.loads((run / "run.json").read_bytes())
    assert (end.code, record["state"]) == (OUT_OF_MEMORY, "oom"), told
    assert "must fit into memory" in told and "train.batch" in told and "Traceback" not in told
    assert record["reason"] in told
    end = plain.go_on(run)
    assert plain.judge(run, end.code, "memory") == []

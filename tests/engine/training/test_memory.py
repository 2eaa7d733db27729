"""The many words for memory that ran out."""

import errno

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("detectron2")

from detectron2.config import get_cfg  # noqa: E402

from workbench.engine.training.course import Course  # noqa: E402
from workbench.engine.training.memory import (  # noqa: E402
    ExplainingMemory,
    OutOfMemory,
    is_out_of_memory,
)
from workbench.errors import OUT_OF_MEMORY  # noqa: E402
from workbench.settings import Settings  # noqa: E402

CUDA = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79.10 GiB"
CPU = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1500000 bytes. Error code 12"


def make_course():
    empty = dict.fromkeys(("extend", "things", "stuff", "changes"), ())
    return Course(
        **empty,
        **dict.fromkeys(("project", "task", "model", "dataset", "fingerprint"), ""),
        settings=Settings(),
        typed={},
        cfg=get_cfg(),
        world=1,
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError(CUDA), "2.50 GiB more could not be had"),
        (RuntimeError(CPU), "1.5 MB more could not be had"),
        (MemoryError("Unable to allocate 844. KiB for an array"), "844 KiB more could not be had"),
        (MemoryError(), "there was no more of it"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "there was no more of it"),
        (RuntimeError("a data worker failed:\nMemoryError"), "there was no more of it"),
    ],
)
def test_d08_each_way_of_saying_it_becomes_one_with_an_exit_code_and_advice(error, said):
    with pytest.raises(OutOfMemory) as told, ExplainingMemory(lambda: "step 7", make_course()):
        raise error
    assert str(told.value).startswith(f"step 7: must fit into memory, but {said}; a batch of 16 went through")
    assert "raise train.accumulate, or lower train.batch" in str(told.value)
    assert told.value.exit_code == OUT_OF_MEMORY


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("expected all tensors on one device"),
        RuntimeError("could not create a primitive"),  # with memory to go it is another fault
        OSError(errno.ENOSPC, "No space left on device"),
        ValueError("MemoryError"),
    ],
)
def test_other_errors_stay_what_they_are(error):
    assert not is_out_of_memory(error)
    with pytest.raises(type(error)), ExplainingMemory(lambda: "step 7", make_course()):
        raise error

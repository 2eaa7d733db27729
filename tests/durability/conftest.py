"""What the tests of this folder share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.durability.server import Server
    from tests.durability.trials import Trials


@pytest.fixture(scope="session")
def server() -> Iterator["Server"]:
    """One warm process for all of them: importing torch and Detectron2 takes longer than a tiny training."""
    pytest.importorskip("torch")
    pytest.importorskip("detectron2")
    from tests.durability.server import Server

    warm = Server()
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def plain(server: "Server", tmp_path_factory: pytest.TempPathFactory) -> "Trials":
    """The tiny training, with the end that it comes to when nobody disturbs it."""
    from tests.durability.trials import Trials

    trials = Trials("mask_rcnn_nano", tmp_path_factory.mktemp("plain") / "mask_rcnn_nano", server)
    trials.prepare()
    return trials

"""What the tests of this folder share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def server() -> Iterator["Server"]:  # noqa: F821
    """One warm process for all of them: importing torch and Detectron2 takes longer than a tiny training."""
    pytest.importorskip("torch")
    pytest.importorskip("detectron2")
    from tests.durability.server import Server

    warm = Server()
    yield warm
    warm.close()

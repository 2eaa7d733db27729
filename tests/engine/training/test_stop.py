"""Being told to stop."""

import os
import signal

import pytest

pytest.importorskip("detectron2")

from workbench.engine.training.stop import Stopped, listening
from workbench.errors import INTERRUPTED, TERMINATED


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, TERMINATED), (signal.SIGUSR2, TERMINATED), (signal.SIGINT, INTERRUPTED)],
)
def test_a_signal_asks_and_is_answered_where_it_can_be(number, code):
    with listening() as stop:
        os.kill(os.getpid(), number)
        with pytest.raises(Stopped) as stopped:
            stop.check()
    assert stopped.value.exit_code == code


def test_a_second_ctrl_c_ends_it_at_once():
    with listening() as stop, pytest.raises(KeyboardInterrupt):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
    assert stop.asked == signal.SIGINT


def test_the_former_handlers_come_back():
    before = signal.getsignal(signal.SIGTERM)
    with listening():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before

"""Work on all cores: in order, and left off halfway without a word."""

import threading
import time
from concurrent.futures import process

from workbench.parallel import map_in_order


def double_slowly(number: int) -> int:
    time.sleep(0.02)
    return number * 2


def test_results_come_in_the_order_of_the_items_whoever_is_done_first():
    assert list(map_in_order(double_slowly, range(20), chunk=3, workers=4, small=0)) == list(range(0, 40, 2))


def test_work_that_is_left_off_may_be_collected_as_garbage_in_the_thread_of_its_own_pool(monkeypatch):
    """A thread cannot wait for itself: that was printed below the one line that says why a dataset is not written."""
    results = map_in_order(double_slowly, range(20), chunk=1, workers=2, small=0)
    begun, closed, raised = threading.Event(), threading.Event(), []
    receive = process._ExecutorManagerThread.process_result_item

    def receive_and_collect(self, item):
        receive(self, item)
        if begun.is_set() and not closed.is_set():
            try:
                results.close()
            except RuntimeError as error:
                raised.append(error)
            closed.set()

    monkeypatch.setattr(process._ExecutorManagerThread, "process_result_item", receive_and_collect)
    assert next(results) == 0
    begun.set()
    assert closed.wait(20)
    assert not raised

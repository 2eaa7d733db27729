"""Several threads give what one gives."""

import time

import pytest

from workbench.evaluation import threads
from workbench.evaluation.threads import beside, map_in_threads


@pytest.fixture(params=[1, 3])
def cores(monkeypatch, request):
    monkeypatch.setattr(threads, "count_threads", lambda: request.param)
    return request.param


def test_results_come_in_the_order_of_the_items(cores):
    def wait(item):
        time.sleep(0.02 / item)
        return item * item

    assert map_in_threads(wait, [1, 2, 3, 4]) == [1, 4, 9, 16]
    assert map_in_threads(wait, iter([])) == []


def test_a_mistake_in_one_of_them_is_raised(cores):
    with pytest.raises(ZeroDivisionError):
        map_in_threads(lambda item: 1 // item, [2, 1, 0, 3])


def test_what_is_done_beside_is_there_when_it_is_asked_for(cores):
    done = []
    with beside(lambda: done.append(1) or "result") as wait:
        assert wait() == "result"
    assert done == [1]


def test_a_mistake_beside_is_raised_where_the_result_is_asked_for(cores):
    with beside(lambda: 1 // 0) as wait, pytest.raises(ZeroDivisionError):
        wait()


def test_a_mistake_in_front_is_not_hidden_by_one_beside(cores):
    with pytest.raises(KeyError), beside(lambda: 1 // 0):
        raise KeyError

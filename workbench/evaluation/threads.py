"""Work that leaves Python alone (numpy, compiled code) on several cores, in one memory."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from workbench.parallel import available_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 4  # more would wait for each other: between two calls of numpy each needs Python itself


def count_threads() -> int:
    """Say how many are worth it here."""
    return min(MOST, available_cores())


def map_in_threads(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return what the function makes of each item, in order; the first mistake is raised."""
    several = list(items)
    if count_threads() < 2 or len(several) < 2:
        return [function(item) for item in several]
    with ThreadPoolExecutor(count_threads()) as pool:
        return list(pool.map(function, several))


@contextmanager
def beside(function: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Begin with it, and yield what waits for its result; with one core it waits until it is asked for."""
    if count_threads() < 2:
        yield function
        return
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(function).result

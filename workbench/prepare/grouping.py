"""What must stay in one part: pictures of one scene, told by name, capture time, bytes and look."""

import re
from calendar import timegm
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from workbench.data.survey import Survey
from workbench.prepare.duplicates import find_near, says_something
from workbench.prepare.union import Union
from workbench.project import SplitSettings

Why = Literal["name", "bytes", "time", "look"]
WHY: tuple[Why, ...] = ("bytes", "name", "time", "look")  # facts first, then guesses
FACTS: frozenset[Why] = frozenset({"bytes", "name"})
DAY = 86400

# 20181228_102636, IMG-2018-12-28-10-26-36, 2018-12-28 at 10.26.36, PXL_20181228_102636123
_TIME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?:[-_. T]|_at_| at )?"
    r"([01]\d|2[0-3])[-_.h:]?([0-5]\d)[-_.m:]?([0-5]\d)(?:\d{3})?(?!\d)"
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Link:
    """Two images that must not be in different parts, and why."""

    first: str
    second: str
    why: Why


def image_key(survey: Survey) -> str:
    """Return the name that a split knows an image by; one that is only inside its json goes by the json's name."""
    return survey.image or survey.annotation


def find_links(surveys: Sequence[Survey], settings: SplitSettings) -> tuple[Link, ...]:
    """Chain together what belongs together; the order of the surveys does not matter."""
    ordered = sorted({image_key(survey): survey for survey in sorted(surveys, key=_by_annotation)}.items())
    found: dict[Why, Iterator[tuple[str, str]]] = {
        "bytes": _same(_digests(ordered)),
        "name": _same(_name_groups(ordered, settings.group)),
        "time": _close_in_time(ordered, settings.seconds),
        "look": _alike(ordered, settings.hash_distance),
    }
    return tuple(Link(first=first, second=second, why=why) for why in WHY for first, second in found[why])


def join_groups(paths: Iterable[str], links: Iterable[Link]) -> list[tuple[str, ...]]:
    """Return the groups, sorted, each sorted; an image that nothing links is a group of one."""
    union = Union(sorted(paths))
    for link in links:
        union.join(link.first, link.second)
    return union.groups()


def name_time(path: str) -> float | None:
    """Read the capture time that phones and cameras put into file names, to be compared with its like only."""
    match = _TIME.search(path.rsplit("/", 1)[-1])
    try:
        return float(timegm((*map(int, match.groups()),))) if match else None
    except ValueError:  # the 31st of a month of 30 days
        return None


Named = Sequence[tuple[str, Survey]]


def _by_annotation(survey: Survey) -> str:
    return survey.annotation


def _digests(surveys: Named) -> Iterator[tuple[str, str]]:
    return ((path, survey.facts.digest) for path, survey in surveys if survey.facts and survey.facts.digest)


def _name_groups(surveys: Named, pattern: str) -> Iterator[tuple[str, str]]:
    if not pattern:
        return
    search = re.compile(pattern).search
    for path, _ in surveys:
        match = search(path)
        if match and match[1] is not None:
            yield path, match[1]


def _same(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    last: dict[str, str] = {}
    for path, value in named:
        if value in last:
            yield last[value], path
        last[value] = path


def _close_in_time(surveys: Named, seconds: float) -> Iterator[tuple[str, str]]:
    """EXIF is compared with EXIF and names with names: the two clocks may differ by a time zone."""
    exif = {
        path: survey.facts.taken
        for path, survey in surveys
        if survey.facts and survey.facts.taken is not None
    }
    names = {path: time for path, _ in surveys if (time := name_time(path)) is not None}
    yield from _close(exif, seconds)
    yield from _close(names, seconds)


def _close(times: Mapping[str, float], seconds: float) -> Iterator[tuple[str, str]]:
    # Exactly midnight is a date without a time, or a camera whose clock was never set.
    known = sorted((time, path) for path, time in times.items() if time % DAY)
    for (before, first), (after, second) in pairwise(known):
        if after - before <= seconds:
            yield first, second


def _alike(surveys: Named, distance: int) -> Iterator[tuple[str, str]]:
    looks = ((path, survey.facts.look) for path, survey in surveys if survey.facts)
    telling = [(path, look) for path, look in looks if look is not None and says_something(look)]
    for first, second in find_near([look for _, look in telling], distance):
        yield telling[first][0], telling[second][0]

"""What makes a split tell too good a story: torn groups, one group that holds nearly all, images that moved."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from workbench.data.finding import Finding
from workbench.prepare.grouping import FACTS, WHY, Link, Why
from workbench.project import SplitSettings

SETTINGS_FILE = "project.toml"
_WORDS: dict[Why, str] = {
    "bytes": "the same bytes",
    "name": "the same split.group",
    "time": "taken together",
    "look": "it looks the same",
}
_MENDS: dict[Why, str] = {
    "name": "make the pattern split.group take more of the name",
    "bytes": "delete the copies",
    "time": "lower split.seconds (now {seconds:g})",
    "look": "lower split.hash_distance (now {distance})",
}


def find_moves(listed: Mapping[str, str], frozen: Mapping[str, str]) -> Iterator[Finding]:
    """Say which images a list takes out of the part that they had."""
    for path, part in listed.items():
        if path in frozen and frozen[path] != part:
            message = f"must stay in {frozen[path]}, but a list puts it in {part}; old scores do not compare"
            yield Finding(path=path, where="", rule="split-moved", level="warning", message=message)


def find_leaks(
    groups: Iterable[Sequence[str]],
    links: Iterable[Link],
    parts: Mapping[str, str],
    reasons: Mapping[str, str],
) -> Iterator[Finding]:
    """Report every torn fact as an error; a group torn only by guesses once, as a warning."""
    home = {path: group[0] for group in groups for path in group}
    reported: set[str] = set()
    for link in sorted(links, key=lambda link: (WHY.index(link.why), link)):
        if parts[link.first] == parts[link.second]:
            continue
        if link.why in FACTS or home[link.first] not in reported:
            reported.add(home[link.first])
            yield _leak(link, parts, reasons)


def _leak(link: Link, parts: Mapping[str, str], reasons: Mapping[str, str]) -> Finding:
    held, other = sorted((link.first, link.second), key=lambda path: (parts[path] == "train", path))
    message = (
        f"must be in one part with {other} ({_WORDS[link.why]}), but is in {parts[held]}, "
        f"that in {parts[other]}; {_how_to_mend({reasons[held], reasons[other]})}"
    )
    if link.why in FACTS:
        return Finding(path=held, where="", rule="split-leak", level="error", message=message)
    return Finding(path=held, where="", rule="split-leak", level="warning", message=message)


def _how_to_mend(reasons: set[str]) -> str:
    if "listed" in reasons:
        return "put both in one list"
    return "scores are too good by this: give both the same part in split.json, or delete one"


def find_giant(
    groups: Sequence[Sequence[str]], links: Iterable[Link], settings: SplitSettings
) -> Iterator[Finding]:
    """Neighbours of neighbours can chain a whole set into one group, which no split can part."""
    total = sum(map(len, groups))
    biggest = max(groups, key=len, default=())
    if len(biggest) < 3 or 2 * len(biggest) <= total:
        return
    inside = set(biggest)
    counts = Counter(link.why for link in links if link.first in inside)
    why = max(WHY, key=lambda why: counts[why])
    mend = _MENDS[why].format(seconds=settings.seconds, distance=settings.hash_distance)
    message = (
        f"the largest group must hold at most half of the images, but holds {len(biggest)} of {total}, "
        f"chained mostly by {why}; {mend}, or choose val yourself with split.lists"
    )
    yield Finding(path=SETTINGS_FILE, where="split", rule="split-one-group", level="warning", message=message)

"""Which part (train, val, test) each image is in: leak-proof, stratified, and the same for ever."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.data.finding import Finding
from workbench.data.survey import Survey
from workbench.prepare.grouping import Link, Why, find_links, image_key, join_groups
from workbench.prepare.leaks import find_giant, find_leaks, find_moves
from workbench.prepare.listing import resolve_lists
from workbench.prepare.shares import find_gaps
from workbench.prepare.stratify import IMAGES, measure_load, share_out
from workbench.project import SplitSettings

_HELD_OUT_FIRST = ("test", "val", "train")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Images that belong together, and what links them; `part` is "" where a list or an old split tore them apart."""

    images: tuple[str, ...]
    part: str
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPlan:
    """`parts` is what convert follows; `reasons` says for each image why: listed, frozen, joined or shared."""

    parts: Mapping[str, str]
    reasons: Mapping[str, str]
    groups: tuple[Group, ...]
    findings: tuple[Finding, ...]


def assign_parts(
    surveys: Sequence[Survey],
    settings: SplitSettings,
    frozen: Mapping[str, str],
    lists: Mapping[str, Sequence[str]],
) -> SplitPlan:
    """Lists win, then the frozen split, then the part of the own group; new groups are shared out by class."""
    labels = collect_labels(surveys)
    listed = resolve_lists(surveys, lists, settings.lists)
    links = find_links(surveys, settings)
    groups = join_groups(labels, links)
    fixed = {path: part for path in sorted(labels) if (part := listed.get(path) or frozen.get(path))}
    reasons = {path: "listed" if path in listed else "frozen" for path in fixed}
    joined = _join_groups_part(groups, fixed)
    reasons |= dict.fromkeys(joined, "joined")
    shared = _share_new(groups, labels, fixed | joined, _open_shares(settings, lists))
    reasons |= dict.fromkeys(shared, "shared")
    parts = dict(sorted((fixed | joined | shared).items()))
    findings = [
        *find_moves(listed, frozen),
        *find_leaks(groups, links, parts, reasons),
        *find_giant(groups, links, settings),
        *find_gaps(labels, parts, groups, settings),
    ]
    return SplitPlan(
        parts=parts,
        reasons=dict(sorted(reasons.items())),
        groups=_describe(groups, links, parts),
        findings=tuple(sorted(findings)),
    )


def collect_labels(surveys: Iterable[Survey]) -> dict[str, Counter[str]]:
    """Count the shapes of each label on each image; two annotations of one image are added up."""
    labels: dict[str, Counter[str]] = {}
    for survey in surveys:
        labels.setdefault(image_key(survey), Counter()).update(dict(survey.labels))
    return dict(sorted(labels.items()))


def _join_groups_part(groups: Iterable[tuple[str, ...]], fixed: Mapping[str, str]) -> dict[str, str]:
    """A new image of a torn group is held out: training must not learn from a neighbour of what it is judged by."""
    joined: dict[str, str] = {}
    for group in groups:
        there = {fixed[path] for path in group if path in fixed}
        part = next((part for part in _HELD_OUT_FIRST if part in there), None)
        if part:
            joined |= {path: part for path in group if path not in fixed}
    return joined


def _open_shares(settings: SplitSettings, lists: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """A part that has a list takes only what the list brings; with a list for each, the rest is for training."""
    shares = {"train": 1 - settings.val - settings.test, "val": settings.val, "test": settings.test}
    wanted = {part: share for part, share in shares.items() if share > 0 and part not in lists}
    return wanted or {"train": 1.0}


def _share_new(
    groups: Iterable[tuple[str, ...]],
    labels: Mapping[str, Counter[str]],
    fixed: Mapping[str, str],
    shares: Mapping[str, float],
) -> dict[str, str]:
    loads = {group[0]: measure_load([labels[path] for path in group]) for group in groups}
    carriers = Counter(key for load in loads.values() for key in load if key != IMAGES)
    taken = {
        part: measure_load([labels[path] for path, its in fixed.items() if its == part])
        for part in sorted({*shares, *fixed.values()})
    }
    new = {group[0]: group for group in groups if group[0] not in fixed}
    chosen = share_out({name: loads[name] for name in new}, taken, shares, carriers)
    return {path: part for name, part in chosen.items() for path in new[name]}


def _describe(
    groups: Iterable[tuple[str, ...]], links: Iterable[Link], parts: Mapping[str, str]
) -> tuple[Group, ...]:
    why: dict[str, set[Why]] = {}
    for link in links:
        why.setdefault(link.first, set()).add(link.why)
    described = []
    for group in groups:
        there = {parts[path] for path in group}
        reasons = sorted(set().union(*(why.get(path, set()) for path in group)))
        described.append(Group(images=group, part=there.pop() if len(there) == 1 else "", why=tuple(reasons)))
    return tuple(described)

"""The sentence that leads the page: is the model good enough, and what is to be labelled next?

The levels are ours, and are said in docs/report.md. Objects are judged by F1 over all classes at the score
that serves best; segments by PQ, pixels by mIoU.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.report.blocks import Lead
from workbench.report.kinds import describe_kind
from workbench.report.material import Material
from workbench.report.table import read_measure, show_share

LEVELS: Mapping[str, tuple[float, float]] = {  # family -> good from, useful from
    "mask": (0.9, 0.7),
    "box": (0.9, 0.7),
    "panoptic": (0.7, 0.45),
    "semantic": (0.8, 0.55),
}
SAYINGS: Mapping[str, str] = {
    "good": "Good enough",
    "useful": "Useful, with a person who looks over it",
    "poor": "Not good enough yet",
    "unknown": "Not to be told",
}
WIDE = 0.1  # an interval that is wider than this says little
PERCENT = "\u00a0%"
FEW = 10  # truths of a class from which its numbers mean something


def write_lead(material: Material) -> Lead:
    """Judge, in two sentences and a doubt."""
    family, key = material.family
    value, finding = _find_level(material, family, key)
    level = _find_word(value, read_measure(material.scores, family, key).low, family)
    failed = [gate for gate in material.scores.get("gates") or () if not gate.get("passed")]
    if failed:
        level = "poor"
        finding = f"the gate {failed[0].get('gate')} does not hold; {finding}"
    steps = list(_find_steps(material))[:3]
    return Lead(
        level=level,
        saying=SAYINGS[level],
        finding=f"{finding[:1].upper()}{finding[1:]}.",
        next=f"{_join(steps)}." if steps else "more of every class, at random: nothing stands out.",
        doubt=_find_doubt(material, family, key),
    )


def _find_word(value: float | None, low: float | None, family: str) -> str:
    """Good, unless its interval reaches down to what is not even useful."""
    good, useful = LEVELS[family]
    if value is None:
        return "unknown"
    sure = family in ("mask", "box") or low is None or low >= useful
    return "good" if value >= good and sure else "useful" if value >= useful else "poor"


def _find_level(material: Material, family: str, key: str) -> tuple[float | None, str]:
    """The number that decides, and the finding in words."""
    if family == "semantic":
        return _judge_pixels(material)
    found, reported, truths = count_segments(material) if family == "panoptic" else count_objects(material)
    noun = "segments" if family == "panoptic" else "objects"
    value = read_measure(material.scores, family, key).value if family == "panoptic" else None
    if not truths:
        return None, "there is no truth to judge it by"
    if not reported:
        return 0.0, f"it reports nothing, and there are {truths:,} {noun}"
    recall, precision = found / truths, found / reported
    f1 = 2 * recall * precision / (recall + precision) if found else 0.0
    right = f"{100 * precision:.0f}{PERCENT} of what it reports is right"
    return value if value is not None else f1, f"it finds {found:,.0f} of {truths:,} {noun}, and {right}"


def _judge_pixels(material: Material) -> tuple[float | None, str]:
    value, accuracy = (read_measure(material.scores, "semantic", key).value for key in ("mIoU", "pACC"))
    if value is None or accuracy is None:
        return None, "there is no truth to judge it by"
    return value, (
        f"{100 * accuracy:.0f}{PERCENT} of all pixels are right, and classes overlap their truth by "
        f"{100 * value:.0f}{PERCENT}"
    )


def count_segments(material: Material) -> tuple[float, float, int]:
    """Segments found, reported and there."""
    rows = [row.get("panoptic") or {} for row in material.classes.values()]
    found, false, missed = (
        sum(int(row.get(key) or 0) for row in rows) for key in ("found", "false", "missed")
    )
    return found, found + false, found + missed


def count_objects(material: Material) -> tuple[float, float, int]:
    """Objects found, reported and there: with one score for all classes where there is one, else each at its best."""
    found = reported = 0.0
    truths = 0
    for row in material.classes.values():
        best = row.get("at") or row.get("best") or {}
        there = int(row.get("truths") or 0)
        right = there * float(best.get("recall") or 0.0)
        truths += there
        found += right
        reported += right / float(best["precision"]) if best.get("precision") else 0.0
    return found, reported, truths


def _find_steps(material: Material) -> Iterator[str]:
    """What to do, the most useful first: broken labels, then the costliest kind, then classes with too little."""
    suspects = list_suspects(material)
    if suspects:
        yield f"look at the {_count(len(suspects), 'label')} that seem wrong or missing (below)"
    kind, name = find_costliest(material)
    if kind:
        yield describe_kind(kind).do.format(name=name or "objects")
    elif material.family[0] in ("semantic", "panoptic"):
        yield from _find_weakest(material)
    for own, row in material.classes.items():
        if 0 < (row.get("truths") or 0) < FEW:
            yield f"add {own} to {material.part}, which has only {row['truths']}"
            return


def _find_weakest(material: Material) -> Iterator[str]:
    """The class with the lowest number."""
    family, key = material.family[0], material.class_key
    values = {name: (row.get(family) or {}).get(key) for name, row in material.classes.items()}
    there = {name: value for name, value in values.items() if value is not None}
    if there and min(there.values()) < LEVELS[family][0]:
        name = min(there, key=there.__getitem__)
        yield f"label more {name}, the weakest class ({key} {show_share(there[name])})"


def find_costliest(material: Material) -> tuple[str, str]:
    """The kind of mistake that costs most, and the class that it happens to most; empty where nothing is known."""
    kinds: Mapping[str, Any] = (material.scores.get("errors") or {}).get("kinds") or {}
    costs = {kind: float(row.get("cost") or 0.0) for kind, row in kinds.items() if row.get("count")}
    if not costs or max(costs.values()) <= 0:
        return "", ""
    kind = max(costs, key=costs.__getitem__)
    names = Counter(
        str(row.get("truth_category") or row.get("category") or "")
        for row in material.mistakes.get("mistakes") or ()
        if row.get("kind") == kind
    )
    return kind, names.most_common(1)[0][0] if names else ""


def list_suspects(material: Material) -> list[Mapping[str, Any]]:
    """Labels that seem wrong, the most suspicious first."""
    return list(material.mistakes.get("suspects") or ())


def _find_doubt(material: Material, family: str, key: str) -> str:
    one = read_measure(material.scores, family, key)
    images = material.scores.get("images") or 0
    if one.low is None or one.high is None or one.high - one.low < WIDE:
        return ""
    return (
        f"{_count(images, 'image')} say little: on others like these, {family} {key} may well lie anywhere between "
        f"{100 * one.low:.0f} and {100 * one.high:.0f}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _join(parts: list[str]) -> str:
    """First … ; then … ; then …"""
    return "; then ".join(parts)

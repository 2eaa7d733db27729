"""The sentence that leads the page: is the model good enough? And what to do next.

The levels are ours, and are said in docs/report.md. Objects are judged by F1 over all classes at the score
that serves best; segments by PQ, pixels by mIoU.
"""

from collections.abc import Mapping

from workbench.evaluation.advice import find_advice
from workbench.report.blocks import Lead
from workbench.report.material import Material
from workbench.report.table import read_measure

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
STEPS = 3
WIDE = 0.1  # an interval that is wider than this says little
PERCENT = "\u00a0%"


def write_lead(material: Material) -> Lead:
    """Judge, in two sentences and a doubt."""
    family, key = material.family
    value, finding = _find_level(material, family, key)
    level = _find_word(value, read_measure(material.scores, family, key).low, family)
    failed = [gate for gate in material.scores.get("gates") or () if not gate.get("passed")]
    if failed:
        level = "poor"
        finding = f"the gate {failed[0].get('gate')} does not hold; {finding}"
    steps = find_steps(material)
    return Lead(
        level=level,
        saying=SAYINGS[level],
        finding=f"{finding[:1].upper()}{finding[1:]}.",
        next=tuple(steps),
        doubt="" if any(map(_is_doubt, steps)) else _find_doubt(material, family, key),
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


def find_steps(material: Material) -> list[str]:
    """What to do next, as `workbench evaluate` says it; older scores have no word on it yet."""
    advice = material.scores.get("advice")
    if advice is None:
        scores = {"images": 0, **material.scores, "per_category": material.classes}
        advice = find_advice(scores, material.suspects)
    return [*map(str, advice)][:STEPS]


def _is_doubt(step: str) -> bool:
    """Whether a step says already that there are too few images."""
    return step.startswith("Judge on more images")

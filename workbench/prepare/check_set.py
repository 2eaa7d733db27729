"""The rules across a whole set: images seen twice, classes too rare, names too alike, what has no counterpart."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.data.survey import Survey
from workbench.prepare.grouping import find_links
from workbench.project import SplitSettings

FEW = 10
_ALIKE = 0.85
_MOST_LABELS = 400  # pairs of more would take longer than the files themselves
_DUPLICATES = {
    "bytes": ("duplicate-image", "the image must be there once, but equals {other} byte for byte; drop one"),
    "look": (
        "near-duplicate",
        "the image should show something new, but looks like {other}; drop it if it adds nothing",
    ),
}


def check_set(
    surveys: Sequence[Survey],
    *,
    known_labels: Sequence[str] | None = None,
    images: Iterable[str] = (),
    parts: Mapping[str, str] | None = None,
    settings: SplitSettings | None = None,
) -> list[Finding]:
    """Return the findings that no single file shows.

    `images` are all pictures of the folder; pairs that `parts` tears apart are left to the rule split-leak.
    """
    everything = {*images, *(survey.image for survey in surveys if survey.image)}
    return [
        *_find_second_annotations(surveys),
        *_find_equal_stems(everything),
        *_find_duplicates(surveys, settings or SplitSettings(), parts or {}),
        *_check_classes(count_labels(surveys), known_labels),
        *_find_empty(surveys),
        *_find_unannotated(surveys, images),
    ]


def count_labels(surveys: Iterable[Survey]) -> Counter[str]:
    """Count the shapes of each class."""
    counts: Counter[str] = Counter()
    for survey in surveys:
        counts.update(dict(survey.labels))
    return counts


def _find_second_annotations(surveys: Iterable[Survey]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for survey in surveys:
        if survey.image and first.setdefault(survey.image, survey.annotation) != survey.annotation:
            message = f"one image must have one annotation, but {first[survey.image]} has it too; merge them"
            yield find(survey.annotation, "imagePath", "two-annotations", message)


def _find_equal_stems(images: Iterable[str]) -> Iterator[Finding]:
    stems: defaultdict[str, list[str]] = defaultdict(list)
    for image in sorted(images):
        stems[image.rpartition(".")[0].casefold()].append(image)
    for first, *others in stems.values():
        for image in others:
            message = f"the name must differ by more than its ending or capitals from {first}, but does not; rename one"
            yield find(image, "", "equal-stems", message)


def _find_duplicates(
    surveys: Sequence[Survey], settings: SplitSettings, parts: Mapping[str, str]
) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for link in find_links(surveys, settings):
        pair = (link.first, link.second)
        torn = parts.get(link.first) != parts.get(link.second)
        if link.why in _DUPLICATES and pair not in told and not torn:
            told.add(pair)
            rule, message = _DUPLICATES[link.why]
            yield find(link.second, "", rule, message.format(other=link.first))


def _check_classes(counts: Counter[str], known: Sequence[str] | None) -> Iterator[Finding]:
    classes = known if known is not None else sorted(counts)
    for name in classes:
        where = f'class "{name}"'
        if not counts[name]:
            yield find(
                ".",
                where,
                "unused-class",
                "a class should have instances, but has none; label some or drop it",
            )
        elif counts[name] < FEW:
            message = f"a class should have {FEW} instances or more, but has {counts[name]}; label more of it"
            yield find(".", where, "few-instances", message)
    if known is None:
        yield from _find_similar(counts)


def _find_similar(counts: Counter[str]) -> Iterator[Finding]:
    """Without a list of classes, a typing mistake is a class of its own: tell by a rare name beside a frequent one."""
    for one, other in combinations(sorted(counts)[:_MOST_LABELS], 2):
        rare, common = sorted((one, other), key=lambda name: (counts[name], name))
        if _plain(one) == _plain(other) or (counts[rare] * 10 <= counts[common] and _is_alike(rare, common)):
            message = (
                f'labels must be spelt one way, but "{common}" ({counts[common]}) is there too; rename one'
            )
            yield find(".", f'class "{rare}" ({counts[rare]})', "similar-labels", message)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


def _is_alike(rare: str, common: str) -> bool:
    """Names that differ in their numbers only (R1, R2) are meant to."""
    if re.sub(r"\d+", "", rare) == re.sub(r"\d+", "", common):
        return False
    return SequenceMatcher(None, rare, common).ratio() >= _ALIKE


def _find_empty(surveys: Iterable[Survey]) -> Iterator[Finding]:
    for survey in surveys:
        if survey.facts and not survey.shapes:
            message = "an image should show something labelled, but has no shapes; it is kept as a negative"
            yield find(survey.annotation, "shapes", "empty-image", message)


def _find_unannotated(surveys: Iterable[Survey], images: Iterable[str]) -> Iterator[Finding]:
    """A json of equal name is the image's, though it may be torn or name another: its own finding says so."""
    annotated = {survey.image for survey in surveys}
    stems = {survey.annotation.rpartition(".")[0] for survey in surveys}
    for image in images:
        if image not in annotated and image.rpartition(".")[0] not in stems:
            message = "an image should have a json, but has none; label it, or save it empty as a negative"
            yield find(image, "", "image-without-annotation", message)

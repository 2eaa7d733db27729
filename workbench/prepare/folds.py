"""Folds for cross-validation: as leak-proof and as stratified as the split, with the test part in none of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.data.survey import Survey
from workbench.errors import USAGE, ProjectError
from workbench.prepare.split import Group, SplitPlan, collect_labels
from workbench.prepare.stratify import IMAGES, measure_load, share_out

ASIDE = 0  # the fold of the images of the test part: never learned from, never judged on
FEWEST = 2


class FoldError(ProjectError):
    """Folds that cannot be drawn."""

    exit_code = USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldPlan:
    """`folds` gives each image its fold, from 1 on; `notes` are what a person should know of them."""

    count: int
    folds: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """Images of each fold, those of the test part first."""
        found = Counter(self.folds.values())
        return tuple(found[fold] for fold in range(self.count + 1))


def assign_folds(surveys: Sequence[Survey], split: SplitPlan, count: int) -> FoldPlan:
    """Share the groups of train and val out over folds, each its share of every class; a group is never torn.

    There is no random number in it, so two sweeps over the same images have the same folds and can be compared.
    """
    labels = collect_labels(surveys)
    groups = [images for group in split.groups if (images := _leave_test_out(group, split.parts))]
    _require_enough(groups, count)
    loads = {images[0]: measure_load([labels[path] for path in images]) for images in groups}
    carriers = Counter(key for load in loads.values() for key in load if key != IMAGES)
    shares = {str(fold): 1 / count for fold in range(1, count + 1)}
    chosen = share_out(loads, {}, shares, carriers)
    folds = {path: ASIDE for path, part in split.parts.items() if part == "test"}
    folds |= {path: int(chosen[images[0]]) for images in groups for path in images}
    return FoldPlan(count=count, folds=dict(sorted(folds.items())), notes=tuple(_note(groups, labels, count)))


def give_parts(folds: Mapping[str, int], fold: int) -> dict[str, str]:
    """Return the part of each image where this fold is the one that judges."""
    names = {ASIDE: "test", fold: "val"}
    return {path: names.get(its, "train") for path, its in folds.items()}


def _leave_test_out(group: Group, parts: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(path for path in group.images if parts[path] != "test")


def require_count(count: int) -> None:
    """One fold leaves nothing to learn from."""
    if count < FEWEST:
        raise FoldError(f"--folds {count}: must be {FEWEST} or more, but is not; 5 is usual")


def _require_enough(groups: Sequence[tuple[str, ...]], count: int) -> None:
    require_count(count)
    if len(groups) < count:
        images = sum(map(len, groups))
        raise FoldError(
            f"--folds {count}: there must be a group of images for each fold, but the {images} images outside of test "
            f"are {len(groups)} groups that must not be torn; ask for fewer folds, or label more scenes"
        )


def _note(groups: Sequence[tuple[str, ...]], labels: Mapping[str, Counter[str]], count: int) -> Iterator[str]:
    """What no sharing out can mend: classes of few groups, and a group that is most of a fold or more."""
    scenes = Counter(name for images in groups for name in set().union(*(+labels[path] for path in images)))
    for name, there in sorted(scenes.items()):
        if there == 1:
            yield f"{name} is in one group only: the model that is judged on it has never seen it"
        elif there < count:
            yield f"{name} is in {there} groups only: {count - there} of {count} folds cannot judge it"
    total, most = sum(map(len, groups)), max(map(len, groups))
    if most * count > 2 * total:
        yield f"one group holds {most} of {total} images and must not be torn: the folds are of unequal size"

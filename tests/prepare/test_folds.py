"""Folds: no group is torn, every image outside of test is judged once; small cases by hand, then any set."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.prepare.test_split import FIFTH, THREE, image, image_sets, split
from workbench.prepare.folds import ASIDE, FoldError, FoldPlan, assign_folds, give_parts


def fold(surveys, count, settings=FIFTH, **more) -> FoldPlan:
    return assign_folds(surveys, split(surveys, settings, **more), count)


def test_ten_equal_images_make_five_folds_of_two():
    plan = fold([image(f"{n}-x", cat=1) for n in range(10)], 5)
    assert plan.sizes == (0, 2, 2, 2, 2, 2)
    assert plan.notes == ()


def test_a_burst_stays_in_one_fold_and_the_others_fill_the_rest():
    """One burst of four and eight single images: three folds of four."""
    surveys = [*(image(f"burst-{n}", cat=1) for n in range(4)), *(image(f"s{n}-x", cat=1) for n in range(8))]
    plan = fold(surveys, 3)
    assert plan.sizes == (0, 4, 4, 4)
    assert len({plan.folds[f"burst-{n}.jpg"] for n in range(4)}) == 1


def test_each_fold_gets_its_share_of_a_rare_class():
    """Three of fifteen images carry it: one for each of three folds."""
    surveys = [image(f"{n}-x", cat=1, **({"owl": 1} if n % 5 == 0 else {})) for n in range(15)]
    plan = fold(surveys, 3)
    assert sorted(plan.folds[f"{n}-x.jpg"] for n in (0, 5, 10)) == [1, 2, 3]
    assert plan.sizes == (0, 5, 5, 5)


def test_test_stays_out_of_every_fold():
    surveys = [image(f"{n}-x", cat=1) for n in range(20)]
    whole = split(surveys, THREE)
    plan = assign_folds(surveys, whole, 4)
    aside = {path for path, part in whole.parts.items() if part == "test"}
    assert len(aside) == 4 and plan.sizes == (4, 4, 4, 4, 4)
    for number in range(1, 5):
        parts = give_parts(plan.folds, number)
        assert {path for path, part in parts.items() if part == "test"} == aside


def test_an_image_of_each_kind_has_its_part():
    folds = {"a": 1, "b": 2, "c": ASIDE, "d": 2}
    assert give_parts(folds, 2) == {"a": "train", "b": "val", "c": "test", "d": "val"}


def test_fewer_groups_than_folds_are_refused():
    surveys = [image(f"burst-{n}", cat=1) for n in range(9)] + [image("other-1", cat=1)]
    with pytest.raises(FoldError, match=r"--folds 3: .* but the 10 images outside of test are 2 groups"):
        fold(surveys, 3)


@pytest.mark.parametrize("count", [-1, 0, 1])
def test_one_fold_is_none(count):
    with pytest.raises(FoldError, match="must be 2 or more"):
        fold([image(f"{n}-x", cat=1) for n in range(4)], count)


def test_what_cannot_be_shared_out_is_said():
    surveys = [
        *(image(f"burst-{n}", cat=1) for n in range(8)),
        *(
            image(f"s{n}-x", cat=1, **({"owl": 1} if n < 2 else {}), **({"elk": 1} if n == 5 else {}))
            for n in range(6)
        ),
    ]
    assert fold(surveys, 4).notes == (
        "elk is in one group only: the model that is judged on it has never seen it",
        "owl is in 2 groups only: 2 of 4 folds cannot judge it",
        "one group holds 8 of 14 images and must not be torn: the folds are of unequal size",
    )


def test_the_order_of_the_images_does_not_matter():
    surveys = [image(f"{n}-x", cat=n % 3) for n in range(17)]
    assert fold(surveys, 4) == fold(surveys[::-1], 4)


@settings(deadline=None)
@given(image_sets(smallest=12), st.integers(2, 6), st.sampled_from([FIFTH, THREE]))
def test_no_group_is_torn_and_every_image_outside_of_test_is_judged_exactly_once(surveys, count, shares):
    whole = split(surveys, shares)
    try:
        plan = assign_folds(surveys, whole, count)
    except FoldError:
        groups = [group for group in whole.groups if group.part != "test"]
        assert len(groups) < count
        return
    judged = Counter(
        path
        for number in range(1, count + 1)
        for path, part in give_parts(plan.folds, number).items()
        if part == "val"
    )
    assert judged == {path: 1 for path, part in whole.parts.items() if part != "test"}
    assert plan.folds.keys() == whole.parts.keys() and all(plan.sizes[1:])
    for group in whole.groups:
        assert len({plan.folds[path] for path in group.images}) == 1, group


@settings(deadline=None)
@given(image_sets(smallest=30), st.integers(2, 5))
def test_no_fold_is_larger_than_its_share_and_the_largest_group(surveys, count):
    plan = fold(surveys, count)
    groups: defaultdict[str, int] = defaultdict(int)
    for path in plan.folds:
        groups[path.partition("-")[0]] += 1
    assert max(plan.sizes[1:]) <= 1.5 * len(plan.folds) / count + max(groups.values())

"""The split: leak-proof, stratified, frozen; small cases by hand, then what must hold for any set."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.survey import ImageFacts, Survey
from workbench.errors import ProjectError
from workbench.prepare.shares import Share, share_rows
from workbench.prepare.split import assign_parts, collect_labels
from workbench.project import SplitSettings

FIFTH = SplitSettings(group=r"^(\w+)-", seconds=-1, hash_distance=-1)
THREE = replace(FIFTH, test=0.2)


def image(name, digest="", **labels):
    facts = ImageFacts(width=4, height=3, digest=digest)
    return Survey(annotation=f"{name}.json", image=f"{name}.jpg", facts=facts, labels=tuple(labels.items()))


def split(surveys, settings=FIFTH, frozen=None, lists=None):
    return assign_parts(surveys, settings, frozen or {}, lists or {})


def sizes(plan):
    return Counter(plan.parts.values())


def rules(plan):
    return [finding.rule for finding in plan.findings]


@st.composite
def image_sets(draw, smallest=0):
    """Bursts of different lengths, with rare and frequent classes and images with nothing on them."""
    draws = random.Random(draw(st.integers(min_value=0, max_value=10**6)))
    groups = draw(st.integers(min_value=smallest, max_value=40))
    return [
        image(
            f"g{number}-{index}",
            **{label: 3 for label in "abcd" if draws.random() < (0.6, 0.4, 0.1, 0.03)["abcd".index(label)]},
        )
        for number in range(groups)
        for index in range(draws.choice((1, 1, 2, 5)))
    ]


@pytest.mark.parametrize(("count", "val"), [(1, 0), (2, 1), (3, 1), (4, 1), (5, 1), (10, 2), (100, 20)])
def test_equal_images_are_shared_out_as_asked_and_few_leave_no_part_empty(count, val):
    assert sizes(split([image(f"{n}-x", cat=1) for n in range(count)])) == Counter(train=count - val, val=val)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (5, (3, 1, 1)), (50, (30, 10, 10))],
)
def test_three_parts_fill_in_the_order_train_val_test(count, expected):
    plan = split([image(f"{n}-x", cat=1) for n in range(count)], THREE)
    assert tuple(sizes(plan)[part] for part in ("train", "val", "test")) == expected


def test_no_images_are_no_trouble():
    plan = split([])
    assert (plan.parts, plan.groups, plan.findings) == ({}, (), ())


def test_a_share_of_nought_leaves_all_to_train():
    assert sizes(split([image(f"{n}-x") for n in range(9)], replace(FIFTH, val=0.0))) == Counter(train=9)


@given(image_sets())
def test_a_group_is_never_torn(surveys):
    plan = split(surveys, THREE)
    assert all(group.part for group in plan.groups)
    assert set(plan.parts) == {survey.image for survey in surveys}


@given(image_sets(), st.randoms(use_true_random=False))
def test_the_order_of_the_images_does_not_matter(surveys, shuffler):
    shuffled = list(surveys)
    shuffler.shuffle(shuffled)
    assert split(shuffled, THREE) == split(surveys, THREE)


@given(image_sets(smallest=3))
def test_no_part_is_empty_when_there_are_groups_for_all(surveys):
    assert set(split(surveys, THREE).parts.values()) == {"train", "val", "test"}


@pytest.mark.parametrize(("size", "val"), [(1, 0.2), (2, 0.2), (5, 0.2), (1, 0.7)])
def test_a_class_of_one_group_is_for_training(size, val):
    rare = [image(f"rare-{index}", common=1, rare=1) for index in range(size)]
    plan = split(rare + [image(f"{n}-x", common=1) for n in range(30)], replace(FIFTH, val=val))
    assert {plan.parts[survey.image] for survey in rare} == {"train"}


@given(image_sets(smallest=30))
def test_frequent_classes_come_near_their_share(surveys):
    plan, labels = split(surveys), collect_labels(surveys)
    for label in ("a", "b"):
        total = sum(counts[label] for counts in labels.values())
        val = sum(counts[label] for path, counts in labels.items() if plan.parts[path] == "val")
        assert 0.1 <= val / total <= 0.35


def test_bursts_that_would_overfill_val_are_for_training():
    bursts = [image(f"{burst}-{index}", cat=1) for burst in "pq" for index in range(30)]
    plan = split(bursts + [image(f"{n}-x", cat=1) for n in range(40)])
    assert sizes(plan) == Counter(train=80, val=20)
    assert {plan.parts[survey.image] for survey in bursts} == {"train"}


def test_rare_classes_are_in_every_part_when_their_groups_are_enough():
    surveys = [image(f"c{n}-x", common=2) for n in range(60)] + [
        image(f"r{n}-x", common=1, rare=1) for n in range(2)
    ]
    plan = split(surveys)
    assert {plan.parts[f"r{n}-x.jpg"] for n in range(2)} == {"train", "val"}


def test_images_with_nothing_on_them_are_shared_out_as_a_class():
    plan = split([image(f"c{n}-x", cat=1) for n in range(50)] + [image(f"n{n}-x") for n in range(10)])
    assert Counter(plan.parts[f"n{n}-x.jpg"] for n in range(10)) == Counter(train=8, val=2)


@settings(max_examples=20, deadline=None)
@given(image_sets(smallest=1), st.randoms(use_true_random=False))
def test_images_added_one_at_a_time_never_move_an_old_one(surveys, shuffler):
    arriving = list(surveys)
    shuffler.shuffle(arriving)
    frozen: dict[str, str] = {}
    for count in range(1, len(arriving) + 1):
        plan = split(arriving[:count], FIFTH, frozen)
        assert frozen.items() <= plan.parts.items()
        assert "split-leak" not in rules(plan)
        frozen = dict(plan.parts)


def test_a_split_that_grew_image_by_image_has_nearly_the_shares_of_one_drawn_at_once():
    draw = random.Random(5)
    frozen: dict[str, str] = {}
    surveys = [
        image(f"{n}-x", **{label: draw.randint(1, 4) for label in "ab" if draw.random() < 0.6})
        for n in range(150)
    ]
    for count in range(1, len(surveys) + 1):
        frozen = dict(split(surveys[:count], FIFTH, frozen).parts)
    assert 0.17 <= Counter(frozen.values())["val"] / 150 <= 0.23


def test_a_new_image_joins_the_part_of_its_group():
    plan = split([image("a-1"), image("a-2"), image("b-1")], FIFTH, {"a-1.jpg": "val", "b-1.jpg": "train"})
    assert plan.parts["a-2.jpg"] == "val"
    assert plan.reasons["a-2.jpg"] == "joined"
    assert plan.findings == ()


def test_a_new_image_that_links_two_frozen_parts_is_held_out_and_reported():
    surveys = [image("a-1", digest="1"), image("a-2", digest="2"), image("b-1", digest="2")]
    others = {f"{n}-x.jpg": "train" for n in range(9)}
    surveys += [image(f"{n}-x") for n in range(9)]
    plan = split(surveys, FIFTH, {"a-1.jpg": "train", "b-1.jpg": "val", **others})
    assert plan.parts == {"a-1.jpg": "train", "a-2.jpg": "val", "b-1.jpg": "val", **others}
    (finding,) = plan.findings
    assert (finding.rule, finding.level, finding.path) == ("split-leak", "error", "a-2.jpg")
    assert finding.message == (
        "must be in one part with a-1.jpg (the same split.group), but is in val, that in train; "
        "scores are too good by this: give both the same part in split.json, or delete one"
    )


def test_images_that_are_gone_do_not_matter_and_an_image_that_returns_finds_its_part():
    frozen = {"gone.jpg": "val", "b-1.jpg": "val"}
    plan = split([image("a-1"), image("b-1")], FIFTH, frozen)
    assert plan.parts == {"a-1.jpg": "train", "b-1.jpg": "val"}


def test_a_list_wins_and_its_part_takes_nothing_else():
    plan = split([image(f"{n}-x") for n in range(20)], lists={"val": ["3-x.jpg"]})
    assert [path for path, part in plan.parts.items() if part == "val"] == ["3-x.jpg"]
    assert plan.reasons["3-x.jpg"] == "listed"


def test_the_neighbours_of_a_listed_image_follow_it():
    assert (
        split([image("a-1"), image("a-2"), image("b-1")], lists={"val": ["a-1.jpg"]}).parts["a-2.jpg"]
        == "val"
    )


def test_a_list_wins_over_the_frozen_split_and_that_is_said():
    plan = split(
        [image("a-1"), image("b-1")], FIFTH, {"a-1.jpg": "train", "b-1.jpg": "train"}, {"val": ["a-1.jpg"]}
    )
    assert plan.parts["a-1.jpg"] == "val"
    assert rules(plan) == ["split-moved"]


def test_lists_that_tear_a_group_apart_are_followed_and_reported():
    plan = split([image("a-1"), image("a-2")], lists={"train": ["a-1.jpg"], "val": ["a-2.jpg"]})
    assert plan.parts == {"a-1.jpg": "train", "a-2.jpg": "val"}
    assert [(finding.rule, finding.level) for finding in plan.findings] == [("split-leak", "error")]
    assert plan.groups[0].part == ""


def test_every_copy_across_the_parts_is_an_error_of_its_own():
    surveys = [
        image("a-1", digest="1"),
        image("a-2", digest="2"),
        image("b-1", digest="1"),
        image("b-2", digest="2"),
    ]
    lists = {"train": ["a-1", "a-2"], "val": ["b-1", "b-2"]}
    plan = split(surveys, FIFTH, lists=lists)
    assert [f.path for f in plan.findings if f.rule == "split-leak"] == ["b-1.jpg", "b-2.jpg"]


def test_a_group_of_more_than_half_the_images_is_reported():
    plan = split([image(f"a-{n}") for n in range(5)] + [image(f"{n}-x") for n in range(4)])
    assert rules(plan) == ["split-one-group"]
    assert "holds 5 of 9, chained mostly by name" in plan.findings[0].message


def test_a_group_of_just_half_the_images_is_no_trouble():
    assert rules(split([image(f"a-{n}") for n in range(4)] + [image(f"{n}-x") for n in range(4)])) == []


def test_a_group_torn_only_by_a_guess_is_a_warning():
    surveys = [image("IMG_20181228_102636"), image("IMG_20181228_102637")]
    lists = {"train": [surveys[0].image], "val": [surveys[1].image]}
    plan = split(surveys, SplitSettings(), lists=lists)
    assert [(finding.rule, finding.level) for finding in plan.findings] == [("split-leak", "warning")]


@pytest.mark.parametrize(
    "line", ["img/a.jpg", "./img/a.jpg", "img\\a.jpg", "img/a.json", "a.jpg", "a", " img/a.jpg \r"]
)
def test_a_list_may_name_an_image_in_the_usual_ways(line):
    assert (
        split([image("img/a"), image("img/b")], lists={"val": [line, "", "# mine"]}).parts["img/a.jpg"]
        == "val"
    )


def test_an_unknown_name_in_a_list_is_refused_with_the_nearest():
    with pytest.raises(
        ProjectError, match=r'val.txt: .*"img/balon.jpg" is none; did you mean "img/balloon.jpg"\?'
    ):
        split(
            [image("img/balloon")], replace(FIFTH, lists={"val": "val.txt"}), lists={"val": ["img/balon.jpg"]}
        )


def test_a_name_that_fits_two_images_is_refused():
    with pytest.raises(ProjectError, match=r'"a" fits x/a.jpg and y/a.jpg'):
        split([image("x/a"), image("y/a")], lists={"val": ["a"]})


def test_an_image_in_two_lists_is_refused():
    with pytest.raises(ProjectError, match="is in train and val"):
        split([image("a")], lists={"val": ["a"], "train": ["a.jpg"]})


def test_a_set_that_chains_into_one_group_is_reported_with_what_to_change():
    surveys = [image(f"IMG_20181228_1026{n}") for n in range(10, 30)]
    plan = split(surveys, SplitSettings())
    assert rules(plan) == ["split-empty", "split-one-group"]
    assert "holds 20 of 20, chained mostly by time; lower split.seconds (now 20)" in plan.findings[1].message


def test_a_class_that_val_lacks_is_reported():
    plan = split([image(f"{n}-x", cat=1) for n in range(10)] + [image("z-x", dog=2)])
    (finding,) = plan.findings
    assert str(finding) == (
        'project.toml: class "dog": val must have some of it, but has none (1 images, in one group), '
        "so val cannot score it; label it in more scenes, or list some of its images for val"
    )


def test_the_table_shows_instances_images_and_shares_of_each_class():
    train = Share(images=2, negatives=1, classes={"cat": (3, 1)})
    val = Share(images=1, negatives=0, classes={"cat": (1, 1), "dog": (1, 1)})
    assert share_rows({"val": val, "train": train}) == [
        ("class", "train", "val", "share"),
        ("cat", "3 (1)", "1 (1)", "75 / 25"),
        ("dog", "0 (0)", "1 (1)", "0 / 100"),
        ("(images with nothing)", "(1)", "(0)", "100 / 0"),
        ("(images)", "(2)", "(1)", "67 / 33"),
    ]


def test_bursts_of_real_photographs_stay_together_and_classes_keep_their_shares(shared):
    """The names tell the time; the four boards are equally frequent."""
    folder = shared / "chipset_mcu"
    names = sorted(path.stem for part in ("train", "test") for path in (folder / part).glob("*.json"))
    surveys = [
        Survey(annotation=f"{name}.json", image=f"{name}.jpg", labels=(("board", 1),)) for name in names
    ]
    plan = split(surveys, SplitSettings())
    assert 20 <= len(plan.groups) <= 40
    assert max(len(group.images) for group in plan.groups) < len(names) / 4
    assert 0.17 <= sizes(plan)["val"] / len(names) <= 0.23

"""Rules across a set: seen twice, too rare, spelt alike, without a counterpart."""

from workbench.data.survey import ImageFacts, Survey
from workbench.prepare.check_set import check_set

SCENE = 0x0F0F_3C3C_5A5A_9669


def seen(name, *, image=None, digest="", look=None, shapes=1, **labels):
    return Survey(
        annotation=f"{name}.json",
        image=image or f"{name}.jpg",
        facts=ImageFacts(width=8, height=8, digest=digest or name, look=look),
        labels=tuple(labels.items()),
        shapes=shapes,
    )


def rules(*surveys, known=(), **more):
    return [(one.path, one.rule) for one in check_set(surveys, known_labels=known, **more)]


def test_two_annotations_of_one_image_are_an_error():
    assert ("b.json", "two-annotations") in rules(seen("a", image="x.jpg"), seen("b", image="x.jpg"))


def test_names_that_differ_by_their_ending_or_capitals_are_told():
    found = rules(seen("a"), images=["A.png", "a.jpg", "b/a.jpg"])
    assert [path for path, rule in found if rule == "equal-stems"] == ["a.jpg"]


def test_copies_and_look_alikes_are_told_once():
    first = seen("a", digest="same", look=SCENE)
    assert rules(first, seen("b", digest="same", look=SCENE)) == [("b.jpg", "duplicate-image")]
    assert rules(first, seen("b", look=SCENE ^ 0b111)) == [("b.jpg", "near-duplicate")]
    assert rules(first, seen("b", look=SCENE ^ 0xFFFF)) == []


def test_pairs_that_a_split_tears_apart_are_left_to_the_rule_of_the_split():
    pair = (seen("a", digest="same"), seen("b", digest="same"))
    assert rules(*pair, parts={"a.jpg": "train", "b.jpg": "val"}) == []
    assert rules(*pair, parts={"a.jpg": "val", "b.jpg": "val"}) == [("b.jpg", "duplicate-image")]


def test_rare_and_unused_classes_are_told():
    found = check_set([seen("a", cat=10, dog=9)], known_labels=["cat", "dog", "cow"])
    assert [(one.where, one.rule) for one in found] == [
        ('class "dog"', "few-instances"), ('class "cow"', "unused-class"),
    ]  # fmt: skip


def test_without_a_list_names_that_are_spelt_alike_are_told():
    found = check_set(
        [seen("a", **{"balloon": 300, "ballon": 1, "Air Ship": 20, "airship": 30, "R1": 50, "R12": 50})]
    )
    alike = [one.where for one in found if one.rule == "similar-labels"]
    assert sorted(alike) == ['class "Air Ship" (20)', 'class "ballon" (1)']


def test_images_without_shapes_and_images_without_json_are_told():
    assert rules(seen("a", shapes=0), images=["a.jpg", "b.jpg"]) == [
        ("a.json", "empty-image"), ("b.jpg", "image-without-annotation"),
    ]  # fmt: skip


def test_a_file_that_could_not_be_read_is_not_called_empty_nor_its_image_unlabelled():
    assert rules(Survey(annotation="a.json", image=None), images=["a.jpg"]) == []

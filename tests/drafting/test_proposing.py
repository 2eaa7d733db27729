"""What lies in a draft, by what was picked: worked by hand on squares."""

import numpy as np

from workbench.data.geometry import Box
from workbench.data.mask import array_to_mask
from workbench.data.selection import FINE, MISSING_LABEL, RELABEL, WRONG_LABEL, Pick
from workbench.drafting.draft import KEY
from workbench.drafting.picking import pick_suspects
from workbench.drafting.proposing import Sight, propose
from workbench.drafting.scene import Found, Known


def area(x, y, side=20):
    pixels = np.zeros((80, 100), np.uint8)
    pixels[y : y + side, x : x + side] = 1
    return array_to_mask(pixels)


def found(number, label, mask, score=0.9, **more):
    return Found(number=number, label=label, score=score, mask=mask, **more)


CAT, DOG = (
    Known(label="cat", mask=area(5, 5), shapes=(0,)),
    Known(label="dog", mask=area(50, 5), shapes=(2, 3)),
)
SEES_CAT, SEES_DOG = found(10, "cat", area(6, 6)), found(11, "dog", area(50, 5))
SEES_COW = found(12, "cow", area(10, 50))
UNSURE = found(13, "cow", area(60, 50), 0.3)


def draft(*picks, see=(SEES_CAT, SEES_DOG, SEES_COW, UNSURE), known=(CAT, DOG), **more):
    sight = Sight(
        image="a.jpg",
        annotation="a.json",
        known=known,
        found=see,
        truths={1: CAT.mask, 2: DOG.mask, 3: area(70, 50)},
    )
    return propose(picks, sight, run="r1", error=1.0, wanted=lambda one: (one.score or 1) >= 0.5, **more)


def pick(*tags, truths=(), predictions=(), why="tagged relabel", **more):
    return Pick(image="a.jpg", why=why, tags=tags, truths=truths, predictions=predictions, **more)


def drawn(made):
    return [(shape.label, shape.description) for shape in made.proposals]


def test_what_was_found_where_no_label_is_is_drawn():
    made = draft(pick(MISSING_LABEL, predictions=(12,), why="missing-label: cow, often right", score=0.9))
    assert drawn(made) == [("cow", "missing-label: cow 0.90")]
    assert made.proposals[0].extra[KEY] == {"run": "r1", "score": 0.9, "object": "12", "id": "r1:12.0"}
    assert (made.notes, made.why) == ({}, "1 missing-label")
    xs = [point[0] for point in made.proposals[0].points]
    assert (min(xs), max(xs)) == (10, 30)


def test_another_class_is_said_where_the_label_is_and_nothing_is_drawn():
    wrong = found(14, "cow", area(5, 6))
    made = draft(
        pick(WRONG_LABEL, truths=(1,), predictions=(14,), why="wrong-class: cow, x", score=0.8), see=(wrong,)
    )
    assert made.proposals == ()
    assert made.notes == {0: "wrong-class: the model says cow 0.90, IoU 0.90"}


def test_a_better_outline_lies_beside_the_old_one_and_would_replace_it():
    made = draft(pick(RELABEL, truths=(1,), predictions=(10,), why="poor-outline: cat, x", score=0.5))
    assert drawn(made) == [("cat", "poor-outline: cat 0.90; delete this one or the old one")]
    assert made.proposals[0].extra[KEY]["instead"] == 0
    assert made.notes == {0: "poor-outline: delete this one or the model's, IoU 0.82"}


def test_a_poor_outline_may_overlap_little():
    far = found(14, "cat", area(15, 5))
    made = draft(
        pick(RELABEL, truths=(1,), predictions=(14,), why="poor-outline: cat, x", score=0.5), see=(far,)
    )
    assert made.proposals[0].extra[KEY]["instead"] == 0


def test_a_label_of_nothing_has_a_note():
    made = draft(pick(RELABEL, truths=(1,), why="spurious-label: cat, nothing touches it", score=0.2), see=())
    assert (made.proposals, made.why) == ((), "1 spurious-label")
    assert made.notes == {0: "spurious-label: cat, nothing touches it; the model sees nothing there"}


def test_a_label_that_was_clicked_on_says_what_the_model_sees():
    made = draft(pick(WRONG_LABEL, truths=(2,), why="tagged wrong-label"))
    assert made.notes == {2: "tagged wrong-label; the model sees dog 0.90, IoU 1.00"}
    assert made.proposals == ()


def test_an_image_that_was_tagged_gets_what_its_labels_lack_and_the_model_is_sure_of():
    assert drawn(draft(pick(RELABEL))) == [("cow", "cow 0.90")]
    assert drawn(draft(pick(MISSING_LABEL, predictions=(11,)))) == [
        ("dog", "tagged relabel: dog 0.90; delete this one or the old one"),
        ("cow", "cow 0.90"),
    ]


def test_a_suspicion_draws_no_more_than_its_object():
    made = draft(pick(MISSING_LABEL, predictions=(13,), why="missing-label: cow, x", score=0.7))
    assert drawn(made) == [("cow", "missing-label: cow 0.30")]


def test_an_image_without_labels_gets_everything_that_is_sure_and_nothing_twice():
    twice = found(14, "lynx", area(6, 5), 0.8)
    made = draft(
        pick(why="mirrored, 2 differ"), see=(twice, SEES_CAT, SEES_DOG, UNSURE), known=(), everything=True
    )
    assert [label for label, _ in drawn(made)] == ["cat", "dog"]
    assert made.why == "mirrored, 2 differ; 2 proposed"


def test_a_piece_of_what_is_labelled_is_not_drawn():
    piece = found(14, "cat", area(6, 6, 8))
    assert draft(pick(RELABEL), see=(piece,)).proposals == ()
    other = found(14, "cow", area(6, 6, 8))
    assert len(draft(pick(RELABEL), see=(other,)).proposals) == 1


def test_what_is_fine_is_left_alone():
    made = draft(pick(FINE, why="tagged fine"))
    assert (made.proposals, made.notes) == ((), {})


def test_a_label_that_is_gone_by_now_has_no_note():
    made = draft(pick(RELABEL, truths=(3,), why="spurious-label: cat, x", score=0.2))
    assert (made.proposals, made.notes) == ((), {})


def test_picks_of_one_image_come_together():
    made = draft(
        pick(MISSING_LABEL, predictions=(12,), why="missing-label: cow, x", score=0.9),
        pick(RELABEL, truths=(1,), why="spurious-label: cat, x", score=0.2),
    )
    assert (len(made.proposals), set(made.notes), made.why) == (1, {0}, "1 missing-label, 1 spurious-label")


def test_a_model_without_masks_draws_its_box():
    boxed = found(14, "cow", area(10, 50), box=Box(10.5, 50.0, 30.0, 70.0))
    (shape,) = draft(pick(MISSING_LABEL, predictions=(14,)), see=(boxed,)).proposals
    assert (shape.kind, shape.points) == ("rectangle", ((10.5, 50.0), (30.0, 70.0)))


def test_a_ring_is_drawn_with_its_hole_and_both_belong_together():
    pixels = np.zeros((80, 100), np.uint8)
    pixels[40:70, 10:40] = 1
    pixels[50:60, 20:30] = 0
    ring = found(14, "cow", array_to_mask(pixels))
    shapes = draft(pick(MISSING_LABEL, predictions=(14,)), see=(ring,)).proposals
    assert [shape.label for shape in shapes] == ["cow", "hole"]
    assert len({shape.group for shape in shapes}) == 1
    assert [shape.extra[KEY]["id"] for shape in shapes] == ["r1:14.0", "r1:14.1"]


def test_suspects_become_picks_the_most_suspicious_of_all_parts_first():
    row = {"image": "a.jpg", "iou": 0.0, "score": 0.9, "note": "n", "prediction": 3, "truth": None}
    val = [
        row | {"kind": "missing-label", "category": "cat", "truth_category": None, "suspicion": 0.5},
        row
        | {
            "kind": "spurious-label",
            "prediction": None,
            "truth": 7,
            "category": None,
            "truth_category": "dog",
        }
        | {"suspicion": 0.1},
    ]
    learned = [
        row
        | {"kind": "wrong-class", "truth": 8, "category": "cat", "truth_category": "dog", "suspicion": 0.9}
    ]
    made = pick_suspects("r1", [("val", {"suspects": val}), ("train", {"suspects": learned})], 2)
    assert (made.run, made.source) == ("r1", "suspects")
    assert [(one.why, one.tags, one.truths, one.predictions, one.part) for one in made.picks] == [
        ("wrong-class: cat, n", (WRONG_LABEL,), (8,), (3,), "train"),
        ("missing-label: cat, n", (MISSING_LABEL,), (), (3,), "val"),
    ]

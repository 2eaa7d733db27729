"""Suspects of several parts become one list: what is most worth looking at comes first."""

from workbench.drafting.picking import pick_suspects


def suspect(image, suspicion, **more):
    row = {
        "kind": "missing-label",
        "image": image,
        "truth": None,
        "prediction": 3,
        "note": "",
        "suspicion": suspicion,
    }
    return row | {"category": "balloon", "truth_category": None} | more


def pick(*parts):
    mistakes = [(name, {"suspects": rows}) for name, rows in parts]
    return [one.image for one in pick_suspects("run", mistakes, 3).picks]


def test_what_recovers_most_comes_first_and_faint_suspicions_last():
    val = [suspect("sure.jpg", 0.9, recovers=0.01), suspect("dear.jpg", 0.8, recovers=0.03)]
    train = [suspect("faint.jpg", 0.2, recovers=0.04), suspect("free.jpg", 0.95, recovers=-0.01)]
    assert pick(("val", val), ("train", train)) == ["dear.jpg", "sure.jpg", "faint.jpg"]


def test_where_nobody_says_what_it_recovers_the_most_suspicious_comes_first():
    assert pick(("val", [suspect("b.jpg", 0.7), suspect("a.jpg", 0.9)])) == ["a.jpg", "b.jpg"]

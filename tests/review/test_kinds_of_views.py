"""Which rows belong to which view: cases that can be worked by hand."""

from workbench.evaluation.kinds import KINDS, MASK_KINDS
from workbench.evaluation.kinds import SUSPICIONS as KNOWN_SUSPICIONS
from workbench.review.kinds_of_views import (
    BORDERS,
    COLORS,
    FALSE_ALARMS,
    HIT,
    PAIRS,
    SUSPICIONS,
    Evidence,
    list_views,
    write_slug,
)


def row(kind, score=0.9, said="cat", truth="cat", **more):
    return {"kind": kind, "score": score, "category": said, "truth_category": truth, **more}


def rows_of(name, **evidence):
    views = {view.name: view for view in list_views(Evidence(**evidence))}
    return list(views[name].rows)


def mistakes(*rows, **more):
    return {"mistakes": {"mistakes": list(rows), **more}}


def test_every_kind_of_evaluation_is_in_a_view_and_has_a_colour():
    shown = {kind for view in list_views(Evidence()) for kind in view.kinds}
    assert {*KINDS, *MASK_KINDS, *KNOWN_SUSPICIONS, HIT} == shown
    assert set(COLORS) == {*KINDS, *MASK_KINDS, HIT}
    assert SUSPICIONS == KNOWN_SUSPICIONS
    assert set(FALSE_ALARMS) | {"missed"} == set(KINDS)
    assert set(BORDERS) == {"place", *MASK_KINDS}


def test_without_evidence_every_view_is_there_and_empty():
    views = list_views(Evidence())
    assert [view.name for view in views] == [
        "false-positives",
        "misses",
        "poor-boundaries",
        "duplicates",
        "low-confidence-hits",
        "suspected-label-errors",
        "hardest-images",
        "negatives-with-detections",
    ]
    assert not any(view.rows for view in views)
    assert all(view.title and view.about for view in views)


def test_false_positives_are_all_wrong_predictions_and_the_surest_comes_first():
    some = [row(kind, score) for score, kind in zip((0.5, 0.9, 0.7, 0.6, 0.8), FALSE_ALARMS, strict=True)]
    others = [row("missed", None), row("split", 0.99)]
    found = rows_of("false-positives", **mistakes(*some, *others))
    assert [one["score"] for one in found] == [0.9, 0.8, 0.7, 0.6, 0.5]


def test_misses_keep_the_order_of_the_file():
    found = rows_of("misses", **mistakes(row("missed", truth=7), row("place"), row("missed", truth=3)))
    assert [one["truth_category"] for one in found] == [7, 3]


def test_each_pair_of_classes_has_a_view_and_the_most_frequent_comes_first():
    rows = (
        row("class", 0.9, said="dog", truth="cat"),
        row("class", 0.8, said="cat", truth="dog"),
        row("class-and-place", 0.95, said="cat", truth="dog"),
        row("background", 0.99, said="cat", truth=None),
    )
    views = [view for view in list_views(Evidence(**mistakes(*rows))) if view.pair]
    assert [(view.name, view.pair, len(view.rows)) for view in views] == [
        ("confusion-dog-as-cat", ("dog", "cat"), 2),
        ("confusion-cat-as-dog", ("cat", "dog"), 1),
    ]
    assert [one["score"] for one in views[0].rows] == [0.95, 0.8]


def test_pairs_whose_names_differ_in_signs_only_get_folders_of_their_own():
    rows = [row("class", said=said, truth="a") for said in ("b/c", "b c", "B:C")]
    names = [view.name for view in list_views(Evidence(**mistakes(*rows))) if view.pair]
    assert names == ["confusion-a-as-b-c", "confusion-a-as-b-c-2", "confusion-a-as-B-C-3"]


def test_of_many_pairs_the_most_frequent_are_kept():
    rows = [row("class", said=f"n{n}", truth="a") for n in range(PAIRS + 5)] + [
        row("class", said="often", truth="a")
    ] * 2
    views = [view for view in list_views(Evidence(**mistakes(*rows))) if view.pair]
    assert len(views) == PAIRS and views[0].pair == ("a", "often")


def test_hits_below_the_told_score_are_faint_and_a_tenth_of_those_above():
    hits = [row(HIT, n / 100) for n in range(50, 71)]  # 0.50 … 0.70; 0.60 and above are told
    found = rows_of("low-confidence-hits", **mistakes(least={"cat": 0.6}), hits=hits)
    assert [one["score"] for one in found] == [n / 100 for n in range(50, 61)]


def test_without_a_told_score_every_hit_is_faint():
    found = rows_of("low-confidence-hits", **mistakes(least={"cat": None}), hits=[row(HIT, 0.9)])
    assert len(found) == 1


def test_an_image_on_which_all_is_right_is_not_hard():
    images = [{"image": "a", "value": 0.2}, {"image": "b", "value": 0.99}, {"image": "c", "value": 1.0}]
    assert [one["image"] for one in rows_of("hardest-images", **mistakes(images=images))] == ["a", "b"]


def test_painted_images_are_ranked_by_their_pixels():
    images, painted = [{"image": "a", "value": 0.2}], [{"image": "p", "value": 0.1}]
    found = rows_of("hardest-images", **mistakes(images=images), ranking=painted)
    assert [one["image"] for one in found] == ["p"]


def test_negatives_with_most_false_alarms_come_first():
    images = [
        {"image": "clean", "truths": 0, "wrong": 0, "value": 1.0},
        {"image": "one", "truths": 0, "wrong": 1, "value": 0.0},
        {"image": "labelled", "truths": 2, "wrong": 3, "value": 0.0},
        {"image": "three", "truths": 0, "wrong": 3, "value": 0.0},
    ]
    found = rows_of("negatives-with-detections", **mistakes(images=images))
    assert [one["image"] for one in found] == ["three", "one"]


def test_a_slug_is_fit_for_a_folder_and_keeps_letters_of_any_alphabet():
    assert write_slug("../../etc/passwd") == "etc-passwd"
    assert write_slug("<b>größe 2</b>") == "b-größe-2-b"
    assert write_slug("…/..") == "unnamed"
    assert len(write_slug("a" * 300)) == 60

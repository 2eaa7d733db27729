"""Each rule by hand, then all of them on real rows; what was said wins."""

import numpy as np
import pytest

pytest.importorskip("detectron2")

from tests.engine.config.facts import BIG, CARD, CPU, fit, make_facts, make_part
from workbench.engine.config.changes import Change, format_changes, show
from workbench.engine.config.derive_classes import count_classes
from workbench.engine.config.derive_length import choose_steps, place_falls, scale_rate
from workbench.engine.config.derive_objects import (
    choose_detections,
    choose_repeats,
    choose_stuff_area,
    compute_repeats,
    is_unbalanced,
)
from workbench.engine.config.derive_sizes import choose_short_edge, choose_test_edge
from workbench.engine.config.typed import Said
from workbench.engine.models.row import ModelError
from workbench.engine.models.table import MODELS
from workbench.settings import AugmentSettings, Settings, TrainSettings


def reason(derived, key):
    (found,) = [change for change in derived.changes if change.key == key]
    return found.reason


# Classes and masks


@pytest.mark.parametrize(("what", "number"), [("things", 3), ("stuff", 3), ("all", 5)])
def test_stuff_has_one_class_more_which_stands_for_every_thing(what, number):
    assert count_classes(what, things=3, stuff=2) == number


@pytest.mark.parametrize("name", MODELS)
def test_one_class_list_sets_every_class_count_of_a_row(name):
    model = MODELS[name]
    stuff = ("sky", "road") if model.task != "instance" else ()
    facts = make_facts(
        make_part(20, boxes=BIG, of=[0] * 30, class_images=(9, 9, 9, 5, 5)),
        task=model.task,
        things=("a", "b", "c"),
        stuff=stuff,
    )
    derived = fit(name, facts)
    for key, what in model.class_keys.items():
        cfg = derived.cfg
        for part in key.split("."):
            cfg = cfg[part]
        assert cfg == count_classes(what, 3, len(stuff)), key
    assert not derived.problems


def test_holes_ask_for_bitmaps_and_plain_polygons_do_not():
    plain = make_facts(make_part(9, boxes=BIG, of=[0] * 30, class_images=(1,)))
    holes = make_facts(make_part(9, boxes=BIG, of=[0] * 30, class_images=(1,), run_lengths=2))
    assert fit(facts=plain).cfg.INPUT.MASK_FORMAT == "polygon"
    assert fit(facts=holes).cfg.INPUT.MASK_FORMAT == "bitmask"
    assert reason(fit(facts=holes), "INPUT.MASK_FORMAT").startswith("2 of 30 objects")


def test_pointrend_always_has_bitmaps():
    assert fit("pointrend_nano").cfg.INPUT.MASK_FORMAT == "bitmask"


# Batch, rate, length


def test_the_linear_rule():
    assert scale_rate(0.02, 16, 2) == 0.0025


def test_a_processor_gets_few_images_a_step_and_the_rate_follows():
    cfg = fit(machine=CPU).cfg
    assert cfg.SOLVER.IMS_PER_BATCH == 4
    assert np.isclose(cfg.SOLVER.BASE_LR, 0.005)


def test_two_processes_share_the_images_evenly():
    for world in (2, 3):
        assert fit(machine=CARD, world=world).cfg.SOLVER.IMS_PER_BATCH % world == 0


def test_there_are_never_more_images_a_step_than_there_are():
    facts = make_facts(make_part(3, boxes=BIG, of=[0] * 30, class_images=(1,)))
    assert fit(facts=facts, machine=CARD).cfg.SOLVER.IMS_PER_BATCH == 3


@pytest.mark.parametrize(
    ("images", "batch", "steps"),
    [(45, 4, 570), (2, 4, 200), (333, 4, 1_000), (1_000, 4, 3_000), (117_266, 16, 88_000)],
)
def test_small_sets_are_seen_often_and_large_ones_twelve_times(images, batch, steps):
    assert choose_steps(images, batch) == steps


def test_from_scratch_takes_twice_as_long():
    assert choose_steps(1_000, 4, from_scratch=True) == 6_000


@pytest.mark.parametrize(
    ("steps", "falls"),
    [(900, (700, 833)), (10, (8, 9)), (1, ())],
)
def test_the_rate_falls_where_the_row_says_in_a_short_run_too(steps, falls):
    """SOLVER.STEPS beyond MAX_ITER never come: Detectron2 only warns."""
    assert place_falls((210_000, 250_000), 270_000, steps) == falls


def test_falls_that_come_never_are_no_example():
    assert place_falls((30_000,), 10_000, 900) == (600, 800)


def test_all_falls_of_a_typed_length_come():
    said = {"SOLVER.MAX_ITER": Said(value=90, where="typed")}
    solver = fit(said=said).cfg.SOLVER
    assert solver.MAX_ITER == 90
    assert len(solver.STEPS) == 2
    assert max(solver.STEPS) < 90
    assert solver.WARMUP_ITERS == 9


def test_a_cosine_and_a_warmup_of_ones_own():
    settings = Settings(train=TrainSettings(schedule="cosine", warmup=7, steps=50))
    solver = fit(settings=settings).cfg.SOLVER
    assert (solver.LR_SCHEDULER_NAME, solver.WARMUP_ITERS, solver.MAX_ITER) == ("WarmupCosineLR", 7, 50)


def test_a_row_with_a_schedule_of_its_own_keeps_it_unless_steps_are_asked_for():
    assert fit("mask_rcnn_nano").cfg.SOLVER.LR_SCHEDULER_NAME == "WarmupCosineLR"
    settings = Settings(train=TrainSettings(schedule="step"))
    assert fit("mask_rcnn_nano", settings=settings).cfg.SOLVER.LR_SCHEDULER_NAME == "WarmupMultiStepLR"


# Sizes


def test_a_small_row_looks_closer_at_small_objects_but_never_at_more_than_an_image_holds():
    def edge_for(size, side):
        return choose_test_edge(make_part(size=size, boxes=[(0, 0, side, side)] * 9), 352, 512, 1.5)[0]

    assert edge_for((4000, 3000), 200) == 544  # 200 px of 3000 are 23 of 352: small
    assert edge_for((640, 480), 30) == 480
    assert edge_for((300, 200), 10) == 352


def test_what_is_large_already_is_not_looked_at_closer():
    """Boards of 120 px came out in pieces when prediction made them 180: nothing of that size was ever trained on."""
    assert choose_test_edge(make_part(size=(4000, 3000), boxes=[(0, 0, 900, 900)] * 9), 352, 512, 1.5) == (
        352,
        "",
    )
    one_small = make_part(size=(4000, 3000), boxes=[(0, 0, 900, 900)] * 29 + [(0, 0, 90, 90)])
    assert choose_test_edge(one_small, 352, 512, 1.5)[0] == 352
    assert choose_test_edge(make_part(size=(4000, 3000)), 352, 512, 1.5)[0] == 352  # no objects at all


def test_small_images_are_not_blown_up():
    assert choose_short_edge(make_part(size=(256, 192), boxes=[(0, 0, 90, 90)]), 800, 1333)[0] == 192


def test_large_images_are_brought_to_the_rows_own_size():
    assert choose_short_edge(make_part(size=(4000, 3000), boxes=[(0, 0, 900, 900)]), 800, 1333)[0] == 800


def test_tiny_objects_make_images_larger_within_limits():
    edge, why = choose_short_edge(make_part(size=(4000, 3000), boxes=[(0, 0, 40, 40)] * 9), 800, 1333)
    assert edge == 1216  # 1.5 × 800, at most, to a multiple of 32
    assert why == "9 of 9 objects would be smaller than 16 px at 800 px"
    assert choose_short_edge(make_part(size=(256, 192), boxes=[(0, 0, 4, 4)] * 9), 800, 1333)[0] == 384


def test_the_sizes_of_training_keep_the_rows_proportions():
    facts = make_facts(make_part(9, size=(533, 320), boxes=BIG, of=[0] * 30, class_images=(1,)))
    cfg = fit(facts=facts).cfg.INPUT
    assert cfg.MIN_SIZE_TRAIN == (256, 272, 280, 296, 304, 320)
    assert (cfg.MIN_SIZE_TEST, cfg.MAX_SIZE_TEST) == (320, 533)


@pytest.mark.parametrize("name", MODELS)
def test_every_row_trains_at_its_natural_size_on_large_images(name):
    model = MODELS[name]
    facts = make_facts(
        make_part(9, size=(4000, 3000), boxes=[(0, 0, 900, 900)] * 30, class_images=(1, 1)),
        task=model.task,
        stuff=("sky",) if model.task != "instance" else (),
    )
    cfg = fit(name, facts).cfg.INPUT
    assert max(cfg.MIN_SIZE_TRAIN) == model.short_edge == cfg.MIN_SIZE_TEST
    assert max(cfg.MIN_SIZE_TRAIN) == model.short_edge


def test_sizes_of_ones_own_are_taken():
    cfg = fit(settings=Settings(augment=AugmentSettings(short_edge=(480, 320)))).cfg.INPUT
    assert (cfg.MIN_SIZE_TRAIN, cfg.MIN_SIZE_TEST, cfg.MAX_SIZE_TEST) == ((320, 480), 480, 800)


# Objects


@pytest.mark.parametrize(("most", "number"), [(9, 100), (66, 100), (67, 150), (300, 450)])
def test_there_is_room_for_the_fullest_image(most, number):
    assert choose_detections(most, 100) == number


def test_the_fullest_image_is_not_cut_off_at_a_hundred():
    facts = make_facts(make_part(9, boxes=BIG[:1] * 300, class_images=(1,)))
    assert fit(facts=facts).cfg.TEST.DETECTIONS_PER_IMAGE == 450
    assert fit("mask_rcnn_nano", facts).cfg.MODEL.RPN.POST_NMS_TOPK_TEST == 600


def two_classes(rare, *, images=100):
    boxes, of, kinds = BIG[:1] * (images + rare), [*range(images), *range(rare)], [0] * images + [1] * rare
    part = make_part(images, boxes=boxes, of=of, kinds=kinds, class_images=(images, rare))
    return make_facts(part, things=("common", "rare"))


def test_a_rare_class_is_repeated():
    facts = two_classes(4)
    assert is_unbalanced(facts)
    assert choose_repeats(facts) == (0.5, "rare is in 4 of 100 images, common in 100")
    cfg = fit(facts=facts).cfg
    assert cfg.DATALOADER.SAMPLER_TRAIN == "RepeatFactorTrainingSampler"
    records = [{"annotations": [{"category_id": k} for k in ((0, 1) if i < 4 else (0,))]} for i in range(100)]
    repeats = compute_repeats(records, cfg)
    assert repeats[5] == 1
    assert repeats[0] == pytest.approx((0.5 / 0.04) ** 0.5)


def test_the_rarest_class_is_shown_at_most_four_times_as_often():
    threshold, _ = choose_repeats(two_classes(1))
    assert (threshold / 0.01) ** 0.5 == pytest.approx(4)


def test_balanced_classes_are_left_alone_unless_it_is_asked_for():
    assert fit(facts=two_classes(50)).cfg.DATALOADER.SAMPLER_TRAIN == "TrainingSampler"
    asked = Settings(train=TrainSettings(balance="on"))
    assert "Repeat" in fit(facts=two_classes(30), settings=asked).cfg.DATALOADER.SAMPLER_TRAIN
    off = Settings(train=TrainSettings(balance="off"))
    assert fit(facts=two_classes(4), settings=off).cfg.DATALOADER.SAMPLER_TRAIN == "TrainingSampler"


@pytest.mark.parametrize("keep", [True, False])
def test_images_without_objects_stay_unless_they_are_not_wanted(keep):
    settings = Settings(train=TrainSettings(negatives=keep))
    assert fit(settings=settings).cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS is not keep


def test_the_smallest_piece_of_stuff_follows_the_size_of_the_images():
    small = make_part(size=(64, 48), stuff_areas=[500] * 9)
    assert choose_stuff_area(make_facts(small), 4096)[0] == 40
    thin = make_part(size=(640, 480), stuff_areas=[100] * 9)
    assert choose_stuff_area(make_facts(thin), 4096)[0] == 50
    large = make_part(size=(4000, 3000), stuff_areas=[90_000] * 9)
    assert choose_stuff_area(make_facts(large), 4096)[0] == 4096


# What was said


def test_what_was_typed_wins_and_what_the_data_suggest_is_told():
    derived = fit(said={"SOLVER.BASE_LR": Said(value=0.1, where="typed")})
    assert derived.cfg.SOLVER.BASE_LR == 0.1
    told = reason(derived, "SOLVER.BASE_LR")
    assert told == "typed; otherwise 0.005 (linear rule: 0.02 for 16 images a step, so 0.005 for 4)"


def test_later_rules_follow_what_was_typed():
    derived = fit(said={"SOLVER.IMS_PER_BATCH": Said(value=8, where="typed")})
    assert np.isclose(derived.cfg.SOLVER.BASE_LR, 0.01)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("MODEL.ROI_HEADS.NUM_CLASSES", 80, "must be 1 (1 class: balloon), but 80 is typed"),
        ("DATASETS.TRAIN", ("x",), "the dataset is the project's"),
        ("SOLVER.MAX_ITER", 0, "must be 1 or more"),
        ("SEED", 7, "the seed is train.seed (--seed); drop it"),
        ("SOLVER.CLIP_GRADIENTS.CLIP_VALUE", 7.0, "clipping is train.clip"),
        ("TEST.AUG.ENABLED", True, "scores are of one look"),
    ],
)
def test_what_was_typed_and_cannot_work_is_a_problem(key, value, words):
    derived = fit(said={key: Said(value=value, where="typed")})
    assert words in derived.problems[0]
    with pytest.raises(ModelError, match="must"):
        derived.require_workable()


def test_a_seed_that_says_what_train_seed_says_is_no_problem():
    settings = Settings(train=TrainSettings(seed=7))
    said = {"SEED": Said(value=7, where="typed")}
    assert not fit(said=said, settings=settings).problems
    assert fit(said=said).problems


def test_a_batch_that_cannot_be_shared_is_a_problem():
    settings = Settings(train=TrainSettings(batch=5, accumulate=2))
    assert "must be a multiple of 2" in fit(settings=settings).problems[0]


def test_a_row_of_another_task_is_a_problem():
    facts = make_facts(make_part(9, class_images=(1,)), task="semantic")
    assert "must be a row for semantic projects, but is for instance" in fit(facts=facts).problems[0]


# What a person reads


def test_every_change_has_a_reason_and_nothing_else_changed():
    derived = fit()
    assert all(change.reason for change in derived.changes)
    assert all(change.old != change.new for change in derived.changes)


def test_the_diff_is_grouped_and_wrapped():
    change = Change(key="SOLVER.BASE_LR", old=0.02, new=0.0025, reason="because " * 30)
    text = format_changes([change, Change(key="SEED", old=-1, new=3, reason="typed")], width=60)
    assert text.splitlines()[:3] == ["(top)", "  SEED  -1 → 3", "        typed"]
    assert "  BASE_LR  0.02 → 0.0025" in text
    assert max(map(len, text.splitlines())) <= 60


@pytest.mark.parametrize(
    ("value", "text"),
    [((1,), "(1,)"), ([1, 2.5], "[1, 2.5]"), ("a", "'a'"), (1 / 3, "0.333333"), (True, "True")],
)
def test_values_are_shown_as_they_are_typed(value, text):
    assert show(value) == text


def test_boxes_are_resized_as_detectron2_resizes_images():
    from detectron2.data.transforms import ResizeShortestEdge

    rng = np.random.default_rng(0)
    for width, height in rng.integers(20, 2000, (50, 2)):
        part = make_part(1, size=(width, height), boxes=[(0, 0, width, height)])
        new_height, new_width = ResizeShortestEdge.get_output_shape(int(height), int(width), 320, 533)
        (box,) = part.resize_boxes(320, 533)
        assert np.abs(box - (new_width, new_height)).max() <= 0.5 + 1e-9

"""Keys in capitals are Detectron2's: they exist, and values are of their kind, or the message says what is."""

import pytest

pytest.importorskip("detectron2")

from workbench.engine.config.keys import find_extension
from workbench.engine.config.typed import parse_value, read_table, read_typed
from workbench.engine.models.build import row_config
from workbench.engine.models.table import MODELS
from workbench.errors import ProjectError

ROW = row_config(MODELS["mask_rcnn_r50"])


def read(key, text):
    return read_typed(ROW, {key: text})[key].value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("SOLVER.BASE_LR", "0.001", 0.001),
        ("SOLVER.BASE_LR", "1", 1.0),
        ("SOLVER.MAX_ITER", "1e4", 10_000),
        ("SOLVER.STEPS", "[10, 20]", (10, 20)),
        ("SOLVER.STEPS", "()", ()),
        ("INPUT.MIN_SIZE_TRAIN", "(640,)", (640,)),
        ("MODEL.ANCHOR_GENERATOR.SIZES", "[[8], [16]]", [[8], [16]]),
        ("MODEL.MASK_ON", "false", False),
        ("MODEL.MASK_ON", "True", True),
        ("MODEL.WEIGHTS", "123", "123"),
        ("MODEL.WEIGHTS", "", ""),
        ("SOLVER.WEIGHT_DECAY_BIAS", "None", None),
        ("SOLVER.WEIGHT_DECAY_BIAS", "0.1", 0.1),
        ("DATASETS.TEST", '("val",)', ("val",)),
    ],
)
def test_values_become_of_the_key_s_kind(key, text, value):
    got = read(key, text)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        (
            "DATASETS.TEST",
            '("val")',
            r"must be a tuple, but got 'val'; one value alone is written \('val',\)",
        ),
        ("INPUT.MIN_SIZE_TRAIN", "640", r"must be a tuple, but got 640; one value alone is written \(640,\)"),
        ("INPUT.MIN_SIZE_TRAIN", "('a',)", "must hold numbers"),
        ("SOLVER.STEPS", "({1},)", "must hold numbers or texts"),
        ("SOLVER.BASE_LR", "fast", "must be a number, but got 'fast'"),
        ("SOLVER.BASE_LR", "True", "must be a number, but got True"),
        ("SOLVER.BASE_LR", "1e999", "must be a finite number"),
        ("SOLVER.MAX_ITER", "1.5", "must be a whole number"),
        ("MODEL.MASK_ON", "1", "must be True or False"),
        ("SOLVER", "5", "but is a section"),
        ("SOLVER.BASE_LR", "__import__('os').system('true')", "must be a number"),
        ("SOLVER.BASE_LR", "(" * 5000, "must be a number"),
        ("SOLVER.BASE_LR", "1" * 20_000, "at most 10000 characters"),
    ],
)
def test_a_value_of_another_kind_is_an_error(key, text, words):
    with pytest.raises(ProjectError, match=words):
        read(key, text)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("SOLVER.BASELR", 'did you mean "SOLVER.BASE_LR"'),
        ("BASE_LR", 'did you mean "SOLVER.BASE_LR"'),
        ("SOLVER.BASE_LRR", 'did you mean "SOLVER.BASE_LR"'),
        ("MODEL.ROI_HEAD.NUM_CLASSES", 'did you mean "MODEL.ROI_HEADS.NUM_CLASSES"'),
        ("MODEL.WEIGHT", "is now MODEL.WEIGHTS"),
        ("TRAIN.IMS_PER_BATCH", "is now SOLVER.IMS_PER_BATCH"),
        ("TEST.DETECTIONS_PER_IMG", "is now TEST.DETECTIONS_PER_IMAGE"),
        ("MODEL.POINT_HEAD.NUM_CLASSES", "belongs to point_rend"),
        ("MODEL.INS_EMBED_HEAD.NORM", "belongs to panoptic_deeplab"),
        ("SOLVER.POLY_LR_POWER", "belongs to deeplab"),
        ("SOLVER.XYZZY", "SOLVER has LR_SCHEDULER_NAME"),
        ("XYZZY", "its sections are"),
    ],
)
def test_an_unknown_key_says_what_was_meant(key, words):
    with pytest.raises(ProjectError, match=words):
        read(key, "1")


def test_a_table_of_a_project_may_nest_or_not():
    nested = read_table(ROW, {"SOLVER": {"MAX_ITER": 5}}, "project.toml")
    flat = read_table(ROW, {"SOLVER.MAX_ITER": 5}, "project.toml")
    assert nested == flat
    assert nested["SOLVER.MAX_ITER"].value == 5


def test_plain_keys_belong_to_no_extension():
    assert find_extension("SOLVER.BASE_LR") == ""


@pytest.mark.parametrize(
    "text", ["__import__('os').system('touch x')", "!!python/name:os.system", "{[", "a: b"]
)
def test_text_is_never_run(text):
    assert parse_value(text) == text

"""hotcoco on the same truth and predictions, as the one that our numbers must equal."""

import copy
from functools import cache

import hotcoco

from workbench.evaluation.one_iou.ranking import rank
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs

from .scenes import draw_case, scene_of

IOU_TYPES = {"box": "bbox", "mask": "segm"}


def judge(truth, answers, kind):
    right = hotcoco.COCO(copy.deepcopy(truth))
    one = hotcoco.COCOeval(right, right.load_res(copy.deepcopy(answers)), IOU_TYPES[kind])
    one.evaluate()
    one.accumulate()
    return one


def matched(scene, kind="box"):
    """The scene's matches and what counts of them."""
    matches = match(scene, compute_pairs(scene, kind))
    return matches, rank(scene, matches)


@cache
def drawn_cases(count=40):
    """Random truth and answers that have both, with their scene."""
    drawn = [draw_case(seed) for seed in range(count)]
    return [(truth, rows, scene_of(truth, rows)) for truth, rows in drawn if rows and truth["annotations"]]

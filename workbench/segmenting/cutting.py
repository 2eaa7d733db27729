"""GrabCut: models of the colours of objects and background, and the cheapest line between the two."""

from typing import TYPE_CHECKING

import numpy as np

from workbench.segmenting.evidence import compute_evidence, find_rim, find_threshold
from workbench.segmenting.frame import Frame
from workbench.segmenting.libraries import opencv
from workbench.segmenting.objects import clean, measure_depth, part_touching
from workbench.segmenting.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[np.int32]
    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float32]

ROUNDS = 4
DEEP = 0.5  # of the deepest pixel of all that is above the threshold: surely an object
AROUND = 0.3  # of its size, around a box, is looked at
MIDDLE = (0.2, 0.8)  # of the image: where the object is when nothing else tells


def find_by_grabcut(frame: Frame, settings: Settings) -> "Labels":
    """From boxes one object each; else from what is above the threshold, or, if nothing is, from the middle."""
    if settings.boxes:
        return _cut_boxes(frame, settings)
    evidence = compute_evidence(frame, settings)
    likely = clean(evidence > find_threshold(evidence), frame)
    share = likely.mean()
    guess = (
        _guess_middle(frame)
        if not settings.min_area < share < settings.max_area
        else _guess(likely, evidence, frame)
    )
    return part_touching(clean(_cut(frame.rgb, guess), frame), settings.split)


def _guess(likely: "Bools", evidence: "Floats", frame: Frame) -> "NDArray[np.uint8]":
    cv2 = opencv()
    guess = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    depth = measure_depth(likely)
    guess[depth > DEEP * depth.max()] = cv2.GC_FGD
    guess[find_rim(frame) & (evidence < find_threshold(evidence) / 2)] = cv2.GC_BGD
    return np.asarray(guess, np.uint8)


def _guess_middle(frame: Frame) -> "NDArray[np.uint8]":
    cv2 = opencv()
    high, wide = frame.rgb.shape[:2]
    guess = np.full((high, wide), cv2.GC_PR_BGD, np.uint8)
    low, top = MIDDLE
    guess[round(low * high) : round(top * high), round(low * wide) : round(top * wide)] = cv2.GC_PR_FGD
    guess[find_rim(frame)] = cv2.GC_BGD
    return guess


def _cut(rgb: "NDArray[np.uint8]", guess: "NDArray[np.uint8]") -> "Bools":
    """Let the colours decide; where the guess names only one side there is nothing to decide."""
    cv2 = opencv()
    front = np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if front.all() or not front.any():
        return front
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(rgb, guess, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    cut: Bools = np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD))
    return cut


def _cut_boxes(frame: Frame, settings: Settings) -> "Labels":
    """Each box on its own, with some of what is around it."""
    cv2 = opencv()
    labels = np.zeros(frame.rgb.shape[:2], np.int32)
    scale = frame.scale
    for number, box in enumerate(settings.boxes, 1):
        left, top, right, bottom = (value / scale[place % 2] for place, value in enumerate(box))
        wide, high = AROUND * (right - left), AROUND * (bottom - top)
        x, y = max(0, int(left - wide)), max(0, int(top - high))
        part = np.ascontiguousarray(frame.rgb[y : int(bottom + high) + 1, x : int(right + wide) + 1])
        inside = (
            slice(max(0, round(top) - y), round(bottom) - y),
            slice(max(0, round(left) - x), round(right) - x),
        )
        guess = np.full(part.shape[:2], cv2.GC_BGD, np.uint8)
        guess[inside] = cv2.GC_PR_FGD
        cut = _cut(part, guess)
        labels[y : y + cut.shape[0], x : x + cut.shape[1]][cut] = number
    return labels

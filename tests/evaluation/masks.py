"""Scenes of painted masks: by hand from boxes, or drawn at random and spoiled in a known way."""

import cv2
import numpy as np
from pycocotools import mask as coco

from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.mistakes.mask_errors import find_mask_errors
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.objects import build_scene
from workbench.evaluation.overlap.pairs import compute_pairs

SIDE = 300


def paint(*boxes, without=(), size=(120, 100)):
    """A mask of boxes (x, y, w, h), less other boxes."""
    picture = np.zeros(size, np.uint8)
    for value, some in ((1, boxes), (0, without)):
        for x, y, w, h in some:
            picture[y : y + h, x : x + w] = value
    return picture


def encode(picture):
    found = coco.encode(np.asfortranarray(picture))
    return found | {"counts": found["counts"].decode()}


def frame(picture):
    rows, columns = np.nonzero(picture)
    return [int(v) for v in (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)]


def row(picture, *, image=1, category=1, **more):
    box = frame(picture) if picture.any() else [0, 0, 0, 0]
    return {"image_id": image, "category_id": category, "bbox": box, "segmentation": encode(picture)} | more


def scene_of_masks(truths, answers):
    """Rows of pictures: dicts with `picture`, and for answers `score`."""
    rows = [
        row(**{"score": 0.9} | one) | {"area": int(one["picture"].sum()), "iscrowd": one.get("crowd", 0)}
        for one in truths
    ]
    sizes = {one.get("image", 1): one["picture"].shape for one in (*truths, *answers)}
    right = {
        "images": [
            {"id": n, "height": h, "width": w, "file_name": f"{n}.jpg"} for n, (h, w) in sizes.items()
        ],
        "categories": [{"id": n, "name": f"class {n}"} for n in (1, 2)],
        "annotations": [one | {"id": number} for number, one in enumerate(rows, 1)],
    }
    found = [row(**{"score": 0.9} | one) for one in answers]
    truth = read_truth(right)
    return build_scene(truth, read_predictions(found, truth))


def look(truths, answers, least=0.0):
    """Find what is wrong: (kind, prediction, truth, others)."""
    scene = scene_of_masks(truths, answers)
    matches = match(scene, compute_pairs(scene, "mask"))
    return find_mask_errors(scene, matches, scene.found.score >= least)


# drawn at random


def blob(generator, size, *, centre=None, thin=1.0):
    """A rounded shape of about this size in pixels, or a box."""
    turns = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    x, y = centre if centre is not None else generator.uniform(size / 2 + 20, SIDE - size / 2 - 20, 2)
    picture = np.zeros((SIDE, SIDE), np.uint8)
    if generator.random() < 0.25:
        half = size / 2 * np.array([generator.uniform(0.5, 1) * thin, generator.uniform(0.5, 1)])
        low, high = np.array([x, y]) - half, np.array([x, y]) + half
        cv2.rectangle(picture, low.round().astype(int).tolist(), high.round().astype(int).tolist(), 1, -1)
        return picture
    radius = (
        size
        / 2
        * (
            1
            + sum(
                generator.normal(0, 0.12 / k) * np.cos(k * turns + generator.random() * 6) for k in (2, 3, 5)
            )
        )
    )
    ring = np.stack([x + thin * radius * np.cos(turns), y + radius * np.sin(turns)], 1)
    return cv2.fillPoly(picture, [ring.round().astype(np.int32)], 1)


def jitter(generator, picture, amount):
    """Move the outline here and there by about this many pixels, as a hand or a network does."""
    noise = cv2.resize(
        generator.normal(0, 1, (SIDE // 12, SIDE // 12)), picture.shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    noise *= amount / max(1e-9, noise.std())
    inside = cv2.distanceTransform(picture, cv2.DIST_L2, 5) - cv2.distanceTransform(
        1 - picture, cv2.DIST_L2, 5
    )
    return (inside + noise > 0).astype(np.uint8)


def grow(picture, pixels):
    """Widen a mask by this many pixels on all sides, or narrow it."""
    if pixels >= 0:
        return (cv2.distanceTransform(1 - picture, cv2.DIST_L2, 5) <= pixels).astype(np.uint8)
    return (cv2.distanceTransform(picture, cv2.DIST_L2, 5) > -pixels).astype(np.uint8)


def shift(picture, x, y):
    return cv2.warpAffine(
        picture, np.float32([[1, 0, x], [0, 1, y]]), picture.shape[::-1], flags=cv2.INTER_NEAREST
    )

"""Worlds of boxes, and models that find them with some luck."""

import numpy as np

from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.overlap.objects import build_scene


def make_world(rng, images, classes=2, objects=3):
    """Draw a COCO truth."""
    rows = []
    for image in range(1, images + 1):
        for _ in range(1 + rng.poisson(objects - 1)):
            w, h = rng.uniform(20, 120, 2)
            x, y = rng.uniform(0, 500, 2)
            rows.append(
                {
                    "id": len(rows) + 1,
                    "image_id": image,
                    "category_id": int(rng.integers(1, classes + 1)),
                    "bbox": [float(value) for value in (x, y, w, h)],
                    "area": float(w * h),
                    "iscrowd": 0,
                }
            )
    return {
        "images": [
            {"id": n, "width": 640, "height": 640, "file_name": f"{n}.jpg"} for n in range(1, images + 1)
        ],
        "categories": [{"id": n, "name": f"class {n}"} for n in range(1, classes + 1)],
        "annotations": rows,
    }


def find(rng, truth, *, miss=0.2, noise=0.08, alarms=0.8):
    """Draw what a model finds: some missed, all a bit off, some of the wrong class, some from nowhere."""
    classes = len(truth["categories"])
    rows = []
    for row in truth["annotations"]:
        if rng.random() >= miss:
            x, y, w, h = row["bbox"]
            a, b, c, d = rng.normal(0, noise, 4)
            category = row["category_id"] if rng.random() > 0.05 else int(rng.integers(1, classes + 1))
            box = [x + a * w, y + b * h, w * np.exp(c), h * np.exp(d)]
            rows.append((row["image_id"], category, box, rng.beta(4, 2)))
    for image in truth["images"]:
        for _ in range(rng.poisson(alarms)):
            box = [*rng.uniform(0, 500, 2), *rng.uniform(20, 120, 2)]
            rows.append((image["id"], int(rng.integers(1, classes + 1)), box, rng.beta(2, 3)))
    return [
        {
            "image_id": image,
            "category_id": category,
            "bbox": [float(value) for value in box],
            "score": float(score),
        }
        for image, category, box, score in rows
    ]


def read_scene(truth, found):
    """Check both, and arrange them."""
    right = read_truth(truth)
    return build_scene(right, read_predictions(found, right))

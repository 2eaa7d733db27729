"""Small scenes for tests: drawn at random, with crowds, ties and overlaps, or of a few boxes by hand."""

import random

from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.overlap.objects import build_scene

HEIGHT, WIDTH = 120, 100


def ring(x, y, w, h):
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def truth_row(number, box, *, image=1, category=1, crowd=0, **more):
    row = {"id": number, "image_id": image, "category_id": category, "bbox": list(box)}
    return row | {"area": box[2] * box[3], "iscrowd": crowd, "segmentation": [ring(*box)]} | more


def make_truth(*rows, images=2, categories=2):
    sizes = {"height": HEIGHT, "width": WIDTH}
    return {
        "images": [{"id": n, "file_name": f"{n}.jpg"} | sizes for n in range(1, images + 1)],
        "categories": [{"id": n, "name": f"class {n}"} for n in range(1, categories + 1)],
        "annotations": list(rows),
    }


def runs_of(*boxes, height=HEIGHT, width=WIDTH):
    """The union of boxes of whole pixels as a COCO mask whose runs are a list."""
    picture = [[0] * height for _ in range(width)]
    for x, y, w, h in boxes:
        for column in picture[x : x + w]:
            column[y : y + h] = [1] * len(column[y : y + h])
    flat = [pixel for column in picture for pixel in column]
    runs, last = [0], 0
    for pixel in flat:
        if pixel != last:
            runs.append(0)
            last = pixel
        runs[-1] += 1
    return {"size": [height, width], "counts": runs}


def answer(box, score=0.5, *, image=1, category=1, **more):
    x, y, w, h = (round(value) for value in box)
    row = {"image_id": image, "category_id": category, "bbox": list(box), "score": score}
    return row | {"segmentation": runs_of((x, y, max(1, w), max(1, h)))} | more


def scene_of(truth, answers):
    right = read_truth(truth)
    return build_scene(right, read_predictions(answers, right))


def draw_case(seed, *, images=4, categories=3, truths=6, near=3, crowds=0.15):
    """Truths that overlap, and predictions near them; few scores, so that many are equal."""
    generator = random.Random(seed)
    rows, answers = [], []
    for image in range(1, images + 1):
        for _ in range(generator.randint(0, truths)):
            w, h = (min(90, int(generator.uniform(2, 70) ** generator.choice((1, 1.1)))) for _ in "wh")
            x, y = generator.randint(0, WIDTH - w), generator.randint(0, HEIGHT - h)
            crowd = int(generator.random() < crowds)
            box, category = [x, y, w, h], generator.randint(1, categories)
            mask = {"segmentation": runs_of(box)} if crowd else {}
            rows.append(truth_row(len(rows) + 1, box, image=image, category=category, crowd=crowd, **mask))
            for _ in range(generator.randint(0, near)):
                moved = [max(0, round(v + generator.gauss(0, 3))) for v in box]
                moved = [
                    min(moved[0], WIDTH - 1),
                    min(moved[1], HEIGHT - 1),
                    max(1, moved[2]),
                    max(1, moved[3]),
                ]
                score = round(generator.random(), 1)
                kind = generator.choice((category, category, 1))
                answers.append(answer(moved, score, image=image, category=kind))
    generator.shuffle(answers)
    return make_truth(*rows, images=images, categories=categories), answers

"""A good model on a truth some of whose labels were spoiled: what a search for label errors should find.

python -m tests.evaluation.mislabel 400 prints how many are found on 400 images, as in docs/mistakes.md.
"""

import sys
from collections import Counter

import numpy as np

from workbench.evaluation.kinds import SUSPICIONS
from workbench.evaluation.mistakes.findings import gather_findings
from workbench.evaluation.mistakes.suspects import list_suspects
from workbench.evaluation.overlap.matching import match
from workbench.evaluation.overlap.pairs import compute_pairs

from .scenes import make_truth, scene_of

SPOILED = 0.04  # of the labels, of each kind
WIDTH, HEIGHT = 100, 120


def draw_mislabelled(images, seed=0, spoiled=SPOILED):
    """Return truth and answers, and what was spoiled: {(image, kind): how often}."""
    generator = np.random.default_rng(seed)
    truths, answers, spoils = [], [], Counter()
    for image in range(1, images + 1):
        for box in _draw_boxes(generator):
            category = int(generator.integers(1, 4))
            answers += _answer(generator, box, category, image)
            kind = generator.choice(["", *SUSPICIONS], p=[1 - 4 * spoiled, *[spoiled] * 4])
            if kind:
                spoils[image, str(kind)] += 1
            if kind == "wrong-class":
                category = category % 3 + 1
            if kind == "poor-outline":
                box = _widen(box, generator)
            if kind != "missing-label":
                truths.append(_label(len(truths) + 1, box, category, image))
            if kind == "spurious-label":
                truths.append(_label(len(truths) + 1, _find_room(generator, box), category, image))
    return make_truth(*truths, images=images, categories=3), answers, spoils


def _draw_boxes(generator):
    """A few boxes, each in a cell of its own of the left two thirds; the rest is room."""
    for row in range(4):
        for column in range(2):
            if generator.random() < 0.6:
                w, h = generator.uniform(12, 26, 2)
                yield np.array(
                    [column * 32 + generator.uniform(0, 5), row * 30 + generator.uniform(0, 3), w, h]
                )


def _find_room(generator, box):
    return np.array([68 + generator.uniform(0, 3), generator.integers(0, 4) * 30, *box[2:]])


def _widen(box, generator):
    x, y, w, h = box
    side = generator.uniform(0.25, 0.4)
    return np.array([max(0, x - side * w), max(0, y - side * h), w * (1 + 2 * side), h * (1 + 2 * side)])


def _label(number, box, category, image):
    own = [round(float(value), 2) for value in box]
    row = {"id": number, "image_id": image, "category_id": category, "bbox": own, "iscrowd": 0}
    return row | {"area": own[2] * own[3]}


def _answer(generator, box, category, image):
    """93 of 100 are found, 2 of those under a wrong name; most others are touched by something of a low score."""
    rows = []
    luck = generator.random()
    if 0.93 <= luck < 0.98:
        rows.append((box * np.array([1, 1, 0.6, 0.6]), category, generator.beta(2, 9)))
    if luck < 0.93:
        near = box + generator.normal(0, 0.03, 4) * np.array([*box[2:], *box[2:]])
        wrong = generator.random() < 0.02
        named = category % 3 + 1 if wrong else category
        rows.append((near, named, generator.beta(*((3, 4) if wrong else (9, 2)))))
    if generator.random() < 0.15:
        stray = np.array([*generator.uniform(0, 60, 2), *generator.uniform(8, 30, 2)])
        rows.append((stray, int(generator.integers(1, 4)), generator.beta(2, 7)))
    return [
        {
            "image_id": image,
            "category_id": kind,
            "score": round(float(score), 4),
            "bbox": near.round(2).tolist(),
        }
        for near, kind, score in rows
    ]


def find(truth, answers):
    scene = scene_of(truth, answers)
    findings = gather_findings(scene, match(scene, compute_pairs(scene, "box")))
    return list_suspects(findings, {})


def count_found(images, seed=0):
    """Of each kind: how many were spoiled, how many of those are named, and how many are named at all."""
    truth, answers, spoils = draw_mislabelled(images, seed)
    named = Counter((row["image_id"], row["kind"]) for row in find(truth, answers))
    table = {}
    for kind in SUSPICIONS:
        there = {key: count for key, count in spoils.items() if key[1] == kind}
        said = {key: count for key, count in named.items() if key[1] == kind}
        hits = sum(min(count, said.get(key, 0)) for key, count in there.items())
        table[kind] = (sum(there.values()), hits, sum(said.values()))
    return table


if __name__ == "__main__":
    lines = [
        f"{kind:15} {there} spoiled, {hits} of them named: recall {hits / there:.2f}, precision {hits / said:.2f}"
        for kind, (there, hits, said) in count_found(int(sys.argv[1])).items()
    ]
    sys.stdout.write("\n".join(lines) + "\n")

"""Does a model do badly on images on which it contradicts itself? On new photographs of a drawn sample.

    python -m benchmarks.useful_images RUN [--sample balloons] [--images 100] [--pick 20]

RUN is a trained run on the sample. The sample's painter goes on where it stopped: no image was ever learned from, and
the truth is known to this script alone. An image's score is F1, the mean over COCO's ten thresholds of IoU.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from tools.draw.__main__ import draw_photograph
from tools.draw.samples import SAMPLES
from workbench.data.dataset import Image as DatasetImage
from workbench.data.mask import iou
from workbench.engine.prediction.disagreement import measure_disagreement
from workbench.engine.prediction.images import Seen, predict_images, ready
from workbench.formats.images import read_facts
from workbench.formats.labelme import read_annotation
from workbench.prepare.collect import collect_instances
from workbench.prepare.diversity import pick_diverse
from workbench.run import Run

THRESHOLDS = np.arange(0.5, 1, 0.05)
DRAWS = 5_000


def score_image(seen: Seen) -> float:
    """Match the surest first, each truth once; 1 where nothing is there and nothing was found."""
    annotation = read_annotation(seen.path.with_suffix(".json"))
    about = DatasetImage(path="a.jpg", width=seen.width, height=seen.height, annotation="a.json")
    categories = {category.name: category for category in seen.categories}
    truths = list(collect_instances(annotation, about, categories).instances)
    table = np.array(
        [
            [iou(truth.mask, one.segmentation) * (truth.category_id == one.category_id) for one in seen.found]
            for truth in truths
        ]
    ).reshape(len(truths), len(seen.found))
    if not truths and not seen.found:
        return 1.0
    scores = []
    for threshold in THRESHOLDS:
        left = set(range(len(truths)))
        for column in table.T:
            best = max(left, key=lambda row: column[row], default=None)
            if best is not None and column[best] >= threshold:
                left.remove(best)
        scores.append(2 * (len(truths) - len(left)) / (len(truths) + len(seen.found)))
    return float(np.mean(scores))


def rank(values: np.ndarray) -> np.ndarray:
    """Ranks, equal values sharing theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def correlate(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation."""
    return float(np.corrcoef(rank(one), rank(other))[0, 1])


def main() -> None:
    """Print the correlation, and what picking brings beside luck."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--sample", default="balloons", choices=sorted(SAMPLES))
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--pick", type=int, default=20)
    parser.add_argument("--min-score", type=float, default=0.5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    sample = SAMPLES[args.sample]
    model = ready(Run(folder=args.run), "cpu")
    with tempfile.TemporaryDirectory() as home:
        jsons = [draw_photograph(sample, sample.count + place, Path(home)) for place in range(args.images)]
        paths = [path.with_suffix(".jpg") for path in jsons]
        seen = list(predict_images(model, paths, min_score=args.min_score))
        truth = np.array([score_image(one) for one in seen])
        unsure = np.array([1 - np.mean([one.score for one in image.found] or [0]) for image in seen])
        start = time.process_time()
        useful = np.array([score for _, score, _ in measure_disagreement(model, paths)])
        seconds = (time.process_time() - start) / len(paths)
        looks = [read_facts(path, pixels=True).look for path in paths]
    picked = pick_diverse(looks, useful.tolist(), args.pick)
    chance = np.random.default_rng(0)
    random = np.array([truth[chance.permutation(len(truth))[: args.pick]].mean() for _ in range(DRAWS)])
    low, high = np.quantile(random, [0.025, 0.975])
    print(
        f"{len(paths)} new images of {args.sample}, mean score {truth.mean():.3f}, {seconds:.2f} s an image"
    )
    print(f"rank correlation with the score: disagreement {correlate(useful, truth):+.2f}, ", end="")
    print(f"low scores alone {correlate(unsure, truth):+.2f}")
    print(f"mean score of the {args.pick} picked: {truth[picked].mean():.3f}; of as many at random: ", end="")
    print(
        f"{random.mean():.3f} ({low:.3f} to {high:.3f}); {(random <= truth[picked].mean()).mean():.4f} as low"
    )


if __name__ == "__main__":
    main()

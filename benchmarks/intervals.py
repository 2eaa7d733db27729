"""How often the intervals hold: of samples of drawn images, how many have the AP of all images in their interval.

    python -m benchmarks.intervals [--samples 100]

All images are 2,000 with 20,000 objects in ten classes; a sample takes some of them without putting any back. Beside
the workbench's intervals stand plain ones: where 95 of 100 draws lie, without knowing that AP comes out higher of few
images than of many.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.drawn_scenes import write_scene
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import read_truth
from workbench.evaluation.overlap.matching import Matches, match
from workbench.evaluation.overlap.objects import Scene, build_scene
from workbench.evaluation.overlap.pairs import compute_pairs
from workbench.evaluation.sampling.bootstrap import Draws, draw_weights, score_draws
from workbench.evaluation.sampling.seen import count_bursts, find_wanted

DRAWS, IMAGES, KEYS = 200, 2000, ("AP", "AP50", "AR100")


def read_drawn() -> Scene:
    """Draw all images."""
    with tempfile.TemporaryDirectory() as home:
        truth, results, *_ = write_scene(Path(home), IMAGES, 10, 20)
        right = read_truth(truth)
        return build_scene(right, read_predictions(results, right))


def draw_sample(scene: Scene, matches: Matches, size: int, seed: int) -> Draws:
    """Take some images, and draw from them again and again."""
    own = np.random.default_rng(seed).choice(IMAGES, size, replace=False)
    weights = np.zeros((IMAGES, DRAWS + 1), np.float32)
    weights[own, 0] = 1
    weights[own, 1:] = draw_weights(size, DRAWS, seed)
    values = score_draws(scene, matches, weights)
    return Draws(
        kind=matches.kind,
        categories=scene.categories,
        values={key: table[:, 1:] for key, table in values.items()},
        centre={key: table[:, 0] for key, table in values.items()},
        seen=count_bursts(find_wanted(scene, matches)[own], np.arange(size)),
    )


def report(scene: Scene, matches: Matches, size: int, samples: int) -> None:
    """Print how many samples hold, for the mean over classes and for a single class."""
    every = score_draws(scene, matches, np.ones((IMAGES, 1), np.float32))
    drawn = [draw_sample(scene, matches, size, seed) for seed in range(samples)]
    for row, (category, title) in enumerate([("", "mean over classes"), (scene.categories[0], "one class")]):
        for key in KEYS:
            right = float(every[key][row, 0])
            above = np.mean([one.centre[key][row] for one in drawn]) - right
            plain = [np.quantile(one.of(key, category), (0.025, 0.975)) for one in drawn]
            ours = [one.interval(key, category) for one in drawn]
            held = [np.mean([low <= right <= high for low, high in some]) for some in (ours, plain)]
            width = np.mean([high - low for low, high in ours])
            print(
                f"{size:4} images  {title:18} {key:6} {right:.3f}, too high by {above:+.3f}   "
                f"ours {held[0]:4.0%} (width {width:.3f})   plain {held[1]:4.0%}"
            )


def main() -> None:
    """Try small and middling samples."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=100)
    args = parser.parse_args()
    scene = read_drawn()
    matches = match(scene, compute_pairs(scene, "mask"))
    for size in (40, 200):
        report(scene, matches, size, args.samples)


if __name__ == "__main__":
    main()

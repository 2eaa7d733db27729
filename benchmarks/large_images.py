"""Do tiles find what a large image hides, and double nothing? Photographs of the balloons sample as one mosaic.

    python -m benchmarks.large_images RUN [--side 8] [--tile 320]

RUN is a trained run on the drawn balloons. The photographs are new ones: the sample's painter goes on where it stopped.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tools.draw.__main__ import draw_photograph
from tools.draw.samples import SAMPLES
from workbench.data.dataset import Image as DatasetImage
from workbench.data.mask import Mask, array_to_mask, iou, mask_to_array
from workbench.engine.prediction.images import predict_images, ready
from workbench.engine.prediction.predictor import Predictor
from workbench.formats.labelme import read_annotation
from workbench.prepare.collect import collect_instances
from workbench.project import make_categories
from workbench.run import Run

CELL = 288


def paint_mosaic(folder: Path, side: int) -> tuple[Path, list[Mask]]:
    """Lay side x side photographs beside one another; their objects are known."""
    whole = np.full((side * CELL, side * CELL, 3), 120, np.uint8)
    truths = []
    categories = {one.name: one for one in make_categories(["balloon"], [])}
    for number in range(side * side):
        annotation = read_annotation(
            draw_photograph(SAMPLES["balloons"], SAMPLES["balloons"].count + number, folder)
        )
        width, height = annotation.image_size
        top, left = (place * CELL for place in divmod(number, side))
        whole[top : top + height, left : left + width] = np.asarray(
            Image.open(folder / annotation.image_path).convert("RGB")
        )
        about = DatasetImage(path="a.jpg", width=width, height=height, annotation="a.json")
        for instance in collect_instances(annotation, about, categories).instances:
            canvas = np.zeros(whole.shape[:2], np.uint8)
            canvas[top : top + height, left : left + width] = mask_to_array(instance.mask)
            truths.append(array_to_mask(canvas))
    path = folder / "mosaic.png"
    Image.fromarray(whole).save(path)
    return path, truths


def see(model: Predictor, path: Path, tile: int = 0) -> list[Mask]:
    """Return the masks of what the model is rather sure of."""
    (seen,) = predict_images(model, [path], min_score=0.5, tile=tile)
    return [one.segmentation for one in seen.found]


def see_each(model: Predictor, folder: Path, side: int) -> list[Mask]:
    """Show the photographs alone, as the model learned them, and lay what it finds on the mosaic."""
    found = []
    for number, path in enumerate(sorted(folder.glob("*.jpg"))):
        top, left = (place * CELL for place in divmod(number, side))
        for mask in see(model, path):
            canvas = np.zeros((side * CELL, side * CELL), np.uint8)
            canvas[top : top + mask.height, left : left + mask.width] = mask_to_array(mask)
            found.append(array_to_mask(canvas))
    return found


def match(truths: list[Mask], found: list[Mask]) -> tuple[int, int, int]:
    """Count truths found, truths found twice or more, and finds that are no object's."""
    hits = np.array([[iou(truth, one) >= 0.5 for one in found] for truth in truths]).reshape(len(truths), -1)
    many = hits.sum(axis=1)
    return int((many > 0).sum()), int((many > 1).sum()), int((hits.sum(axis=0) == 0).sum())


def main() -> None:
    """Print what is found with and without tiles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--side", type=int, default=8)
    parser.add_argument("--tile", type=int, default=320)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = ready(Run(folder=args.run), "cpu")
    with tempfile.TemporaryDirectory() as folder:
        path, truths = paint_mosaic(Path(folder), args.side)
        print(f"{args.side * CELL} x {args.side * CELL} px, {len(truths)} balloons; score of 0.5 or more")
        for name, tile in (("whole", 0), (f"tiles of {args.tile} px", args.tile), ("one by one", -1)):
            start = time.process_time()
            found = see_each(model, Path(folder), args.side) if tile < 0 else see(model, path, tile)
            seconds = time.process_time() - start
            hit, twice, false = match(truths, found)
            print(
                f"{name:16} {hit:4} of {len(truths)} found, {twice} of them twice, "
                f"{false} false alarms, {seconds:.1f} s"
            )


if __name__ == "__main__":
    main()

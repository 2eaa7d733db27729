"""A run into FiftyOne, matched and ready to be looked at: the workbench beside FiftyOne's own import and evaluation.

    python -m benchmarks.review [--images 500] [--ours]
    python -m benchmarks.review --large

Ten truths and twenty predictions an image of 640 x 480, ten classes, masks. Each side starts in a fresh process with a
database that runs and FiftyOne imported, and ends when the dataset could be opened in the App:

    FiftyOne   Dataset.from_dir of the COCO truth, add_coco_labels of the results, evaluate_detections (masks, mAP)
    workbench  what `workbench review --no-app` does: read, check, match, name mistakes, fill, saved views, colours

Boxes are the masks' frames, so that FiftyOne's import cuts nothing off: both must give the same mAP. Processor
seconds are those of Python and of mongod. --large reviews 10,000 images, 100,000 truths and 200,000 predictions by the
workbench alone, and tells its peak memory.
"""

import argparse
import os
import resource
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson
from PIL import Image

from benchmarks.drawn_scenes import CLASSES, HEIGHT, WIDTH, write_scene

TRUTHS, FOUND = 10, 20
NAME = "20260101-000000-drawn"
TENTH = 10  # what is asked for


def write_project(home: Path, images: int) -> Path:
    """A project whose run found what was drawn; return the run's folder."""
    from workbench.data.dataset import Category
    from workbench.data.manifest import Manifest
    from workbench.formats.manifest import digest_outputs, write_manifest

    project, photos = home / "projects" / "drawn", home / "annotations" / "drawn"
    dataset, run = project / "datasets" / "drawn", project / "runs" / NAME
    for folder in (dataset, run / "predictions", photos):
        folder.mkdir(parents=True)
    truth, results = dataset / "val.json", run / "predictions" / "val.json"
    drawn = write_scene(home, images, TRUTHS, FOUND)
    _write_without_ties(drawn[1], results)
    rows = _write_run_lengths(drawn[0], truth)
    Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 90)).save(home / "plain.jpg")
    for row in rows["images"]:
        os.link(home / "plain.jpg", photos / row["file_name"])
    categories = tuple(
        Category(id=row["id"], name=row["name"], thing=True, color=(0, 0, 0)) for row in rows["categories"]
    )
    write_manifest(dataset, Manifest(
        fingerprint="drawn", converter=1, workbench="", project="drawn", task="instance", categories=categories,
        unlabelled=None, options={}, image_root=os.path.relpath(photos, dataset), sources=(),
        parts={row["file_name"]: "val" for row in rows["images"]}, counts={}, outputs=digest_outputs(dataset),
    ))  # fmt: skip
    about = {"task": "instance", "dataset": {"folder": str(dataset), "fingerprint": "drawn"}}
    (run / "run.json").write_bytes(orjson.dumps(about))
    return run


def _write_run_lengths(drawn: Path, truth: Path) -> dict[str, Any]:
    """Masks in place of outlines, for both sides."""
    from pycocotools import mask as codec

    raw: dict[str, Any] = orjson.loads(drawn.read_bytes())
    for row in raw["annotations"]:
        mask = codec.merge(codec.frPyObjects(row["segmentation"], HEIGHT, WIDTH))
        row["segmentation"] = {"size": mask["size"], "counts": mask["counts"].decode()}
    raw["annotations"] = [row for row in raw["annotations"] if row["bbox"][2] and row["bbox"][3]]
    truth.write_bytes(orjson.dumps(raw))
    return raw


def _write_without_ties(drawn: Path, results: Path) -> None:
    """Of equal scores FiftyOne takes the right ones first, which COCO does not."""
    rows = orjson.loads(drawn.read_bytes())
    for place, row in enumerate(rows):
        row["score"] -= place * 1e-9
    results.write_bytes(orjson.dumps(rows))


def review_by_fiftyone(database: Any, run: Path) -> tuple[float, dict[str, float]]:
    """Its documented way; return the mAP, and how long each step took."""
    fo, coco = database.fo, database.load("utils.coco")
    project = run.parents[1]
    truth, photos = project / "datasets" / "drawn" / "val.json", project.parents[1] / "annotations" / "drawn"
    start = time.perf_counter()
    dataset = fo.Dataset.from_dir(
        dataset_type=fo.types.COCODetectionDataset, data_path=str(photos), labels_path=str(truth),
        label_types="segmentations", label_field="truth", include_id=True,
    )  # fmt: skip
    categories = orjson.loads(truth.read_bytes())["categories"]
    coco.add_coco_labels(
        dataset, "found", str(run / "predictions" / "val.json"), categories, label_type="segmentations",
        coco_id_field="truth_coco_id",
    )  # fmt: skip
    imported = time.perf_counter()
    results = dataset.evaluate_detections(
        "found", gt_field="truth_segmentations", eval_key="eval", use_masks=True, compute_mAP=True
    )
    return results.mAP(), {"import": imported - start, "evaluate": time.perf_counter() - imported}


def review_by_us(database: Any, run: Path) -> tuple[float, dict[str, float]]:
    """The whole of the command, but for what it prints."""
    from workbench.evaluation.run_part import find_part
    from workbench.review.project import review_run
    from workbench.run import Run

    start = time.perf_counter()
    found = review_run(database, find_part(Run(folder=run), "val"))
    result = found.dataset.load_evaluation_results(f"eval_{found.field}").mAP()
    return result, {"review": time.perf_counter() - start}


SIDES = {"fiftyone": review_by_fiftyone, "workbench": review_by_us}


def measure(side: str, run: Path) -> dict[str, Any]:
    """One side, once."""
    from workbench.review.session import open_database

    with open_database() as database:
        server = orjson.loads((database.folder / "server.json").read_bytes())["process"]
        before, begun, start = _count_server(server), time.process_time(), time.perf_counter()
        average, steps = SIDES[side](database, run)
        return {
            "mAP": average,
            "seconds": time.perf_counter() - start,
            "processor": time.process_time() - begun + _count_server(server) - before,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            **steps,
        }


def _count_server(process: int) -> float:
    """Processor seconds of mongod."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _measure_apart(side: str, run: Path, database: Path) -> dict[str, Any]:
    os.environ["WORKBENCH_DATABASE"] = str(database)
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (side, run))


def main() -> None:
    """Print a table and the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--ours", action="store_true", help="the workbench alone")
    parser.add_argument("--large", action="store_true", help="10,000 images by the workbench alone")
    args = parser.parse_args()
    sides = ["workbench"] if args.ours or args.large else list(SIDES)
    with tempfile.TemporaryDirectory() as home:
        run = write_project(Path(home), 10_000 if args.large else args.images)
        found = {side: _measure_apart(side, run, Path(home) / side) for side in sides}
    for side, row in found.items():
        print(side.ljust(10), "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    if len(found) == 2:
        ours, theirs = found["workbench"], found["fiftyone"]
        for key in ("seconds", "processor"):
            print(f"{key}: {theirs[key] / ours[key]:.1f} times as fast (asked: {TENTH})")
        print(f"mAP differs by {abs(theirs['mAP'] - ours['mAP']):.1e}; {CLASSES} classes")


if __name__ == "__main__":
    main()

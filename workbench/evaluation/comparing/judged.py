"""What a run found, beside what it was judged on: read once, and cut to what runs have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import InputMissing
from workbench.evaluation.coco.coco_predictions import read_predictions
from workbench.evaluation.coco.coco_truth import Truth, read_truth
from workbench.evaluation.coco.outlines import rasterise
from workbench.evaluation.comparing.part_pictures import (
    arrange_pixels,
    arrange_segments,
    find_picture_digests,
)
from workbench.evaluation.comparing.val_sets import JudgedImage, ValSet, digest_truths, hash_text, name_keys
from workbench.evaluation.overlap.objects import Scene, build_scene
from workbench.evaluation.panoptic_quality import Segments
from workbench.evaluation.run_part import RunPart
from workbench.evaluation.sampling.bursts import find_bursts
from workbench.evaluation.sampling.picture_draws import Pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One run, or one file of predictions; rows of segments and pixels are images in the order of `val`."""

    name: str
    val: ValSet
    scene: Scene | None = None
    segments: Segments | None = None
    pixels: Pixels | None = None


def read_files(truth: Path, predictions: Sequence[Path]) -> list[Judged]:
    """Read several COCO results on one COCO dataset."""
    right = rasterise(read_truth(truth))
    keys = name_keys([right.files[number] for number in right.sizes], {})
    val = _describe(
        right, keys, digest_truths(right), [right.names[number] for number in sorted(right.names)]
    )
    return [
        Judged(name=str(path), val=val, scene=build_scene(right, read_predictions(path, right)))
        for path in predictions
    ]


def read_parts(parts: Sequence[RunPart]) -> list[Judged]:
    """Read several runs; a dataset that some of them share is read once."""
    known: dict[Path, tuple[Truth, ValSet]] = {}
    return [_read_part(part, known) for part in parts]


def _read_part(part: RunPart, known: dict[Path, tuple[Truth, ValSet]]) -> Judged:
    if not part.predicted:
        raise InputMissing(
            f"{part.results}: must be there, but is not; workbench evaluate {part.run.folder} "
            f"--split {part.part} makes it"
        )
    if part.truth not in known:
        truth = rasterise(read_truth(part.truth))
        known[part.truth] = truth, _describe_part(part, truth)
    truth, val = known[part.truth]
    scene = segments = pixels = None
    if part.task == "panoptic":
        segments = arrange_segments(part, val)
    if part.task != "semantic" and part.results.is_file():
        scene = build_scene(truth, read_predictions(part.results, truth))
    if part.task != "instance" and part.pictures.is_dir():
        pixels = arrange_pixels(part, val)
    return Judged(name=part.run.name, val=val, scene=scene, segments=segments, pixels=pixels)


def _describe(
    truth: Truth,
    keys: Sequence[str],
    digests: Mapping[int, str],
    classes: Sequence[str],
    bursts: Mapping[str, str] | None = None,
) -> ValSet:
    images = [
        JudgedImage(
            number=number,
            name=(name := truth.files[number]),
            key=key,
            truth=digests[number],
            burst=bursts[name] if bursts else "",
        )
        for number, key in zip(truth.sizes, keys, strict=True)
    ]
    return ValSet(images=tuple(sorted(images, key=lambda image: image.number)), classes=tuple(classes))


def _describe_part(part: RunPart, truth: Truth) -> ValSet:
    """Images are told apart by their bytes, truths by objects and pictures, as far as the task has them."""
    content = {source.image: source.image_digest for source in part.manifest.sources}
    keys = name_keys([truth.files[number] for number in truth.sizes], content)
    objects = digest_truths(truth) if part.manifest.task != "semantic" else {}
    digests = {
        number: hash_text(
            "\n".join([objects.get(number, ""), *find_picture_digests(part, truth.files[number])])
        )
        for number in truth.sizes
    }
    classes = [category.name for category in sorted(part.manifest.categories, key=lambda row: row.id)]
    bursts = find_bursts(part.run, list(truth.files.values()))
    return _describe(truth, keys, digests, classes, bursts)

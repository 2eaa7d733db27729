"""Pictures of segments and classes of a run's part, image by image: their counts, and the digests of their truth."""

from pathlib import Path

from workbench.evaluation.coco.json_file import read_json
from workbench.evaluation.comparing.val_sets import ValSet
from workbench.evaluation.panoptic_quality import Segments, count_segments
from workbench.evaluation.run_part import RunPart
from workbench.evaluation.sampling.picture_draws import Pixels, confusions_to_pixels
from workbench.evaluation.semantic_scores import count_pictures


def find_picture_digests(part: RunPart, file: str) -> list[str]:
    """The digests of an image's pictures of truth."""
    kinds = {"panoptic": ("panoptic", "separated"), "semantic": ("semantic",)}.get(part.manifest.task, ())
    outputs = part.manifest.outputs
    return [outputs.get(f"{kind}_{part.part}/{_name_picture(part, kind, file)}", "") for kind in kinds]


def _name_picture(part: RunPart, kind: str, file: str) -> str:
    """By the stem of the image, or by its whole name where another has the same stem."""
    whole = f"{file}.png"
    return (
        whole
        if f"{kind}_{part.part}/{whole}" in part.manifest.outputs
        else f"{Path(file).with_suffix('.png')}"
    )


def arrange_segments(part: RunPart, val: ValSet) -> Segments:
    """Count the segments of each image, in the order of the set."""
    segments = count_segments(part.panoptic_truth, part.panoptic_results)
    rows = {row["image_id"]: place for place, row in enumerate(read_json(part.panoptic_truth)["annotations"])}
    return segments._replace(counts=segments.counts[[rows[image.number] for image in val.images]])


def arrange_pixels(part: RunPart, val: ValSet) -> Pixels:
    """Count the pixels of each image, in the order of the set."""
    pairs = list(part.pair_pictures())
    names = part.name_classes()
    counts = dict(zip((answer for _, answer in pairs), count_pictures(pairs, len(names)), strict=True))
    kind = "separated" if part.separated else "semantic"
    rows = [counts[part.pictures / _name_picture(part, kind, image.name)] for image in val.images]
    return confusions_to_pixels(rows, names)

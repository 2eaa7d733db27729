"""Images of segments or classes from the worst to the best, by the number that `compare` has for each image, too."""

from pathlib import Path

from workbench.evaluation.coco.json_file import read_json
from workbench.evaluation.image_scores import ImageScores, score_pixels, score_segments
from workbench.evaluation.panoptic_quality import count_segments
from workbench.evaluation.run_part import RunPart
from workbench.evaluation.sampling.picture_draws import confusions_to_pixels
from workbench.evaluation.semantic_scores import count_pictures
from workbench.report.material import Row, Views


def rank_painted(found: RunPart, views: Views) -> list[Row]:
    """One row an image: PQ of its segments, or the mean IoU of its classes; nothing for objects."""
    if not views.painted:
        return []
    if found.task == "panoptic":
        numbers = [row["image_id"] for row in read_json(found.panoptic_truth)["annotations"]]
        return _rank(
            numbers, score_segments(count_segments(found.panoptic_truth, found.panoptic_results)), views
        )
    pairs, names = list(found.pair_pictures()), found.name_classes()
    by_truth: dict[Path, int] = {truth: number for number, (truth, _) in views.painted.items()}
    scores = score_pixels(confusions_to_pixels(list(count_pictures(pairs, len(names))), names))
    return _rank([by_truth.get(truth, -1) for truth, _ in pairs], scores, views)


def _rank(numbers: list[int], scores: ImageScores, views: Views) -> list[Row]:
    columns = {"right": scores.found, "wrong": scores.false, "missed": scores.missed}
    rows: list[Row] = [
        {
            "image_id": number,
            "image": views.images[number].name,
            "value": value,
            **{key: int(column[place]) for key, column in columns.items() if column is not None},
        }
        for place, (number, value) in enumerate(zip(numbers, scores.score.tolist(), strict=True))
        if number in views.images
    ]
    return sorted(rows, key=lambda row: (row["value"], row["image"]))

"""What to do next, in sentences that the numbers themselves suggest, the one that promises most first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.evaluation.error_advice import Advice, advise_errors

SHOWN = 3
_FIRM = 0.8  # suspicion of a label
_TRIFLE = 0.01  # what promises less is not worth a sentence
_UNSURE = 0.2  # width of an interval
_FAR = 0.15  # AP of a class below that of all

Document = Mapping[str, Any]


def find_advice(document: Document, suspects: Sequence[Document] = ()) -> list[str]:
    """Return the three most useful sentences, or fewer where there is little to say."""
    found = [
        *_advise_labels(suspects),
        *advise_errors(document),
        *_advise_pixels(document),
        *_advise_segments(document),
        *_advise_classes(document),
        *_advise_slices(document),
        *_advise_outlines(document),
        *_advise_scores(document),
        *_advise_images(document),
    ]
    found = [one for one in found if one.worth >= _TRIFLE]
    return [one.text for one in sorted(found, key=lambda one: -one.worth)[:SHOWN]]


def _advise_labels(suspects: Sequence[Document]) -> Iterator[Advice]:
    """Labels come first: whatever is wrong with them is wrong with every number."""
    sure = [row for row in suspects if row["suspicion"] >= _FIRM]
    if sure:
        these = "label that seems" if len(sure) == 1 else f"{len(sure):,} labels that seem"
        where = f"the first is on {sure[0]['image']}"
        yield Advice(1, f"Look at the {these} wrong before all else (workbench report shows them): {where}.")


def _advise_pixels(document: Document) -> Iterator[Advice]:
    """The class that loses the largest share of its pixels to another one."""
    table = document.get("pixel_confusion", {"labels": (), "matrix": ()})
    shares = [
        (pixels / sum(row), first, other)
        for first, row in zip(table["labels"], table["matrix"], strict=True)
        for other, pixels in zip(table["labels"], row, strict=True)
        if first != other and pixels
    ]
    if shares:
        share, first, other = max(shares)
        text = f"{_percent(share)} % of the pixels of {first} are taken for {other}"
        yield Advice(share / len(table["labels"]), f"Look at where {first} meets {other}: {text}.")


def _advise_segments(document: Document) -> Iterator[Advice]:
    values = document.get("panoptic", {})
    found, shape = values.get("RQ"), values.get("SQ")
    if found is None or shape is None:
        return
    if found < shape:
        text = f"Segments are missed or made up (RQ {_percent(found)}) more than misshapen (SQ {_percent(shape)})"
        yield Advice((1 - found) / 4, f"{text}: label more, before drawing more finely.")
    else:
        text = f"Segments are found, but do not fit (SQ {_percent(shape)}, RQ {_percent(found)})"
        yield Advice((1 - shape) / 4, f"{text}: draw outlines more finely, or train on larger images.")


def _advise_classes(document: Document) -> Iterator[Advice]:
    """The class that is furthest behind."""
    for family, key, overall in (
        ("panoptic", "PQ", "PQ"),
        ("mask", "AP", "AP"),
        ("box", "AP", "AP"),
        ("semantic", "IoU", "mIoU"),
    ):
        mean = document.get(family, {}).get(overall)
        values = [
            (row[family][key], name, row.get("truths"))
            for name, row in document["per_category"].items()
            if row.get(family, {}).get(key) is not None
        ]
        if mean is None or len(values) < 2:
            continue
        lowest, name, truths = min(values)
        if mean - lowest > _FAR:
            seen = f", on {truths} object{'' if truths == 1 else 's'}" if truths is not None else ""
            text = (
                f"{name} is far behind: {family} {key} {_percent(lowest)}{seen}, all classes {_percent(mean)}"
            )
            yield Advice((mean - lowest) / len(values), f"{text}. Label more of it.")
        return


def _advise_slices(document: Document) -> Iterator[Advice]:
    whole = sum(row.get("truths", 0) for row in document["per_category"].values()) or 1
    for row in document.get("slices", ()):
        away = row.get("difference")
        if row.get("clear") and away is not None and away < 0:
            yield Advice(
                -away * row["truths"] / whole,
                f"Weak where {row['by']} is {row['value']}: AP {_percent(row['AP'])}, elsewhere "
                f"{_percent(row['AP'] - away)} ({row['images']} images). Label more of those.",
            )


def _advise_outlines(document: Document) -> Iterator[Advice]:
    mask, border = (document.get(family, {}).get("AP") for family in ("mask", "boundary"))
    if mask is not None and border is not None and mask - border > _FAR:
        text = f"Borders are the weak point: boundary AP {_percent(border)}, mask AP {_percent(mask)}"
        yield Advice(
            (mask - border) / 3, f"{text}. PointRend (workbench models) or larger images draw finer ones."
        )


def _advise_scores(document: Document) -> Iterator[Advice]:
    """From which score on to believe the model, and whether its scores mean what they say."""
    score, table = document.get("score"), document.get("calibration", {})
    rows = [row.get("at") for row in document["per_category"].values()]
    values = [row["F1"] for row in rows if row and row.get("F1") is not None]
    if score is not None and values:
        mean = sum(values) / len(values)
        yield Advice(
            0.02,
            f"Report from a score of {score:.2f} on: there precision and recall balance best (F1 {_percent(mean)}).",
        )
    bins = [one for one in table.get("bins", ()) if one["count"]]
    if table.get("ECE") and bins:
        count = sum(one["count"] for one in bins)
        promised = sum(one["score"] * one["count"] for one in bins) / count
        kept = sum(one["precision"] * one["count"] for one in bins) / count
        if abs(promised - kept) > _FAR:
            word = "much" if promised > kept else "little"
            yield Advice(
                abs(promised - kept) / 6,
                f"Scores promise too {word}: {_percent(promised)} on average, and {_percent(kept)} of 100 are right.",
            )


def _advise_images(document: Document) -> Iterator[Advice]:
    for family, key in (("panoptic", "PQ"), ("mask", "AP"), ("box", "AP"), ("semantic", "mIoU")):
        interval = document.get("intervals", {}).get(f"{family}.{key}")
        if interval:
            width = interval[1] - interval[0]
            if width > _UNSURE / 2:
                text = f"Judge on more images: {document['images']} leave {100 * width:.0f} points open"
                yield Advice(width / 6, f"{text} ({family} {key}); four times as many leave half of that.")
            return


def _percent(value: float) -> str:
    return f"{100 * value:.0f}"

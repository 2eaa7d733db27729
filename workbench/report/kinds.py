"""The kinds of mistakes in words: what each means, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind; `do` is what helps."""

    title: str
    means: str
    do: str


KINDS: Mapping[str, Kind] = {
    "class": Kind(
        title="Wrong class",
        means="the object is found, its class is wrong",
        do="label more of both classes",
    ),
    "place": Kind(
        title="Badly placed",
        means="the class is right, but too little overlaps",
        do="label more like those shown, and outline them tightly",
    ),
    "class-and-place": Kind(
        title="Wrong class, badly placed",
        means="another class is there, and too little overlaps",
        do="label more of both classes, above all side by side",
    ),
    "duplicate": Kind(
        title="Found twice",
        means="an object that was found already, with a higher score",
        do="nothing to label: lower MODEL.ROI_HEADS.NMS_THRESH_TEST, or report from a higher score on",
    ),
    "background": Kind(
        title="Nothing there",
        means="something is reported where the truth has nothing",
        do="add images of what it takes for an object; where there is one after all, label it",
    ),
    "missed": Kind(
        title="Missed",
        means="an object of the truth that nothing was reported for",
        do="label more like those shown",
    ),
    "outline-loose": Kind(
        title="Outline too loose",
        means="the mask reaches beyond the object",
        do="look whether labels are drawn too wide; a finer mask head (PointRend) helps, too",
    ),
    "outline-tight": Kind(
        title="Outline too tight",
        means="the mask stays inside the object",
        do="look whether labels cut corners; a finer mask head (PointRend) helps, too",
    ),
    "hole-missed": Kind(
        title="Hole missed",
        means="the object has a hole, the mask has none",
        do="label more with holes, and cut the holes out",
    ),
    "merged": Kind(
        title="Merged",
        means="one mask covers several objects",
        do="label more that touch one another, each on its own",
    ),
    "split": Kind(
        title="Split",
        means="one object is reported in pieces",
        do="label more that something stands in front of, each as one object",
    ),
}


SUSPICIONS: Mapping[str, str] = {
    "missing-label": "Label missing?",
    "spurious-label": "Label of nothing?",
    "wrong-class": "Wrong class?",
    "poor-outline": "Poor outline?",
}


def describe_kind(name: str) -> Kind:
    """A kind that is not known has its own name."""
    return KINDS.get(name) or Kind(title=name, means="", do="look at them")

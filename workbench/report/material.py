"""All that a report is made from, read from a run and its dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.data.manifest import Manifest

Row = Mapping[str, Any]
SURE = 0.5  # where the document names no score


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An image of the part."""

    id: int
    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An object of the truth (`number` is its id, `score` None) or a prediction (`number` is its row)."""

    number: int
    category: int
    box: tuple[float, float, float, float]  # x, y, width, height
    segmentation: Any
    score: float | None = None
    crowd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """What pictures are drawn from; nothing in it where the dataset is gone."""

    folder: Path = Path()
    images: Mapping[int, Source] = field(default_factory=dict)
    truths: Mapping[int, Sequence[Seen]] = field(default_factory=dict)  # image id -> objects
    found: Mapping[int, Sequence[Seen]] = field(default_factory=dict)
    colors: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)  # category id -> colour
    names: Mapping[int, str] = field(default_factory=dict)
    painted: Mapping[int, tuple[Path, Path]] = field(
        default_factory=dict
    )  # image id -> PNG of truth, of prediction
    segments: Mapping[int, tuple[Mapping[int, int], Mapping[int, int]]] = field(
        default_factory=dict
    )  # image id -> segment id -> category id; where there is none, the PNGs hold classes, from 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One part of one run."""

    run: str
    part: str
    record: Row
    scores: Row
    mistakes: Row = field(default_factory=dict)
    metrics: Sequence[Row] = ()
    manifest: Manifest | None = None
    views: Views = field(default_factory=Views)
    ranking: Sequence[Row] = ()  # images from the worst to the best, where they are painted
    notes: tuple[str, ...] = ()  # what could not be shown, and why

    @property
    def task(self) -> str:
        """instance, panoptic or semantic."""
        return str(self.record.get("task") or "instance")

    @property
    def classes(self) -> Mapping[str, Row]:
        """The numbers of each class."""
        return self.scores.get("per_category") or {}

    @property
    def suspects(self) -> Sequence[Row]:
        """Labels that seem wrong or missing, the most suspicious first."""
        return self.mistakes.get("suspects") or ()

    @property
    def least(self) -> float:
        """The score from which predictions are believed: the best common one."""
        score = self.scores.get("score", (self.scores.get("confusion") or {}).get("score"))
        return SURE if score is None else float(score)

    def find_least(self, name: str) -> float:
        """The same for one class, which may have a lower one of its own."""
        own = (self.mistakes.get("least") or {}).get(name)
        return self.least if own is None else float(own)

    @property
    def family(self) -> tuple[str, str]:
        """The number that decides: mask AP, else box AP; PQ; mIoU."""
        for family, key in (("panoptic", "PQ"), ("semantic", "mIoU"), ("mask", "AP"), ("box", "AP")):
            fits = self.task == family or (self.task == "instance" and key == "AP")
            if family in self.scores and fits:
                return family, key
        return ("mask", "AP") if "mask" in self.scores else ("box", "AP")

    @property
    def class_key(self) -> str:
        """The same for one class."""
        return {"panoptic": "PQ", "semantic": "IoU"}.get(self.family[0], "AP")

"""All that is known of how predictions of one kind meet the truth at IoU 0.5, from which mistakes are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.kinds import KINDS, MASK_KINDS
from workbench.evaluation.mistakes.mask_costs import compute_mask_costs
from workbench.evaluation.mistakes.mask_error import MaskError
from workbench.evaluation.mistakes.mask_errors import find_mask_errors
from workbench.evaluation.one_iou.curves import find_best_scores, find_shared_score
from workbench.evaluation.one_iou.error_kinds import ErrorKinds, find_error_kinds
from workbench.evaluation.one_iou.ranking import Ranked, rank
from workbench.evaluation.overlap.matching import Matches
from workbench.evaluation.overlap.objects import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was matched, what is wrong, and from which score on it counts as said."""

    scene: Scene
    matches: Matches
    ranked: Ranked
    errors: ErrorKinds
    masks: tuple[MaskError, ...]  # none where boxes were matched
    costs: Mapping[str, float]  # of each kind: AP50 that mending all of it, and nothing else, would bring
    gains: Mapping[str, float]  # of each kind of masks: AP that it would bring
    score: float | None  # chosen for all classes, or best for them all; None without predictions
    least: "Floats"  # of each class: that score, or the class's own best one where that is lower
    sure: "Bools"  # predictions that are at least so sure, and among the best 100 of class and image

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each kind was found; those of masks only where masks were matched."""
        kinds = [one.kind for one in self.masks]
        more = {kind: kinds.count(kind) for kind in MASK_KINDS} if self.matches.kind == "mask" else {}
        return {kind: self.errors.counts[kind] for kind in KINDS} | more

    def find_owners(self) -> "Ints":
        """For each truth the place of the sure prediction that found it, or -1."""
        finder = self.matches.found_of[:, 0]
        return np.where(np.append(self.sure, False)[finder], finder, -1)

    def find_iou(self, found: "Ints", truth: "Ints") -> "Floats":
        """How much predictions and truths overlap, pair by pair."""
        pairs, many = self.matches.pairs, len(self.scene.truths) + 1
        keys = pairs.found * many + pairs.truth
        wanted = found * many + truth
        place = np.searchsorted(keys, wanted)
        there = np.append(keys, -1)[place] == wanted
        overlaps: Floats = np.where(there, np.append(pairs.iou, 0.0)[place], 0.0)
        return overlaps


def gather_findings(scene: Scene, matches: Matches, score: float | None = None) -> Findings:
    """Look at matches of boxes or masks; `score` is where a person wants to know, the best for all when left out."""
    ranked = rank(scene, matches)
    chosen = find_shared_score(ranked) if score is None else score
    least = _find_least(ranked, chosen, own=score is None)
    sure = matches.considered & (scene.found.score >= least[scene.found.category])
    errors, masked = find_error_kinds(scene, matches, ranked), matches.kind == "mask"
    masks = tuple(find_mask_errors(scene, matches, sure)) if masked else ()
    costs = compute_mask_costs(scene, matches, ranked, masks) if masked else {}
    return Findings(
        scene=scene,
        matches=matches,
        ranked=ranked,
        errors=errors,
        masks=masks,
        costs={**errors.costs, **{kind: cost.ap50 for kind, cost in costs.items()}},
        gains={kind: cost.ap for kind, cost in costs.items()},
        score=chosen,
        least=least,
        sure=sure,
    )


def _find_least(ranked: Ranked, score: float | None, *, own: bool) -> "Floats":
    """A class that the model is never sure of would have no false alarms at all from the common score on."""
    best: Sequence[float | None] = [
        point["score"] if own and point else None for point in find_best_scores(ranked)
    ]
    shared = np.inf if score is None else score
    return np.array([shared if value is None else min(shared, value) for value in best], float)

"""Every mistake as a row that a person, a report or a labelling session can go through: mistakes/<part>.json."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.kinds import CLASS, DUPLICATE, KINDS, MASK_KINDS, MISSED, PLACE
from workbench.evaluation.mistakes.findings import Findings
from workbench.evaluation.mistakes.image_ranking import rank_images
from workbench.evaluation.mistakes.mask_error import MaskError
from workbench.evaluation.mistakes.mistake_rows import Rows, write_rows
from workbench.evaluation.mistakes.suspects import list_suspects
from workbench.evaluation.one_iou.error_kinds import FOUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

MOST = 10_000  # rows of a kind
_SAID = {
    "outline-loose": "reaches {:.1f} px beyond it on all sides",
    "outline-tight": "stays {:.1f} px inside it on all sides",
    "hole-missed": "fills {:.0f} px of holes",
    "merged": "covers {:.0f} objects",
    "split": "{:.0f} predictions cover it together",
}


def write_mistakes(findings: Findings, part: str, files: Mapping[int, str]) -> dict[str, Any]:
    """Lay everything out as the file has it; `files` are the images' names."""
    scene, errors = findings.scene, findings.errors
    mistakes: list[dict[str, Any]] = []
    left_out = dict.fromkeys((*KINDS, *MASK_KINDS), 0)
    for rows in (*_list_alarms(findings), _list_missed(findings), *_list_masks(findings)):
        kept = rows.take(MOST)
        mistakes += write_rows(scene, files, kept)
        left_out[rows.kind] += len(rows) - len(kept)
    faint = errors.kind[(errors.kind >= 0) & ~findings.sure]
    for kind, count in zip(KINDS, np.bincount(faint, minlength=MISSED).tolist(), strict=False):
        left_out[kind] += count
    return {
        "part": part,
        "matched_by": findings.matches.kind,
        "iou": FOUND,
        "score": findings.score,
        "least": dict(zip(scene.categories, _finite(findings.least), strict=True)),
        "counts": dict(findings.counts),
        "left_out": {kind: count for kind, count in left_out.items() if count},
        "mistakes": mistakes,
        "suspects": list_suspects(findings, files),
        "images": rank_images(findings, files),
    }


def _finite(values: "Floats") -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _list_alarms(findings: Findings) -> list[Rows]:
    """What was said and is not so, kind after kind, the surest first: it costs most."""
    score, errors = findings.scene.found.score, findings.errors
    rows = []
    for kind, name in enumerate(KINDS[:MISSED]):
        places = np.flatnonzero((errors.kind == kind) & findings.sure)
        places = places[np.argsort(-score[places], kind="stable")]
        truth = errors.truth[places]
        notes = _note_finders(findings, truth) if kind in (CLASS, PLACE, DUPLICATE) else ("",) * len(truth)
        rows.append(Rows(kind=name, found=places, truth=truth, iou=errors.iou[places], notes=notes))
    return rows


def _note_finders(findings: Findings, truth: "Ints") -> list[str]:
    """Say who found the truth."""
    scene = findings.scene
    finder = findings.find_owners()[truth]
    numbers, scores = scene.found.number[finder].tolist(), scene.found.score[finder].tolist()
    return [
        f"prediction {number} found it, with a score of {score:.2f}" if there else ""
        for number, score, there in zip(numbers, scores, (finder >= 0).tolist(), strict=True)
    ]


def _list_missed(findings: Findings) -> Rows:
    """What should have been said: first of the class with the fewest truths, of which each weighs most; large first."""
    truths, errors = findings.scene.truths, findings.errors
    told = np.zeros(len(truths), bool)
    told[errors.truth[findings.sure & np.isin(errors.kind, (CLASS, PLACE))]] = True
    lost = (findings.find_owners() < 0) & ~findings.matches.unwanted & ~told
    places = np.flatnonzero(lost)
    weight = np.array(findings.ranked.truths, np.int64)[truths.category[places]]
    places = places[np.lexsort((-truths.area[places], truths.category[places], weight))]
    finder = findings.matches.found_of[places, 0]
    scores = np.append(findings.scene.found.score, 0.0)[finder].tolist()
    numbers = np.append(findings.scene.found.number, 0)[finder].tolist()
    faint = (finder >= 0).tolist()
    notes = [
        f"found, but only with a score of {s:.2f}" if there else ""
        for s, there in zip(scores, faint, strict=True)
    ]
    others = [[number] if there else [] for number, there in zip(numbers, faint, strict=True)]
    iou = np.append(findings.matches.iou, 0.0)[finder]
    nobody = np.full(len(places), -1)
    return Rows(kind="missed", found=nobody, truth=places, iou=iou, notes=notes, more={"others": others})


def _list_masks(findings: Findings) -> list[Rows]:
    """What is wrong with masks, the worst fit first."""
    return [
        _list_masks_of(findings, kind, [one for one in findings.masks if one.kind == kind])
        for kind in MASK_KINDS
    ]


def _list_masks_of(findings: Findings, kind: str, errors: Sequence[MaskError]) -> Rows:
    scene = findings.scene
    found = np.array([one.found for one in errors], np.int64)
    truth = np.array([one.truth for one in errors], np.int64)
    iou = findings.find_iou(found, truth)
    order = np.lexsort((found, truth, iou))
    chosen = [errors[place] for place in order.tolist()]
    numbers = (scene.truths if kind == "merged" else scene.found).number
    return Rows(
        kind=kind,
        found=found[order],
        truth=truth[order],
        iou=iou[order],
        notes=[_SAID[kind].format(one.amount) for one in chosen],
        more={"others": [numbers[list(one.others)].tolist() for one in chosen]},
    )

"""What helps a person most on one image: what the labels lack is drawn, and what may be wrong is said where it is.

- No label where the model found something: its outline is a proposal.
- A label that the model calls another class, or that nothing supports: it has a note, and nothing is drawn over it.
- A label with a poor outline: the model's lies beside it, to be chosen by deleting the other; else it stays behind.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.data import mask as masks
from workbench.data.annotation import Shape
from workbench.data.mask import Mask
from workbench.data.selection import FINE, MISSING_LABEL, Pick
from workbench.drafting.draft import Draft, mark_proposal
from workbench.drafting.outlines import mask_to_shapes
from workbench.drafting.scene import Found, Known, find_best, is_covered

SAME = 0.5  # IoU from which a finding and a label are about one object
NEAR = 0.1  # the same, where somebody said that they belong together

Wanted = Callable[[Found], bool]  # whether the model is sure enough of it to be drawn unasked


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """An image with its labels, what the run found, and the masks of the labels that it was trained on."""

    image: str
    annotation: str
    known: tuple[Known, ...]
    found: tuple[Found, ...]
    truths: Mapping[int, Mask]


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """A draft on its way."""

    sight: Sight
    run: str
    error: float
    proposals: list[Shape] = field(default_factory=list)
    drawn: list[Found] = field(default_factory=list)
    notes: dict[int, list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def draw(self, one: Found, why: str, instead: Known | None = None) -> None:
        """Add its outline, once."""
        if one in self.drawn:
            return
        self.drawn.append(one)
        shapes = _outline(one, self.error)
        score = None if one.score is None else round(one.score, 4)
        self.proposals += mark_proposal(
            shapes,
            run=self.run,
            name=str(one.number),
            score=score,
            why=why,
            instead=instead.shapes[0] if instead else None,
        )

    def note(self, known: Known, text: str) -> None:
        """Say something of a label, once."""
        said = self.notes.setdefault(known.shapes[0], [])
        if text not in said:
            said.append(text)


def propose(
    picks: Sequence[Pick], sight: Sight, *, run: str, error: float, wanted: Wanted, everything: bool = False
) -> Draft:
    """Make one draft of all picks of an image; `everything` draws all that labels lack and the model is sure of."""
    sheet = _Sheet(sight=sight, run=run, error=error)
    rows = {one.number: one for one in sight.found}
    for pick in picks:
        truths = [known for number in pick.truths if (known := _find_now(sight, number))]
        found = [rows[number] for number in pick.predictions if number in rows]
        for one in found:
            _place(sheet, pick, one, truths)
        if not found:
            for known in truths:
                _doubt(sheet, pick, known)
        bare = not pick.truths and not pick.predictions
        if {*pick.tags} != {FINE} and (everything or bare or (len(picks) == 1 and _asks_for_more(pick))):
            _fill(sheet, wanted)
    return Draft(
        image=sight.image,
        why=_sum_up(picks, sheet.counts),
        proposals=tuple(sheet.proposals),
        notes={place: "; ".join(said) for place, said in sheet.notes.items()},
        annotation=sight.annotation,
    )


def _asks_for_more(pick: Pick) -> bool:
    """A person who tagged missing labels means more than what they clicked on; a suspicion means one object."""
    return MISSING_LABEL in pick.tags and pick.score is None


def _find_now(sight: Sight, number: int) -> Known | None:
    """Labels may have changed since the dataset was made: the one that lies there now is meant."""
    mask = sight.truths.get(number)
    return find_best(mask, sight.known, SAME)[0] if mask else None


def _place(sheet: _Sheet, pick: Pick, one: Found, truths: Sequence[Known]) -> None:
    """Draw what somebody named, or say it of the label that it is about."""
    known, iou = find_best(one.mask, truths, NEAR) if truths else find_best(one.mask, sheet.sight.known, SAME)
    says = f"{one.label}{_say_score(one)}"
    if known is None:
        sheet.counts["missing-label"] += 1
        sheet.draw(one, f"{_shorten(pick, 'missing-label')}: {says}")
    elif known.label != one.label:
        sheet.counts["wrong-class"] += 1
        sheet.note(known, f"{_shorten(pick, 'wrong-class')}: the model says {says}, IoU {iou:.2f}")
    else:
        sheet.counts["poor-outline"] += 1
        sheet.note(known, f"{_shorten(pick, 'poor-outline')}: delete this one or the model's, IoU {iou:.2f}")
        sheet.draw(one, f"{_shorten(pick, 'poor-outline')}: {says}; delete this one or the old one", known)


def _doubt(sheet: _Sheet, pick: Pick, known: Known) -> None:
    """A label that was named alone: what does the model see there?"""
    there = [(masks.iou(one.mask, known.mask), one) for one in sheet.sight.found]
    iou, best = max(there, key=lambda pair: pair[0], default=(0.0, None))
    sees = f"the model sees {best.label}{_say_score(best)}, IoU {iou:.2f}" if best and iou >= NEAR else ""
    kind = pick.why.partition(":")[0]
    sheet.counts[kind if kind == "spurious-label" else "to look at"] += 1
    sheet.note(known, "; ".join(part for part in (pick.why, sees or "the model sees nothing there") if part))


def _fill(sheet: _Sheet, wanted: Wanted) -> None:
    """Draw what the labels lack, the surest first, and nothing twice."""
    for one in sorted(sheet.sight.found, key=lambda one: -(one.score or 0)):
        if not wanted(one) or is_covered(one, sheet.sight.known):
            continue
        if find_best(one.mask, sheet.sight.known, SAME)[0] or _is_drawn(sheet.drawn, one):
            continue
        sheet.counts["proposed"] += 1
        sheet.draw(one, f"{one.label}{_say_score(one)}")


def _is_drawn(drawn: Iterable[Found], one: Found) -> bool:
    return any(masks.iou(other.mask, one.mask) >= SAME for other in drawn)


def _outline(one: Found, error: float) -> tuple[Shape, ...]:
    """A model without masks means its box."""
    if one.box is None:
        return mask_to_shapes(masks.mask_to_array(one.mask), one.label, error=error)
    corners = ((one.box.x_min, one.box.y_min), (one.box.x_max, one.box.y_max))
    return (Shape(label=one.label, kind="rectangle", points=corners),)


def _say_score(one: Found) -> str:
    return "" if one.score is None else f" {one.score:.2f}"


def _shorten(pick: Pick, otherwise: str) -> str:
    """Say who thinks so: a suspicion has its kind, a person a tag."""
    return pick.why if pick.why.startswith("tagged") else otherwise


def _sum_up(picks: Sequence[Pick], counts: Mapping[str, int]) -> str:
    """Count what there is to look at, for the flag that a person ticks."""
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    said = dict.fromkeys(pick.why for pick in picks if ":" not in pick.why)
    return "; ".join(part for part in (*said, told) if part)

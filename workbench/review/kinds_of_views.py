"""Which views of mistakes there are, and which rows belong to each: for FiftyOne and for folders of pictures.

Nothing here opens a file or knows who shows it. A row is one of mistakes/<part>.json; `kind`, `prediction`, `truth` and
`image` in it say what it is about. Each view is defined once in docs/review.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
Color = tuple[int, int, int]

OBJECTS, IMAGES = "objects", "images"
HIT = "hit"  # a right prediction, which no file of mistakes has
SUSPECT = "suspect"  # rows of `suspects` have kinds of their own
FALSE_ALARMS = ("class", "place", "class-and-place", "duplicate", "background")
CONFUSED = ("class", "class-and-place")
BORDERS = ("place", "outline-loose", "outline-tight", "hole-missed", "merged", "split")
SUSPICIONS = ("missing-label", "spurious-label", "wrong-class", "poor-outline")
FAINT = 10  # of so many right predictions the one with the lowest score is called faint
HARDEST = 100  # images
PAIRS = 30  # of classes; nobody looks through more lists

# Told apart on photographs and by people who do not see red and green alike (after Okabe and Ito, 2008).
COLORS: Mapping[str, Color] = {
    HIT: (0, 158, 115),
    "missed": (230, 159, 0),
    "background": (213, 94, 0),
    "place": (86, 180, 233),
    "class": (204, 121, 167),
    "class-and-place": (148, 80, 150),
    "duplicate": (240, 228, 66),
    "outline-loose": (0, 114, 178),
    "outline-tight": (0, 114, 178),
    "hole-missed": (0, 114, 178),
    "merged": (0, 114, 178),
    "split": (0, 114, 178),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a part; what is missing is empty, and its views have no rows."""

    mistakes: Row = field(default_factory=dict)  # the whole document
    hits: Sequence[Row] = ()  # right predictions at IoU 0.5, of any score, with the keys of mistakes
    ranking: Sequence[Row] = ()  # images from the worst to the best, where they are painted


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view: `name` for folders and programs, `title` and `about` for people, `rows` what matters most first.

    It holds the labels with one of `kinds`, and with `pair` only those of one class (first) taken for another (second);
    a view of `images` has rows of images, and no kinds.
    """

    name: str
    title: str
    about: str
    of: str = OBJECTS
    kinds: tuple[str, ...] = ()
    pair: tuple[str, str] | None = None
    rows: tuple[Row, ...] = ()


def list_views(evidence: Evidence) -> tuple[View, ...]:
    """Every view in the order in which to look at them; those without rows are there, too."""
    return (
        _choose(evidence, "false-positives", "False positives", _FALSE, FALSE_ALARMS),
        _choose(evidence, "misses", "Misses", _MISSED, ("missed",)),
        *_list_confusions(evidence),
        _choose(evidence, "poor-boundaries", "Poor boundaries", _POOR, BORDERS),
        _choose(evidence, "duplicates", "Duplicates", _TWICE, ("duplicate",)),
        View(
            name="low-confidence-hits",
            title="Low-confidence hits",
            about=_FAINT,
            kinds=(HIT,),
            rows=choose_faint(evidence),
        ),
        View(
            name="suspected-label-errors",
            title="Suspected label errors",
            about=_SUSPECTED,
            kinds=SUSPICIONS,
            rows=tuple(evidence.mistakes.get("suspects") or ()),
        ),
        View(
            name="hardest-images",
            title="Hardest images",
            about=_HARDEST,
            of=IMAGES,
            rows=choose_hardest(evidence),
        ),
        View(
            name="negatives-with-detections",
            title="Negatives with detections",
            about=_NEGATIVE,
            of=IMAGES,
            rows=choose_negatives(evidence),
        ),
    )


_FALSE = "Reported from the score on that is told, and not so at IoU 0.5: the surest first."
_MISSED = "Objects of the truth that nothing was reported for: of the rarest class first, then the largest."
_POOR = "The class is right and the outline is not: badly placed, too loose, too tight, holes filled, merged, split."
_TWICE = "An object that was found already, with a higher score."
_FAINT = "Right, but with a score below the one that is told, or in the lowest tenth above it."
_SUSPECTED = "The model contradicts these labels so firmly that it may be the label that is wrong."
_HARDEST = f"The worst images, at most {HARDEST}: those with the lowest F1, PQ or mean IoU first."
_NEGATIVE = "Nothing is labelled on these images, and something is reported."


def _choose(evidence: Evidence, name: str, title: str, about: str, kinds: tuple[str, ...]) -> View:
    return View(name=name, title=title, about=about, kinds=kinds, rows=_of_kinds(evidence, kinds))


def _of_kinds(evidence: Evidence, kinds: Sequence[str]) -> tuple[Row, ...]:
    """As in the file: what matters most first; kinds of false alarms are merged by score."""
    rows = [row for row in evidence.mistakes.get("mistakes") or () if row.get("kind") in kinds]
    if len(kinds) > 1 and set(kinds) <= set(FALSE_ALARMS):
        rows.sort(key=lambda row: -(row.get("score") or 0.0))
    return tuple(rows)


def _list_confusions(evidence: Evidence) -> list[View]:
    """One view for each pair of classes of which one was taken for the other, the most frequent first."""
    pairs: dict[tuple[str, str], list[Row]] = {}
    for row in _of_kinds(evidence, CONFUSED):
        pairs.setdefault((str(row.get("truth_category")), str(row.get("category"))), []).append(row)
    ranked = sorted(pairs.items(), key=lambda one: -len(one[1]))
    taken: set[str] = set()
    return [
        View(
            name=_name_apart(f"confusion-{write_slug(truth)}-as-{write_slug(said)}", taken),
            title=f"{truth} taken for {said}",
            about=f"The label says {truth}, the model {said}: the surest first.",
            kinds=CONFUSED,
            pair=(truth, said),
            rows=tuple(rows),
        )
        for (truth, said), rows in ranked[:PAIRS]
    ]


def write_slug(text: str) -> str:
    """A name that is fit for a folder, whatever a class or a file is called."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:60] or "unnamed"


def _name_apart(name: str, taken: set[str]) -> str:
    """Two classes may differ in signs that no folder can have."""
    number, free = 2, name
    while free.lower() in taken:
        number, free = number + 1, f"{name}-{number}"
    taken.add(free.lower())
    return free


def choose_faint(evidence: Evidence) -> tuple[Row, ...]:
    """Right predictions that are hardly told, or not at all: the faintest first."""
    least = evidence.mistakes.get("least") or {}
    told: dict[str, list[Row]] = {}
    faint = []
    for row in evidence.hits:
        limit = least.get(row.get("category"))
        if limit is not None and row["score"] >= limit:
            told.setdefault(str(row.get("category")), []).append(row)
        else:
            faint.append(row)
    for rows in told.values():
        rows.sort(key=lambda row: row["score"])
        faint += rows[: len(rows) // FAINT]
    return tuple(sorted(faint, key=lambda row: row["score"]))


def choose_hardest(evidence: Evidence) -> tuple[Row, ...]:
    """The worst images; one on which all is right is not hard."""
    rows = evidence.ranking or evidence.mistakes.get("images") or ()
    return tuple(row for row in rows if row.get("value") is None or row["value"] < 1)[:HARDEST]


def choose_negatives(evidence: Evidence) -> tuple[Row, ...]:
    """Images without a label on which something is told, those with most of it first."""
    rows = evidence.mistakes.get("images") or ()
    found = [row for row in rows if not row.get("truths") and row.get("wrong")]
    return tuple(sorted(found, key=lambda row: -row["wrong"]))

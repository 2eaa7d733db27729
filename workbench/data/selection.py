"""What was picked to be looked at again, and why: images, and the objects in them that somebody or something named."""

from dataclasses import dataclass

# What a person says with a tag in FiftyOne, and suspects say of themselves.
RELABEL, WRONG_LABEL, MISSING_LABEL, FINE = "relabel", "wrong-label", "missing-label", "fine"
TAGS = (RELABEL, WRONG_LABEL, MISSING_LABEL, FINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One image; `image` is its path below the annotation folder, as datasets have it."""

    image: str
    why: str
    tags: tuple[str, ...] = ()
    truths: tuple[int, ...] = ()  # annotation ids of the dataset that the run was trained on
    predictions: tuple[int, ...] = ()  # rows of the run's results
    part: str = ""  # of the dataset; empty: not in it yet
    score: float | None = None  # the higher, the sooner it should be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Picks in the order in which to look at them; `source` is tags, suspects or useful."""

    run: str
    source: str
    picks: tuple[Pick, ...]

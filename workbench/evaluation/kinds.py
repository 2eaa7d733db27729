"""What kinds of mistakes are called; each is defined in docs/mistakes.md."""

KINDS = ("class", "place", "class-and-place", "duplicate", "background", "missed")  # TIDE's
CLASS, PLACE, BOTH, DUPLICATE, BACKGROUND, MISSED = range(6)
MASK_KINDS = ("outline-loose", "outline-tight", "hole-missed", "merged", "split")
SUSPICIONS = ("missing-label", "spurious-label", "wrong-class", "poor-outline")  # of labels

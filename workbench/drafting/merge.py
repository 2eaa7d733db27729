"""Three versions of one annotation become one: as it was (base), as a person left it, as it is by now (other).

What only one side changed is taken from that side; deletions are changes. What both changed is merged field by
field; where that cannot be, nothing is lost: both shapes stay, and the conflict is listed (docs/drafts.md).
"""

from dataclasses import dataclass

from workbench.data.annotation import Annotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Something that both sides changed, each in its own way."""

    where: str  # of the merged annotation: shapes[3], flags.blurred, extra.depth
    label: str
    what: str  # in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came out, and what a person should look at."""

    annotation: Annotation
    conflicts: tuple[Conflict, ...] = ()


def merge(base: Annotation, person: Annotation, other: Annotation) -> Merged:
    """Merge by the identity of shapes: the id that a desk gave them, else what they look like."""
    raise NotImplementedError(base, person, other)

"""What a manifest is made of: trainings and what follows each, in words that mean the same inside a container."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import USAGE, JobError, nearest
from workbench.jobs.job import Job
from workbench.jobs.words import PROGRAM

PLACE = "/workspace"  # where a container finds the folder in which somebody launched
HOPELESS = (2, 65, 66, 77, 78)  # exit codes of what would end the same way again

Chain = tuple[Job, ...]  # each needs the one before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All that one manifest describes; the chains are alike in what they need."""

    name: str
    chains: tuple[Chain, ...]
    told: Mapping[str, str] = field(default_factory=dict)  # what only that kind of manifest understands

    @property
    def pattern(self) -> Job:
        """The first job of the first chain, which is like all first ones."""
        return self.chains[0][0]


def relocate(chains: Sequence[Chain], root: Path) -> tuple[Chain, ...]:
    """Return the same jobs with words that are true where the folder of whoever launches is `PLACE`."""
    from dataclasses import replace

    return tuple(
        tuple(replace(job, command=_relocate(job.command, root), place=PLACE) for job in chain)
        for chain in chains
    )


def _relocate(words: Sequence[str], root: Path) -> tuple[str, ...]:
    if tuple(words[:3]) == PROGRAM:
        return ("workbench", *(_relocate_word(word, root) for word in words[3:]))
    return tuple("python" if word == sys.executable else _relocate_word(word, root) for word in words)


def _relocate_word(word: str, root: Path) -> str:
    """A path below the root is named from there; one that is elsewhere will not be there."""
    path = Path(word)
    if not path.is_absolute():
        return word
    if path.is_relative_to(root):
        return str(path.relative_to(root))
    if path.exists():
        raise JobError(
            f"{word}: must lie below {root}, which the cluster is to see as {PLACE}, but does not; "
            "launch from a folder that holds it",
            USAGE,
        )
    return word


def require_told(kind: str, told: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Refuse a setting that this kind of manifest does not have."""
    for key, value in told.items():
        if key not in known:
            raise JobError(
                f"--set {key}: must be a setting of {kind}, but is not{nearest(key, known)}", USAGE
            )
        if not value:
            raise JobError(f"--set {key}: must have a value, but has none; name it", USAGE)

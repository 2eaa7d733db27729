"""How sweeps, their trials and the keys that only repeat them are called; small, since every launch needs it."""

from pathlib import Path

from workbench.errors import BAD_DATA, USAGE, WorkbenchError

SEED = "train.seed"  # the key that says nothing about the model, and everything about noise
FOLD = "split.fold"  # the key that says which fold is judged
LAST = "last"  # what is said instead of the newest one's name


class SweepError(WorkbenchError):
    """A sweep that cannot be used."""

    def __init__(self, message: str, exit_code: int = BAD_DATA) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def name_trial(sweep: str, number: int, count: int) -> str:
    """Return the name of a trial's run; as many digits as the last one needs, so that names sort as numbers do."""
    return f"{sweep}-{number:0{max(2, len(str(count)))}d}"


def require_name(name: str) -> str:
    """Refuse what names no folder, or one elsewhere, or means the newest."""
    if not name or Path(name).name != name or name.startswith("."):
        raise SweepError(
            f"--name {name}: must be a name without slashes or a dot in front, but is not; change it", USAGE
        )
    if name == LAST:
        raise SweepError(f"--name {name}: must be a name of its own, but means the newest; change it", USAGE)
    return name

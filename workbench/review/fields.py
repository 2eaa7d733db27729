"""What a project's dataset, its fields and their attributes are called in FiftyOne: one place spells them."""

import hashlib
import re
from pathlib import Path

MARK = "workbench"  # key of dataset.info, without which nothing is ever dropped
# Of samples.
KEY, PART, TRUTH = "key", "part", "truth"
# Of labels.
NUMBER = "number"  # of a truth: its annotation id; of a prediction: its row in the results, from 0
MISTAKE = "mistake"  # its kind, or None; of a truth: in the run that was reviewed last
MISTAKES = "mistakes"  # all its kinds: a mask may be badly placed and split
VERDICT = "verdict"  # what colours go by: the mistake, else hit, or unsaid
NOTE = "note"
SUSPICION, SUSPECT = "suspicion", "suspect"  # how likely a label is wrong, and in which way
CONFUSED = "confused"  # of a prediction of a wrong class: the right one
FAINT = "faint"  # right, though the score is low
HIT, UNSAID = "hit", "unsaid"  # right; wrong, but with a score that nobody would be shown


def name_dataset(project: Path) -> str:
    """One dataset a project: two projects of one name at different places have one each."""
    place = project.resolve()
    return f"workbench-{_to_word(place.name)}-{hashlib.sha256(str(place).encode()).hexdigest()[:8]}"


def name_run_field(run: str, part: str = "val") -> str:
    """A run's name as FiftyOne takes it for a field; what it found in another part than val has one of its own."""
    word = _to_word(run if part == "val" else f"{run}_{part}")
    return word if word[:1].isalpha() else f"run_{word}"


def name_evaluation(field: str) -> str:
    """Key of FiftyOne's evaluation of a run, and beginning of the fields that hold it."""
    return f"eval_{field}"


def name_segments(field: str) -> str:
    """The pictures of classes that go with a field of objects."""
    return f"{field}_segments"


def name_old_truth(fingerprint: str) -> str:
    """Field of a truth that is not the newest, for the runs that were judged by it."""
    return f"{TRUTH}_{fingerprint[:8]}"


def _to_word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "unnamed"

"""Which images are nearly one: pictures of a burst, told by what the project says of names and times.

They were kept in one part of the split for that. Drawn one by one they would seem to be so many proofs of one thing.
"""

import re
import tomllib
from collections.abc import Sequence

from workbench.data.survey import Survey
from workbench.prepare.grouping import find_links, join_groups
from workbench.project import SplitSettings
from workbench.run import Run


def find_bursts(run: Run, images: Sequence[str]) -> dict[str, str]:
    """Return the burst of each image, named by its first one; no picture is opened, so looks do not count."""
    surveys = [Survey(annotation=image, image=image) for image in images]
    groups = join_groups(images, find_links(surveys, _read_settings(run)))
    return {image: group[0] for group in groups for image in group}


def _read_settings(run: Run) -> SplitSettings:
    """As they were when the run began; paths in the copy lead nowhere, so only [split] is read of it."""
    usual = SplitSettings()
    try:
        split = tomllib.loads(run.project_copy.read_text(encoding="utf-8")).get("split", {})
        group, seconds = str(split.get("group", "")), float(split.get("seconds", usual.seconds))
        re.compile(group)
    except (OSError, ValueError, TypeError, AttributeError, re.error):
        return usual
    return SplitSettings(group=group, seconds=seconds)

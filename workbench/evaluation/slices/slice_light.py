"""Slices by what the images themselves look like: bright or dark, sharp or blurred."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workbench.errors import AnnotationError
from workbench.evaluation.slices.slices import Grouping, group_numbers
from workbench.formats.light import measure_light
from workbench.progress import track

BRIGHTNESS = ("dark", "medium", "bright")
SHARPNESS = ("blurred", "medium", "sharp")


def group_light(folder: Path, files: Sequence[str]) -> tuple[list[Grouping], list[str]]:
    """Read every image below a folder once; what cannot be read is in no slice, and told."""
    values = np.full((len(files), 2), np.nan)
    unread: list[str] = []
    for place, file in enumerate(track(files, len(files), "looking at images")):
        try:
            values[place] = measure_light(folder / file)
        except AnnotationError as error:
            unread.append(str(error))
    named = (("brightness", BRIGHTNESS), ("sharpness", SHARPNESS))
    made = [group_numbers(by, values[:, place], names) for place, (by, names) in enumerate(named)]
    notes = [f"{len(unread)} images are in no slice of light: {unread[0]}"] if unread else []
    return [grouping for grouping in made if grouping], notes

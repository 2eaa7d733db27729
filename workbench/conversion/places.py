"""Where the images of a YOLO or VOC folder go: inside it, and each with a stem of its own, since labels go by stems."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

LONGEST_NAME = 240  # bytes; 255 is what disks take, and endings are still to come


@dataclass(slots=True)
class Places:
    """Gives out paths; `taken` are the stems that are gone."""

    taken: set[str] = field(default_factory=set)

    def choose(self, path: str, annotation: str) -> str:
        """Return the image's own path, or one like it (a_png.png) where labels would meet another image's."""
        wanted = PurePosixPath(path)
        if not _stays_inside(wanted):
            wanted = PurePosixPath(annotation).with_suffix(".jpg")
        stem, suffix = str(wanted.with_suffix("")), wanted.suffix
        number = 1
        while stem.lower() in self.taken:
            number += 1
            stem = f"{wanted.with_suffix('')}_{suffix[1:]}{number if number > 2 else ''}"
        self.taken.add(stem.lower())
        return stem + suffix


def _stays_inside(path: PurePosixPath) -> bool:
    """Judge a path by its words alone; what is not there cannot be a link."""
    parts = path.parts
    if not parts or path.is_absolute() or ".." in parts or parts[0][1:2] == ":" or "\0" in str(path):
        return False
    return all(len(part.encode("utf-8", "replace")) <= LONGEST_NAME for part in parts)

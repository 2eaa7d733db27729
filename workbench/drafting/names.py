"""What an image is called on a desk: as below the annotation folder, unless Labelme could not tell two apart."""

from collections.abc import Collection
from itertools import count
from pathlib import PurePosixPath


def name_slot(image: str, taken: Collection[str]) -> str:
    """Name its Labelme file: Labelme goes by the stem, so of a.jpg and a.png one is a~png; capitals do not count."""
    path = PurePosixPath(image)
    for number in count():
        odd = "" if not number else f"~{path.suffix[1:]}" if number == 1 else f"~{path.suffix[1:]}~{number}"
        name = str(path.with_name(f"{path.stem}{odd}.json"))
        if name.casefold() not in taken:
            return name
    return ""

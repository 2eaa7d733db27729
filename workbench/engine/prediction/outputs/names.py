"""What the files of an image are called: two images of one stem never share a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.conversion.painted import name_pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An image among others: its name as COCO files have it, that of its PNG, and that beside its Labelme file."""

    key: str
    picture: str
    labelled: str

    @property
    def labelme(self) -> str:
        """Labelme looks for a file that is called as the image is, but for the ending."""
        return self.labelled.rpartition(".")[0] + ".json"

    @property
    def overlay(self) -> str:
        """A JPEG, called as the PNG is."""
        return self.picture.removesuffix(".png") + ".jpg"


def name_files(keys: Sequence[str]) -> Mapping[str, Named]:
    """Name everything of every image."""
    pictures = name_pictures(keys)
    labelled = _name_labelled(keys)
    return {key: Named(key=key, picture=pictures[key], labelled=labelled[key]) for key in keys}


def _name_labelled(keys: Sequence[str]) -> Mapping[str, str]:
    """a.jpg and a.png would have one Labelme file: they become a_jpg.jpg and a_png.png."""
    stems: dict[str, list[str]] = {}
    for key in keys:
        stems.setdefault(_split(key)[0].lower(), []).append(key)
    taken = {key.lower() for same in stems.values() if len(same) == 1 for key in same}
    named: dict[str, str] = {}
    for same in stems.values():
        for key in same:
            named[key] = key if len(same) == 1 else _make_free(key, taken)
    return named


def _make_free(key: str, taken: set[str]) -> str:
    stem, ending = _split(key)
    name = f"{stem}_{ending}"
    while f"{name}.{ending}".lower() in taken:
        name += "_"
    taken.add(f"{name}.{ending}".lower())
    return f"{name}.{ending}"


def _split(key: str) -> tuple[str, str]:
    folder, slash, base = key.rpartition("/")
    stem, dot, ending = base.rpartition(".")
    return (f"{folder}{slash}{stem}", ending) if dot and stem else (key, "image")

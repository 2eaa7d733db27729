"""The contract of an importer: what a foreign file says, one object at a time, none forgotten.

An importer names the images and their objects; it does not open images, and it does not draw. How an object
becomes shapes is a function of the image's size, called once the image was found: `make`. It returns shapes or
raises Skip, so that each source object ends either as shapes or as a reason in the ledger.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.annotation import Shape
from workbench.importing.image_index import ImageIndex
from workbench.importing.skip import Skip

Size = tuple[int, int]  # width, height
Make = Callable[[Size], tuple[Shape, ...]]

DEFAULT_LABEL = "object"
SILENT_LABELS = ("__ignore__", "_background_", "__hole__")  # lines of a labels.txt that name no class


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceObject:
    """One object as the source has it; `note` names what is odd about it though it is taken."""

    where: str
    label: str
    kind: str
    make: Make
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceImage:
    """One image as the source names it; `size` is what its coordinates were measured in, if that is said."""

    source: str
    name: str
    base: str = ""
    size: Size | None = None
    objects: tuple[SourceObject, ...] = ()
    flags: Mapping[str, bool] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    refused: Skip | None = None  # why none of its objects can be placed


@dataclass(frozen=True, slots=True, kw_only=True)
class BadFile:
    """One of many source files that cannot be read at all; the others are imported."""

    source: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a source holds. `labels` is the order that it declares; `stuff` are those that are no things."""

    images: Iterable[SourceImage | BadFile]
    total: int
    labels: tuple[str, ...] = ()
    stuff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the person pointed at: the annotations, the folder of images, and the classes if they said them."""

    path: Path
    images: ImageIndex
    labels: tuple[str, ...] = ()
    zero_based: bool = False

    @property
    def folder(self) -> Path:
        """The folder that the annotations lie in."""
        return self.path if self.path.is_dir() else self.path.parent

    def name(self, path: Path) -> str:
        """Name a file of the source as the ledger does."""
        return path.relative_to(self.folder).as_posix()

    def base(self, path: Path) -> str:
        """Return where images named by this file are looked for first: its own folder, seen from the images' root."""
        folder, root = path.parent.resolve(), self.images.root.resolve()
        return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else ""


def skip(rule: str, message: str) -> Make:
    """Return a `make` for an object that is known to be unusable."""

    def refuse(_size: Size) -> tuple[Shape, ...]:
        raise Skip(rule, message)

    return refuse


def find_files(source: Source, *suffixes: str) -> list[Path]:
    """Return the source itself, or the files in its folder with one of these endings, in order of name."""
    if source.path.is_file():
        return [source.path]
    root = source.path.resolve()
    found = (path for path in source.path.rglob("*") if path.name.lower().endswith(suffixes))
    return sorted(path for path in found if path.is_file() and path.resolve().is_relative_to(root))

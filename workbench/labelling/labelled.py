"""Which images of a project are labelled, as what, and by which file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.data.annotation import Annotation
from workbench.errors import WorkbenchError
from workbench.formats.labelme import read_annotation
from workbench.formats.listing import list_folder
from workbench.formats.places import find_image


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One Labelme file, the image that it annotates (its own name where that is nowhere), and its labels."""

    image: str
    annotation: str
    labels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Everything in an annotation folder; what cannot be read is in `unreadable`."""

    images: tuple[str, ...]
    labelled: tuple[Labelled, ...]
    unreadable: tuple[str, ...]

    @property
    def unlabelled(self) -> tuple[str, ...]:
        """Images that no file annotates; one without shapes does annotate: there is nothing in it."""
        known = {one.image for one in self.labelled}
        beside = {name.rpartition(".")[0] for name in self.unreadable}
        return tuple(
            name for name in self.images if name not in known and name.rpartition(".")[0] not in beside
        )


def take_stock(root: Path) -> Stock:
    """Read every Labelme file of a folder."""
    listing = list_folder(root)
    unreadable: list[str] = []
    labelled = tuple(_read_all(root, listing.annotations, unreadable))
    return Stock(images=listing.images, labelled=labelled, unreadable=tuple(unreadable))


def _read_all(root: Path, names: tuple[str, ...], unreadable: list[str]) -> Iterator[Labelled]:
    for name in names:
        try:
            annotation = read_annotation(root / name)
        except WorkbenchError:
            unreadable.append(name)
            continue
        yield Labelled(
            image=find_image(root, name, annotation).path or name,
            annotation=name,
            labels=list_labels(annotation),
        )


def list_labels(annotation: Annotation) -> frozenset[str]:
    """Return every label that is drawn."""
    return frozenset(shape.label for shape in annotation.shapes)

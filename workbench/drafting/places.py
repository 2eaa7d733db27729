"""Which Labelme file annotates an image, or would; and where the image's bytes are."""

from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workbench.data.annotation import Annotation
from workbench.errors import BAD_DATA, WorkbenchError
from workbench.files import contained, is_file
from workbench.formats.labelme import read_annotation
from workbench.formats.listing import list_annotations
from workbench.formats.places import find_file, find_image


class DraftError(WorkbenchError):
    """An image that cannot be drafted, or a desk that cannot be used."""

    exit_code = BAD_DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An image below the annotation folder: its `file`, or its `content` where only the annotation has it."""

    image: str
    annotation: str  # name of the Labelme file, which need not be there yet
    known: Annotation | None
    file: Path | None = None
    content: bytes = b""

    @property
    def shown(self) -> str:
        """Where it may lie on a desk: a picture that only its annotation has is beside that."""
        name = PurePosixPath(self.annotation)
        return self.image if self.file else str(name.with_suffix(PurePosixPath(self.image).suffix or ".png"))


@dataclass(slots=True)
class Places:
    """Finds places in one annotation folder; reads all of it once, and only if a name does not tell."""

    root: Path
    _all: dict[str, str] | None = field(default=None, init=False)

    def find(self, image: str, annotation: str = "") -> Place:
        """Find an image; `annotation` is named where somebody knows it, as a dataset does."""
        seen = find_file(self.root, "", image)
        if annotation and contained(self.root, annotation) and is_file(self.root / annotation):
            return self._read(image, annotation, seen.file)
        if seen.file is None or seen.path != image:
            raise DraftError(f"{self.root}: {image!r}: must be an image there, but is not; check the name")
        if "\\" in image:
            raise DraftError(
                f"{self.root / image}: must have no \\ in its name (for Labelme it parts folders), but has; rename it"
            )
        name = self.find_annotation(image)
        if name is None:
            return Place(image=image, annotation=self._name_new(image), known=None, file=seen.file)
        return self._read(image, name, seen.file)

    def _read(self, image: str, name: str, file: Path | None) -> Place:
        known = read_annotation(self.root / name)
        file = file or find_image(self.root, name, known).file
        if file is None and not known.image_data:
            raise DraftError(
                f"{self.root / name}: its image must be there, but is not; workbench check says more"
            )
        content = b64decode(known.image_data or "") if file is None else b""
        return Place(image=image, annotation=name, known=known, file=file, content=content)

    def find_annotation(self, image: str) -> str | None:
        """Name the Labelme file of an image; of two the first, as convert does."""
        beside = str(PurePosixPath(image).with_suffix(".json"))
        if self._all is None and is_file(self.root / beside) and self._name_image(beside) == image:
            return beside
        if self._all is None:
            names = reversed(list_annotations(self.root))
            self._all = {found: name for name in names if (found := self._name_image(name))}
        return self._all.get(image)

    def _name_image(self, name: str) -> str:
        """What cannot be read annotates nothing that could be found."""
        try:
            return find_image(self.root, name, read_annotation(self.root / name)).path or ""
        except WorkbenchError:
            return ""

    def _name_new(self, image: str) -> str:
        """Labelme looks for the stem; where another image has taken that, the whole name is free."""
        for name in (str(PurePosixPath(image).with_suffix(".json")), f"{image}.json"):
            if not (self.root / name).exists():
                return name
        raise DraftError(
            f"{self.root / image}: must have a free name for its labels, but {name} is taken; move that away"
        )

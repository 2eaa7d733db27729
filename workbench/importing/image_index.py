"""The images below one folder. Names from foreign files are looked up here and never become paths themselves."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workbench.errors import AnnotationError
from workbench.formats.images import IMAGE_SUFFIXES, read_facts
from workbench.formats.listing import list_images
from workbench.importing.skip import Skip

TURNING = (5, 6, 7, 8)  # EXIF orientations that swap width and height


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image that was found; the size is the one it is shown in, `stored` the one its pixels are stored in."""

    path: Path
    name: str
    size: tuple[int, int]
    stored: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageIndex:
    """Relative paths by file name, and by file name without its ending."""

    root: Path
    names: dict[str, list[str]] = field(default_factory=dict)
    stems: dict[str, list[str]] = field(default_factory=dict)

    def find(self, name: str, base: str = "") -> str:
        """Return the one image that is meant: in `base`, else the one whose path agrees with all that is said."""
        parts = _split(name)
        if not parts:
            raise Skip("image-missing", f"an image must have a name, but got {name!r}")
        candidates = self.names.get(parts[-1], [])
        if not candidates and not parts[-1].lower().endswith(IMAGE_SUFFIXES):
            return self._choose(parts, base, self.stems.get(parts[-1], []), name)
        return self._choose(parts, base, candidates, name)

    def _choose(self, parts: list[str], base: str, candidates: list[str], name: str) -> str:
        for wanted in ([*_split(base), *parts], parts):
            exact = [one for one in candidates if _agrees(_split(one), wanted, exactly=True)]
            if len(exact) == 1:
                return exact[0]
        agreeing = [one for one in candidates if _agrees(_split(one), parts)]
        if not agreeing:
            message = (
                f"the image must lie in {self.root}, but {name!r} does not; name its folder with --images"
            )
            raise Skip("image-missing", message)
        if len(agreeing) > 1:
            both = f"{agreeing[0]} and {agreeing[1]}"
            message = f"one image must be meant by {name!r}, but {both} fit; point --images closer"
            raise Skip("image-ambiguous", message)
        return agreeing[0]

    def all(self) -> list[str]:
        """Return every image, in order of name."""
        return sorted(name for group in self.names.values() for name in group)

    def open(self, name: str) -> Picture:
        """Read the header of an image that was found."""
        try:
            facts = read_facts(self.root / name, name=name)
        except AnnotationError as error:
            raise Skip(error.rule, error.message) from error
        size = (facts.width, facts.height)
        stored = size[::-1] if facts.orientation in TURNING else size
        return Picture(path=self.root / name, name=name, size=size, stored=stored)


def _split(name: str) -> list[str]:
    parts = name.replace("\\", "/").split("/")
    return [part for part in parts if part not in ("", ".", "..") and "\0" not in part]


def _agrees(candidate: list[str], wanted: list[str], *, exactly: bool = False) -> bool:
    """Compare the folders from the end; one may know more of the path than the other. The file is the same already."""
    count = min(len(candidate), len(wanted))
    if exactly and len(candidate) != len(wanted):
        return False
    return candidate[-count:-1] == wanted[-count:-1]


def build_index(root: Path, leave_out: Path | None = None) -> ImageIndex:
    """List the images below a folder, without those of the folder that is written to."""
    index, left = ImageIndex(root=root), _inside(root, leave_out)
    for name in list_images(root):
        if left is None or not name.startswith(left):
            path = PurePosixPath(name)
            index.names.setdefault(path.name, []).append(name)
            index.stems.setdefault(path.stem, []).append(name)
    return index


def _inside(root: Path, folder: Path | None) -> str | None:
    """Return folder/ as the listing spells it, when it lies below the root."""
    if (
        folder is None
        or folder.resolve() == root.resolve()
        or not folder.resolve().is_relative_to(root.resolve())
    ):
        return None
    return folder.resolve().relative_to(root.resolve()).as_posix() + "/"

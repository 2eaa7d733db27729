"""What one look at one annotation and its image found: enough to judge and to split a whole set."""

from dataclasses import dataclass

from workbench.data.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """An image as its header says it, turned upright as EXIF asks; the rest only where pixels were opened."""

    width: int
    height: int
    orientation: int = 1
    format: str = ""
    taken: float | None = None  # EXIF capture time, seconds
    look: int | None = None  # 64-bit perceptual hash
    digest: str = ""
    notes: tuple[tuple[str, str], ...] = ()  # (rule, message): what is odd about the picture itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One annotation file; all paths are relative to the folder that was looked at, with forward slashes."""

    annotation: str
    image: str | None
    embedded: bool = False
    facts: ImageFacts | None = None
    labels: tuple[tuple[str, int], ...] = ()
    shapes: int = 0
    findings: tuple[Finding, ...] = ()

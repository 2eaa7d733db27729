"""What a report is put together from: sections of paragraphs, tables, charts and pictures, in the order of reading."""

from dataclasses import dataclass

from workbench.report.table import Measure, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A few sentences."""

    text: str
    kind: str = ""  # "" or note


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One number of the headline."""

    title: str
    value: Measure
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """The headline; the first number is the one that decides."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing and the line under it."""

    caption: str
    drawing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """Drawings of one kind, side by side; `small` ones stand four in a row."""

    charts: tuple[Chart, ...]
    small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Counts of what was taken for what; `shades` run from 0 to 9 along each row."""

    name: str
    caption: str
    labels: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    shades: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Truth and prediction side by side: keys of two pictures, and what is to be seen on each."""

    title: str
    note: str
    truth: str
    found: str
    truth_alt: str
    found_alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Pairs under a title; `wide` ones are whole images."""

    title: str
    lead: str
    pairs: tuple[Pair, ...]
    wide: bool = False
    total: int = 0  # how many there are, of which these are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What only some want to see: open on paper."""

    title: str
    blocks: "tuple[Block, ...]"


Block = Paragraph | Tiles | Table | Charts | Matrix | Gallery | Folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page with a title of its own."""

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """The first sentence, and what to do next."""

    level: str  # good, useful, poor, unknown
    saying: str
    finding: str
    next: tuple[str, ...]
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole report; `about` names run, model and data."""

    title: str
    about: str
    lead: Lead
    sections: tuple[Section, ...]

"""Folders of pictures as pages: an overview, and a page for each folder. They work from a disk, without any program."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workbench.report.html import FILES, digest_for_policy, shorten

FIRST = 4  # pictures of each folder on the overview


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file of the folder, and what is to be seen on it."""

    file: str
    width: int
    height: int
    title: str
    note: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One view; `total` is how many there are, of which these are shown."""

    name: str
    title: str
    about: str
    total: int
    pictures: tuple[Picture, ...]
    wide: bool = False  # whole images, not crops


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """All of it; `about` names run and part."""

    title: str
    about: str
    folders: tuple[Folder, ...]
    notes: tuple[str, ...] = ()


def render_overview(album: Album) -> str:
    """The page that leads to the others."""
    full = tuple(folder for folder in album.folders if folder.pictures)
    empty = tuple(folder for folder in album.folders if not folder.pictures)
    return _render("album.html", album=album, full=full, empty=empty, first=FIRST)


def render_folder(album: Album, folder: Folder) -> str:
    """The page of one folder; it lies in it."""
    place = [one.name for one in album.folders if one.pictures]
    return _render("folder.html", album=album, folder=folder, **_find_neighbours(place, folder.name))


def _find_neighbours(names: Sequence[str], name: str) -> dict[str, str]:
    """The folders before and after, which the page leads to."""
    place = names.index(name) if name in names else -1
    known = place >= 0
    return {
        "before": names[place - 1] if known and place else "",
        "after": names[place + 1] if known and place + 1 < len(names) else "",
    }


def _render(template: str, **words: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(FILES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style = shorten((FILES / "page.css").read_text() + (FILES / "album.css").read_text())
    return environment.get_template(template).render(
        style=Markup(style), style_hash=Markup(digest_for_policy(style)), **words
    )

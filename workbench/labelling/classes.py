"""New classes: labels.txt brought up to date, and the images that were finished before a class existed.

project.toml says which classes there are. classes.json remembers which there were: a class that is in the one and not
in the other is new, and every image that is labelled at that moment was labelled without it. Where there is no
classes.json yet, labels.txt says which classes there were, but for those that are drawn somewhere already.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.annotation import HOLE_LABELS, IGNORE, RESERVED_LABELS
from workbench.errors import ProjectError
from workbench.files import write_atomically
from workbench.labelling.labelled import Labelled, Stock, take_stock
from workbench.labelling.own_settings import PLACE
from workbench.labelling.queue import write_look_again
from workbench.labelling.roster import FILE, Roster, read_roster, write_roster
from workbench.project import Project

LABELS, BOM = "labels.txt", b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is new since the last time; `look_again` is all that is still to be looked at, new or not."""

    classes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()  # that labels.txt lacks
    strange: tuple[str, ...] = ()  # lines of labels.txt that are no class
    look_again: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    queue_file: Path = Path()  # where `catch_up` writes them down

    @property
    def queue(self) -> tuple[str, ...]:
        """Every image to look at again, once."""
        return tuple(sorted({image for images in self.look_again.values() for image in images}))


def name_drawn(project: Project) -> tuple[str, ...]:
    """The classes that a person draws: what nobody labels becomes `unlabelled`, and is not drawn."""
    return tuple(one.name for one in project.categories if one.name != project.unlabelled)


def find_news(project: Project, stock: Stock | None = None) -> News:
    """Say what is new; nothing is written."""
    return _find(project, stock)[0]


def catch_up(project: Project, stock: Stock | None = None) -> News:
    """Write down what is new: classes.json and labels.txt, of which no line is ever dropped."""
    news, roster = _find(project, stock)
    write_roster(project.folder / FILE, roster)
    write_look_again(news.queue_file, news.look_again)
    if news.lines:
        write_atomically(project.annotations / LABELS, _extend(project, news.lines).encode())
    return news


def look_at(project: Project, images: Iterable[str]) -> None:
    """Write down that a person has looked at these with every class there is."""
    roster, seen = read_roster(project.folder / FILE), set(images)
    if roster and roster.look_again and seen:
        left = {
            name: tuple(one for one in waiting if one not in seen)
            for name, waiting in roster.look_again.items()
        }
        write_roster(project.folder / FILE, Roster(classes=roster.classes, look_again=left))


def choose_labels(project: Project, place: Path) -> Path:
    """The labels as they lie there, or a clean copy: a line that is twice makes Labelme drop all its settings."""
    path = project.annotations / LABELS
    lines = _read_lines(path)
    if len(set(lines)) == len(lines) and not (path.is_file() and path.read_bytes().startswith(BOM)):
        return path
    write_atomically(place / LABELS, "".join(f"{line}\n" for line in dict.fromkeys(lines)).encode())
    return place / LABELS


def _find(project: Project, stock: Stock | None) -> tuple[News, Roster]:
    before = read_roster(project.folder / FILE)
    lines, drawn = _read_lines(project.annotations / LABELS), name_drawn(project)
    lacking = tuple(name for name in _offer(project, lines) if name not in lines)
    known = before.classes if before else tuple(name for name in drawn if name in lines or not lines)
    fresh = [name for name in drawn if name not in known]
    waiting = dict(before.look_again) if before else {}
    if fresh or waiting:
        stock = stock or take_stock(project.annotations)
    if before is None and stock and fresh:
        there = frozenset[str]().union(*(one.labels for one in stock.labelled))
        fresh = [name for name in fresh if name not in there]
    for name in fresh:
        waiting[name] = tuple(one.image for one in stock.labelled) if stock else ()
    left = {name: _still(images, name, stock.labelled) for name, images in waiting.items()} if stock else {}
    left = {name: images for name, images in left.items() if images and name in drawn}
    news = News(
        classes=tuple(fresh),
        lines=lacking,
        strange=tuple(one for one in lines if one not in RESERVED_LABELS and one not in _all(project)),
        look_again=left,
        queue_file=project.folder / PLACE / "look-again.txt",
    )
    classes = (*known, *(name for name in drawn if name not in known))
    return news, Roster(classes=classes, look_again=left)


def _still(images: Iterable[str], name: str, labelled: Collection[Labelled]) -> tuple[str, ...]:
    """Images that are still labelled, and where the class is not drawn by now."""
    without = {one.image for one in labelled} - {one.image for one in labelled if name in one.labels}
    return tuple(sorted(set(images) & without))


def _all(project: Project) -> set[str]:
    return {one.name for one in project.categories}


def _offer(project: Project, lines: Collection[str]) -> tuple[str, ...]:
    """A labels.txt that is new begins with the labels that have a meaning."""
    return (*(() if lines else (IGNORE, HOLE_LABELS[0])), *name_drawn(project))


def _read_lines(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"{path}: must be a text file of labels, but is not ({error}); mend or delete it"
        ) from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _extend(project: Project, lines: Collection[str]) -> str:
    """What was there, to the last byte, and the new lines after it."""
    path = project.annotations / LABELS
    text = path.read_bytes().decode("utf-8-sig") if path.is_file() else ""
    end = "\r\n" if "\r\n" in text else "\n"
    whole = text if not text or text.endswith(("\n", "\r")) else text + end
    return whole + "".join(f"{line}{end}" for line in lines)

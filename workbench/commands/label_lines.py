"""What `workbench label` says: what is new, what was done, what stayed behind, what to do next."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.output import format_table, print_line, safe, say
from workbench.commands.verdict import print_verdict

if TYPE_CHECKING:
    from workbench.inspection.checked import Checked
    from workbench.labelling.account import Account
    from workbench.labelling.changes import Changes
    from workbench.labelling.classes import News
    from workbench.labelling.labelme import Closed
    from workbench.labelling.queue_desk import Cleared
    from workbench.labelling.sitting import Sitting
    from workbench.labelling.work import Work
    from workbench.project import Project

SHOWN = 5  # images of each kind; --json has them all


def name_project(project: "Project") -> str:
    """As a person types it."""
    short = Path("projects") / project.folder.name
    return project.folder.name if project.folder == short else str(project.folder)


def describe_news(news: "News", project: "Project", *, future: bool = False) -> list[str]:
    """New classes, what labels.txt lacks, and what must be looked at again."""
    labels = project.annotations / "labels.txt"
    lines = []
    if news.lines:
        lines.append(f"{labels}: {', '.join(news.lines)} {'would be' if future else 'was'} added")
    if news.strange:
        lines.append(f"{labels}: {', '.join(news.strange)}: not in project.toml, so check refuses it")
    lines += describe_look_again(news)
    if news.look_again and not future:  # the queue is written when a window is opened
        lines.append(f"  workbench label {name_project(project)} --queue {news.queue_file}")
    return lines


def describe_look_again(news: "News") -> list[str]:
    """Classes that came after images were finished."""
    return [
        f"{name} is newer than the labels of {_count(len(images), 'image')}, which must be looked at again"
        for name, images in news.look_again.items()
    ]


def warn_of_later_classes(project: "Project") -> None:
    """Say it where it is taught: what is there and not drawn becomes background."""
    from workbench.labelling.classes import find_news

    for line in describe_look_again(find_news(project)):
        say(safe(f"warning: {line}: workbench label {name_project(project)} tells which"))


def describe_hints(project: "Project") -> list[str]:
    """What a person who draws for this task should know."""
    if project.task == "instance":
        return []
    lines = [
        "Where shapes overlap, small things cover large ones, and things cover stuff; order does not matter."
    ]
    if project.unlabelled:
        return [*lines, f"{project.unlabelled} need not be drawn: it is what nobody labels."]
    return [*lines, "What nobody labels teaches nothing: draw stuff up to the edges."]


def print_account(told: "Account", project: "Project", checked: "Checked") -> None:
    """Say what was done, and whether it is in order."""
    changes = told.sitting.changes
    if not told.any:
        print_line(safe(f"{project.annotations}: nothing was changed"))
        return
    print_line(safe(f"{project.annotations}: {_count(changes.images, 'image')} changed"))
    if rows := list_rows(changes):
        table = format_table(rows, right="added moved removed marked")
        print_line("\n" + "\n".join(f"  {line}" for line in table.splitlines()) + "\n")
    for line in (*_describe_files(told.sitting), *_describe_desk(told.cleared)):
        print_line(line)
    if checked.files:
        print_verdict(replace(checked, rows=[]))


def list_rows(changes: "Changes") -> list[tuple[str, ...]]:
    """A row for each class that something was done to; columns without anything are left out."""
    relabelled: dict[str, list[str]] = {}
    for (old, new), count in sorted(changes.relabelled.items()):
        relabelled.setdefault(old, []).append(f"{count} → {new}")
    tallies = {name: getattr(changes, name) for name in ("added", "moved", "removed", "marked")}
    columns = [name for name, tally in tallies.items() if tally]
    names = sorted({*relabelled, *(name for tally in tallies.values() for name in tally)})
    rows = []
    for name in names:
        cells = [str(tallies[column].get(name) or "–") for column in columns]
        renamed = [", ".join(relabelled.get(name, ["–"]))] if relabelled else []
        rows.append(tuple(map(safe, [name, *cells, *renamed])))
    head = ("class", *columns, *(("relabelled",) if relabelled else ()))
    return [head, *rows] if rows else []


def _describe_files(sitting: "Sitting") -> Iterable[str]:
    yield from _list_some("deleted", sitting.deleted)
    for torn in sitting.torn:
        yield safe(f"torn: {torn.trouble}")
        if torn.rescued:
            yield safe(f"  as it was before: {torn.rescued}; copy it back, or label the image again")


def _describe_desk(cleared: "Cleared") -> Iterable[str]:
    yield from _list_some("looked at, and right as it was", cleared.looked_at)
    yield from _list_some("deleted on the desk", cleared.deleted)
    yield from _list_some("conflict", cleared.conflicts)
    yield from _list_some("still on the desk", [f"{image}: {why}" for image, why in cleared.left])


def _list_some(what: str, items: Sequence[str]) -> Iterable[str]:
    for item in items[:SHOWN]:
        yield safe(f"{what}: {item}")
    if len(items) > SHOWN:
        yield f"{what}: {len(items) - SHOWN} more (--json lists all)"


def print_next(project: "Project", news: "News") -> None:
    """What there is to do now."""
    name = name_project(project)
    lines = [f"Next: workbench convert {name}"]
    if news.look_again:
        lines = [
            f"Still to look at, for {', '.join(news.look_again)}: {_count(len(news.queue), 'image')}",
            f"  workbench label {name} --queue {news.queue_file}",
            "  with --seen, if you have looked at all of them and there is nothing to draw",
            "",
            *lines,
        ]
    print_line()
    for line in lines:
        print_line(safe(line))


def told_to_json(
    project: "Project",
    work: "Work",
    done: "tuple[Closed, Account, Account]",
    after: "tuple[Checked, News, News]",
) -> dict[str, Any]:
    """Return the document of `--json`."""
    (closed, told, left), (checked, news, now) = done, after
    return {
        "project": project.name,
        "annotations": str(project.annotations),
        "images": list(work.names),
        "refused": list(work.refused),
        "labelme": {"code": closed.code, "words": closed.words},
        "changes": told.to_json(),
        "unseen": left.to_json(),
        "check": checked.to_json(),
        "classes": {
            "new": list(news.classes),
            "added_to_labels": list(news.lines),
            "look_again": {name: list(images) for name, images in now.look_again.items()},
            "queue": str(now.queue_file) if now.look_again else None,
        },
    }


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"

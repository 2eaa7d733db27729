"""A person's own lists of images for a part, understood or refused."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from workbench.data.survey import Survey
from workbench.errors import ProjectError
from workbench.prepare.grouping import image_key

_SHOWN = 3


def resolve_lists(
    surveys: Sequence[Survey], lists: Mapping[str, Sequence[str]], files: Mapping[str, str]
) -> dict[str, str]:
    """Return image -> part. A line may be the image's path, its json's path, or a name or stem that is there once."""
    known = _index(surveys) if lists else {}
    listed: dict[str, str] = {}
    for part in sorted(lists):
        file = files.get(part, f"list of {part}")
        names = [line.strip().replace("\\", "/").removeprefix("./") for line in lists[part]]
        found = {name: known.get(name, set()) for name in names if name and not name.startswith("#")}
        _refuse_unknown(file, [name for name, images in found.items() if not images], known)
        for name, images in found.items():
            _place(file, name, images, part, listed)
    return listed


def _index(surveys: Iterable[Survey]) -> dict[str, set[str]]:
    """A whole path beats a file name, and a file name beats a stem."""
    known: dict[str, set[str]] = {}
    short: dict[str, set[str]] = {}
    for survey in surveys:
        image = image_key(survey)
        for path in {image, survey.annotation}:
            known.setdefault(path, set()).add(image)
            name = path.rsplit("/", 1)[-1]
            for alias in {name, name.rsplit(".", 1)[0], path.rsplit(".", 1)[0]}:
                short.setdefault(alias, set()).add(image)
    return short | known


def _refuse_unknown(file: str, unknown: Sequence[str], known: Mapping[str, set[str]]) -> None:
    if not unknown:
        return
    close = get_close_matches(unknown[0], sorted(known), n=1)
    hint = f'; did you mean "{close[0]}"?' if close else "; take it off the list, or put the image back"
    more = len(unknown) - _SHOWN
    names = ", ".join(f'"{name}"' for name in unknown[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    raise ProjectError(
        f"{file}: split.lists: every line must name an image of the project, but {names} is none{hint}"
    )


def _place(file: str, name: str, images: set[str], part: str, listed: dict[str, str]) -> None:
    if len(images) > 1:
        both = " and ".join(sorted(images)[:2])
        raise ProjectError(
            f'{file}: split.lists: each line must mean one image, but "{name}" fits {both}; write its path'
        )
    image = next(iter(images))
    if listed.setdefault(image, part) != part:
        other = listed[image]
        raise ProjectError(
            f'{file}: split.lists: an image must be in one part, but "{name}" is in {other} and {part}; drop one'
        )

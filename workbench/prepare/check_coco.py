"""The rules of a COCO file made elsewhere: ids, references and names; its shapes are in check_coco_shapes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.errors import nearest
from workbench.prepare.check_coco_shapes import ShapeCheck

Raw = Mapping[str, Any]
Said = tuple[str, str, str]  # where, rule, message
LISTS = ("images", "annotations", "categories")


def check_coco(raw: object, path: str) -> list[Finding]:
    """Return every finding of one parsed file; nothing in it is trusted."""
    return [find(path, *one) for one in _check(raw)]


def _check(raw: object) -> Iterator[Said]:
    if not isinstance(raw, dict):
        what = "a list (the results of a model?)" if isinstance(raw, list) else type(raw).__name__
        yield "", "bad-structure", f"a COCO file must be an object with {', '.join(LISTS)}, but got {what}"
        return
    entries: dict[str, dict[int, Raw]] = {}
    for key in LISTS:
        value = raw.get(key)
        if not isinstance(value, list):
            got = "is missing" if value is None else f"is {type(value).__name__}"
            yield key, "bad-structure", f"{key} must be a list, but {got}; add it"
        entries[key] = {}
        yield from _collect(key, value if isinstance(value, list) else [], entries[key])
    images, annotations, categories = (entries[key] for key in LISTS)
    yield from _check_zero(images, annotations, categories)
    yield from _check_names(images, categories)
    yield from _check_references(raw, images, annotations, categories)
    shapes = ShapeCheck(images)
    for place, annotation in _list_dicts(raw.get("annotations")):
        yield from shapes.check(f"annotations[{place}]", annotation)
    yield from shapes.sum_up()


def _list_dicts(value: object) -> Iterator[tuple[int, Raw]]:
    for place, entry in enumerate(value if isinstance(value, list) else []):
        if isinstance(entry, dict):
            yield place, entry


def _collect(key: str, values: list[Any], found: dict[int, Raw]) -> Iterator[Said]:
    """Put the entries under their ids, and say which have none of their own."""
    first: dict[object, int] = {}
    for place, entry in enumerate(values):
        where = f"{key}[{place}]"
        if not isinstance(entry, dict):
            yield (
                where,
                "bad-structure",
                f"it must be an object, but got {type(entry).__name__}; mend or drop it",
            )
            continue
        number = entry.get("id")
        if type(number) is not int:
            if not (
                key == "annotations" and "segments_info" in entry
            ):  # panoptic annotations go by their image
                yield (
                    where,
                    "bad-id",
                    f"the id must be a whole number, but got {str(number)[:40]!r}; number it anew",
                )
            if type(number) is float and number.is_integer():
                found.setdefault(int(number), entry)
                first.setdefault(int(number), place)
            continue
        if number in found:
            yield (
                where,
                "duplicate-id",
                f"the id must be its own, but {number} is {key}[{first[number]}]'s too",
            )
        found.setdefault(number, entry)
        first.setdefault(number, place)


def _check_zero(
    images: Mapping[int, Raw], annotations: Mapping[int, Raw], categories: Mapping[int, Raw]
) -> Iterator[Said]:
    if 0 in annotations:
        message = "ids must start at 1, but one is 0: pycocotools takes it for no match and the AP is too low; renumber"
        yield "annotations", "zero-annotation-id", message
    for key, entries in (("images", images), ("categories", categories)):
        if 0 in entries:
            yield key, "zero-id", "ids should start at 1, but one is 0; renumber them"


def _check_names(images: Mapping[int, Raw], categories: Mapping[int, Raw]) -> Iterator[Said]:
    for key, field, entries, rule in (
        ("categories", "name", categories, "repeated-category"),
        ("images", "file_name", images, "repeated-image"),
    ):
        first: dict[str, int] = {}
        for number, entry in entries.items():
            name = entry.get(field)
            where = f"{key} id {number}"
            if not isinstance(name, str) or not name:
                yield where, "bad-structure", f"{field} must be text, but got {str(name)[:40]!r}; add it"
            elif first.setdefault(name, number) != number:
                yield (
                    where,
                    rule,
                    f'each {field} must be there once, but "{name}" is id {first[name]} too; join them',
                )


def _check_references(
    raw: Raw, images: Mapping[int, Raw], annotations: Mapping[int, Raw], categories: Mapping[int, Raw]
) -> Iterator[Said]:
    used: Counter[int] = Counter()
    seen: set[object] = set()
    for place, annotation in _list_dicts(raw.get("annotations")):
        where, image = f"annotations[{place}]", annotation.get("image_id")
        if not isinstance(image, int | float) or image not in images:
            yield (
                where,
                "unknown-image",
                f"image_id must be a listed image, but got {str(image)[:40]!r}; list or drop it",
            )
        else:
            seen.add(image)
        segments = annotation.get("segments_info")
        for part in segments if isinstance(segments, list) else [annotation]:
            number = part.get("category_id") if isinstance(part, dict) else None
            if isinstance(number, int | float) and number in categories:
                used[int(number)] += 1
            elif "caption" not in annotation:
                known = nearest(str(number)[:40], map(str, categories))
                yield (
                    where,
                    "unknown-category",
                    f"category_id must be a listed one, but got {str(number)[:40]!r}{known}",
                )
    for number, category in categories.items():
        if not used[number]:
            yield (
                f"categories id {number}",
                "unused-class",
                f'"{category.get("name")}" should be used, but is not',
            )
    empty = len(images.keys() - seen)
    if empty:
        yield (
            "images",
            "empty-image",
            f"{empty} of {len(images)} images have no annotation; Detectron2 leaves them out",
        )

"""The rules of a COCO file's images: there, whole, and as large as the file says."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.data.survey import ImageFacts
from workbench.prepare.check_coco_shapes import read_size

Look = ImageFacts | tuple[str, str]  # what an image says, or (rule, message)


def _list_images(raw: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    images = raw.get("images") if isinstance(raw, dict) else None
    for place, image in enumerate(images if isinstance(images, list) else []):
        if isinstance(image, dict) and isinstance(image.get("file_name"), str):
            yield place, image


def list_image_names(raw: Any) -> list[str]:
    """Return the file names of all images, each once."""
    return list(dict.fromkeys(image["file_name"] for _, image in _list_images(raw)))


def check_coco_images(raw: Any, path: str, looks: Mapping[str, Look]) -> list[Finding]:
    """Compare what the file says of its images with what they say themselves."""
    return [
        find(path, f"images[{place}]", *one)
        for place, image in _list_images(raw)
        for one in _check(image, looks)
    ]


def _check(image: Mapping[str, Any], looks: Mapping[str, Look]) -> Iterator[tuple[str, str]]:
    look, declared = looks[image["file_name"]], read_size(image)
    if not isinstance(look, ImageFacts):
        yield look
        return
    yield from look.notes
    if declared != (look.width, look.height):
        got = (
            f"{declared[0]} x {declared[1]}" if declared else f"{image.get('width')} x {image.get('height')}"
        )
        message = f"the size must be the image's, {look.width} x {look.height}, but got {got}; correct it"
        yield "size-disagrees", message


def count_coco(raw: Any) -> list[tuple[str, int, int]]:
    """Return (category, annotations, images) in the order of the file's categories."""
    counts: Counter[object] = Counter()
    on: defaultdict[object, set[object]] = defaultdict(set)
    lists = {key: raw.get(key) if isinstance(raw, dict) else None for key in ("categories", "annotations")}
    categories, annotations = (
        [one for one in value or [] if isinstance(one, dict)] if isinstance(value, list) else []
        for value in lists.values()
    )
    for annotation in annotations:
        parts = annotation.get("segments_info")
        for part in parts if isinstance(parts, list) else [annotation]:
            number = part.get("category_id") if isinstance(part, dict) else None
            if isinstance(number, int):
                counts[number] += 1
                on[number].add(str(annotation.get("image_id")))
    ids = {one["id"]: one for one in categories if isinstance(one.get("id"), int)}
    return [(str(one.get("name")), counts[number], len(on[number])) for number, one in ids.items()]

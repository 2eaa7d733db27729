"""A COCO file made elsewhere, and its images where they can be found."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from workbench.data.finding import Finding
from workbench.formats.folder import look_at_image
from workbench.formats.places import find_file
from workbench.inspection.checked import Checked
from workbench.parallel import map_in_order
from workbench.prepare.check_coco import check_coco
from workbench.prepare.check_coco_images import check_coco_images, count_coco, list_image_names
from workbench.progress import track


def check_coco_file(
    path: Path, raw: Any, *, images: Path | None, pixels: bool, say: Callable[[str], None]
) -> Checked:
    """Check the parsed content of a file, which may be anything."""
    listed, annotations = (
        raw.get(key) if isinstance(raw, dict) else None for key in ("images", "annotations")
    )
    return Checked(
        root=str(path),
        kind="COCO",
        files=1,
        images=len(listed) if isinstance(listed, list) else 0,
        shapes=len(annotations) if isinstance(annotations, list) else 0,
        rows=count_coco(raw),
        findings=[*check_coco(raw, path.name), *_check_images(path, raw, images, pixels, say)],
    )


def _check_images(
    path: Path, raw: Any, images: Path | None, pixels: bool, say: Callable[[str], None]
) -> list[Finding]:
    """COCO does not say where its images are: without any beside the file, none are called missing."""
    root = images or path.parent
    places = {name: find_file(root, "", name) for name in list_image_names(raw)}
    if not images and not any(place.file for place in places.values()):
        if places:
            say(f"Images are not checked: none lies in {root}; add --images DIR to do so.")
        return []
    work = partial(look_at_image, pixels=pixels)
    looks = track(map_in_order(work, list(places.values())), len(places), "images")
    return check_coco_images(raw, path.name, dict(zip(places, looks, strict=True)))

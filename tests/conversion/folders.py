"""Folders and projects of drawn annotations for the tests of conversion."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.data.annotation import Annotation, Shape
from workbench.formats.labelme import write_annotation

SIZE = (100, 80)


def put(root: Path, name: str, *shapes: Shape, size: tuple[int, int] = SIZE, image: bool = True) -> Path:
    """Write root/name.json with its image beside it, each of its own colour and texture."""
    path = root / f"{name}.json"
    annotation = Annotation(image_path=f"{path.stem}.png", image_size=size, shapes=shapes, version="6.3.1")
    write_annotation(path, annotation)
    if image:
        paint(size, sum(name.encode())).save(path.with_suffix(".png"))
    return path


def paint(size: tuple[int, int], seed: int) -> Image.Image:
    """Return a picture that looks like no other."""
    values = np.random.default_rng(seed).normal(128, 120, (5, 7)).clip(0, 255)
    noise = Image.fromarray(values.astype(np.uint8)).resize(size)
    return Image.merge(
        "RGB", [noise.point(lambda v, k=k: (v * 3 + seed * 37 * (k + 1)) % 256) for k in range(3)]
    )


def picture_bytes(size: tuple[int, int] = SIZE, seed: int = 0, kind: str = "JPEG") -> bytes:
    """Return an encoded picture."""
    stream = BytesIO()
    paint(size, seed).save(stream, kind)
    return stream.getvalue()


def put_project(
    home: Path, categories: list[str], *, task: str = "instance", stuff: list[str] = (), more: str = ""
) -> Path:
    """Write projects/p/project.toml beside annotations/p."""
    project = home / "projects" / "p"
    project.mkdir(parents=True)
    (home / "annotations" / "p").mkdir(parents=True)
    lists = f"categories = {list(categories)}\nstuff = {list(stuff)}\n"
    text = f'task = "{task}"\nannotations = "../../annotations/p"\n{lists}'
    (project / "project.toml").write_text(text.replace("'", '"') + more)
    return project

"""Small foreign data sets on disk, and what an import makes of them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from workbench.commands.import_ import build_source, import_source
from workbench.data.annotation import Annotation
from workbench.formats.labelme import read_annotation
from workbench.importing.folder import Summary


@dataclass(frozen=True)
class Result:
    """What lies in the output folder after an import."""

    summary: Summary
    out: Path

    def annotation(self, name: str) -> Annotation:
        return read_annotation(self.out / name)

    def only(self) -> Annotation:
        (path,) = self.out.rglob("*.json")
        return read_annotation(path)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.out / "ledger.jsonl").read_bytes().splitlines()]

    @property
    def labels(self) -> list[str]:
        return (self.out / "labels.txt").read_text().splitlines()


def paint(path: Path, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Path:
    """Make an image whose pixels nobody looks at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size).save(path)
    return path


def put(root: Path, files: dict[str, Any]) -> Path:
    """Write files: text and bytes as they are, a size as an image, a picture as itself, anything else as JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, tuple):
            paint(path, content)
        elif isinstance(content, Image.Image):
            content.save(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def bring_in(
    tmp_path: Path,
    kind: str,
    files: dict[str, Any],
    *,
    source: str = "",
    images: str | None = None,
    labels: str | None = None,
    zero_based: bool = False,
) -> Result:
    """Write the files, import them, and check what holds for every import: nothing is forgotten."""
    root, out = put(tmp_path / "source", files), tmp_path / "out"
    listed = put(tmp_path, {"classes.list": labels}) / "classes.list" if labels is not None else None
    picked = build_source(root / source, out, root / images if images else None, listed, zero_based)
    summary = import_source(picked, kind, out)
    result = Result(summary, out)
    rows = [row for row in result.rows if row["where"] not in ("file", "image")]
    assert len(rows) == summary.objects == sum(bool(row["shapes"]) != bool(row["reason"]) for row in rows)
    assert summary.shapes == sum(len(read_annotation(path).shapes) for path in out.rglob("*.json"))
    return result

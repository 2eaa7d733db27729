"""The table of foreign formats, and what a source looks like."""

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.errors import AnnotationError
from workbench.formats.labelme import parse_json, read_bytes
from workbench.importing.coco import is_coco, read_coco
from workbench.importing.contract import Imported, Source
from workbench.importing.cvat import read_cvat
from workbench.importing.labelstudio import is_labelstudio, read_labelstudio
from workbench.importing.mask_png import read_mask_png
from workbench.importing.rle_csv import read_rle_csv
from workbench.importing.via import is_via, read_via
from workbench.importing.voc import read_voc
from workbench.importing.xml_reader import read_xml
from workbench.importing.yolo import read_yolo

IMPORTERS: Mapping[str, Callable[[Source], Imported]] = {
    "via": read_via,
    "coco": read_coco,
    "voc": read_voc,
    "yolo": read_yolo,
    "cvat": read_cvat,
    "rle-csv": read_rle_csv,
    "mask-png": read_mask_png,
    "labelstudio": read_labelstudio,
}
_MOST_LOOKS = 20  # files of a folder that are looked into


def guess_formats(path: Path) -> tuple[str, ...]:
    """Return every format that a file, or the files of a folder, could be."""
    if path.is_file():
        return _guess_file(path)
    files = sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    telling = [file for file in files if file.suffix.lower() in (".json", ".xml", ".csv")][:_MOST_LOOKS]
    found = {name for file in telling for name in _guess_file(file)}
    if not telling and any(file.suffix == ".txt" and "labels" in file.parts for file in files):
        found.add("yolo")
    if not telling and any(file.stem.endswith("_mask") for file in files):
        found.add("mask-png")
    return tuple(sorted(found))


def _guess_file(path: Path) -> tuple[str, ...]:
    try:
        match path.suffix.lower():
            case ".json":
                return _guess_json(parse_json(read_bytes(path), path))
            case ".xml":
                return {"annotation": ("voc",), "annotations": ("cvat",)}.get(read_xml(path).tag, ())
            case ".csv":
                return ("rle-csv",) if b"EncodedPixels" in read_bytes(path)[:200] else ()
            case ".txt":
                return ("yolo",)
    except AnnotationError:
        return ()
    return ("mask-png",) if path.stem.endswith("_mask") else ()


def _guess_json(raw: object) -> tuple[str, ...]:
    tests = {"via": is_via, "coco": is_coco, "labelstudio": is_labelstudio}
    return tuple(name for name, test in tests.items() if test(raw))

"""Public data sets that `workbench fetch` knows: rows of data, and the SHA-256 of every file that is kept.

The homes publish no checksums of their archives, so the content is what is verified: each file by its own hash,
wherever it lies in the archive, under the name that it has in `<name>.sha256`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSet:
    """Where a set lives and what must be in it; `format` is an importer's name, or "labelme"."""

    name: str
    title: str
    homepage: str
    url: str
    licence: str
    bytes: int
    format: str
    labels: tuple[str, ...]
    manifest: Mapping[str, str]  # name -> SHA-256
    sha256: str = ""  # of the archive, where it is known
    largest: int = 2000 * MEGABYTE
    neighbours: bool = False  # take pairs beside verified files, too, though their hashes are not known
    note: str = ""


def read_manifest(name: str) -> dict[str, str]:
    """Read lines of `sha256  name`, as sha256sum writes them."""
    text = (files(__package__) / f"{name}.sha256").read_text("utf-8")
    return {line[66:]: line[:64] for line in text.splitlines()}


def balloons() -> PublicSet:
    """Return the balloons of the Mask R-CNN tutorial."""
    return PublicSet(
        name="balloons",
        title="74 photographs with 305 balloons, polygons (VGG Image Annotator)",
        homepage="https://github.com/matterport/Mask_RCNN/releases/tag/v2.1",
        url="https://github.com/matterport/Mask_RCNN/releases/download/v2.1/balloon_dataset.zip",
        licence="released with Mask_RCNN (MIT, (c) 2017 Matterport); the photographs are from Flickr",
        bytes=38_772_480,
        format="via",
        labels=("balloon",),
        manifest=read_manifest("balloons"),
    )


def chipsets() -> PublicSet:
    """Return the microcontroller boards."""
    repository = "TannerGilbert/Tensorflow-Object-Detection-API-train-custom-Mask-R-CNN-model"
    return PublicSet(
        name="chipsets",
        title="149 photographs with 178 boards of 4 kinds, polygons (Labelme 4)",
        homepage=f"https://github.com/{repository}",
        url=f"https://github.com/{repository}/archive/e65aacc9e9308e5435185a77086a771d4a7dc93b.zip",
        licence="no licence file; its author published the same photographs under MIT ((c) 2019 Gilbert Tanner)",
        bytes=22_000_000,
        format="labelme",
        labels=("Arduino_Nano", "ESP8266", "Heltec_ESP32_Lora", "Raspberry_Pi_3"),
        manifest=read_manifest("chipsets"),
        neighbours=True,
        note="26 of the photographs have no checksum here; they are taken when they lie beside those that have",
    )


def faces() -> PublicSet:
    """Return the heads with and without a mask."""
    return PublicSet(
        name="faces",
        title="134 photographs with heads, with and without a face mask, boxes (YOLO)",
        homepage="https://public.roboflow.ai/object-detection/mask-wearing",
        url="https://github.com/GDGCVITBHOPAL/ML-Reserve/archive/69c021761d1cd1796050a31ff4beff8fe902df90.zip",
        licence="Public Domain, as its publisher says; people are in the pictures, which were collected from the web",
        bytes=18_000_000,
        format="yolo",
        labels=("mask", "no-mask"),
        manifest=read_manifest("faces"),
        note="its 15 test photographs are left out: their boxes belong to other pictures",
    )


PUBLIC_SETS = {"balloons": balloons, "chipsets": chipsets, "faces": faces}

"""Wheels whose code is right and whose label is wrong: the code is kept byte for byte, the label is written anew.

Detectron2 has no release on the package registry. `sal-detectron2` is its repository at a59f0563 (April 2024), tagged
for one Python, asking for an old numpy, and holding a compiled file that no current torch can load and nothing uses.
`panopticapi-lite` is COCO's own panoptic evaluation and works with numpy 2, which its label forbids.
"""

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # equal bytes for equal input


class WrongWheel(Exception):
    """The downloaded file is not the one that was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Which wheel to take, what to leave out of it, and what its label must say."""

    source: str
    sha256: str
    name: str
    version: str
    summary: str
    keeps: tuple[str, ...]
    drops: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """`detectron2-0.7.2+repack`, as file names spell it."""
        return f"{self.name.replace('-', '_')}-{self.version}"


DETECTRON2 = Recipe(
    source="sal-detectron2==0.7.2",
    sha256="491af0c7f79bdb2d178e46f6cb16a97c4ac968d45c41ea3f6b6435d59bbee561",
    name="detectron2",
    version="0.7.2+repack",
    summary="Detectron2 a59f0563 (2024-04-17): the Python code of the wheel sal-detectron2 0.7.2, unchanged",
    keeps=("detectron2/",),
    drops=(".so",),
    requires=(
        "Pillow>=7.1",
        "matplotlib",
        "pycocotools>=2.0.2",
        "termcolor>=1.1",
        "yacs>=0.1.8",
        "tabulate",
        "cloudpickle",
        "tqdm>4.29.0",
        "tensorboard",
        "fvcore<0.1.6,>=0.1.5",
        "iopath<0.1.10,>=0.1.7",
        "numpy",
        "omegaconf<2.4,>=2.1",
        "hydra-core>=1.1",
        "packaging",
        "setuptools<82",
        "scipy>1.5.1",
        "torch",
        "torchvision",
    ),
)

PANOPTIC = Recipe(
    source="panopticapi-lite==0.2.0",
    sha256="58d3ffa842a72240162e7fa744c602a0a5320baabbdb3295d770374f4639b486",
    name="panopticapi-lite",
    version="0.2.0+repack",
    summary="COCO's panopticapi: the Python code of the wheel panopticapi-lite 0.2.0, unchanged",
    keeps=("panopticapi/",),
    requires=("numpy", "pillow"),
)


def repack(wheel: Path, recipe: Recipe, folder: Path) -> Path:
    """Write the relabelled wheel into `folder`."""
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != recipe.sha256:
        raise WrongWheel(f"{wheel.name}: its sha256 must be {recipe.sha256}, but got {found}")
    files = dict(collect_files(wheel, recipe))
    record = f"{recipe.stem}.dist-info/RECORD"
    files[record] = "".join([*map(record_line, files, files.values()), f"{record},,\n"]).encode()
    target = folder / f"{recipe.stem}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return target


def collect_files(wheel: Path, recipe: Recipe) -> Iterator[tuple[str, bytes]]:
    """The code that is kept, the licence, and the new label."""
    label = f"{recipe.stem}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(recipe.keeps) and not name.endswith(("/", *recipe.drops)):
                yield name, archive.read(name)
            elif name.endswith(".dist-info/LICENSE"):
                yield f"{label}/LICENSE", archive.read(name)
    yield f"{label}/METADATA", metadata(recipe).encode()
    yield (
        f"{label}/WHEEL",
        b"Wheel-Version: 1.0\nGenerator: repack\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    )


def metadata(recipe: Recipe) -> str:
    """The label: name, version, and what the code really needs."""
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {recipe.name}",
        f"Version: {recipe.version}",
        f"Summary: {recipe.summary}",
        "Requires-Python: >=3.8",
        *(f"Requires-Dist: {need}" for need in recipe.requires),
        "",
        f"Repacked from {recipe.source}: only the name, the tag and the requirements differ.",
    ]
    return "\n".join(lines) + "\n"


def record_line(name: str, content: bytes) -> str:
    """One line of RECORD: name, digest, size."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"

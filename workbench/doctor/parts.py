"""The packages: which there are, which versions of each were tried, and how each is brought in."""

import re
from dataclasses import dataclass
from importlib import metadata

from workbench.doctor.fact import Fact, State
from workbench.extras import find_install_command


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One package; `module` is what is imported to see that it works, `name` what people call it."""

    project: str
    name: str
    extra: str
    oldest: str
    newest: str
    module: str = ""


def _part(extra: str, project: str, oldest: str, newest: str, module: str = "") -> Part:
    name = {"panopticapi-lite": "panopticapi"}.get(project, project)
    return Part(project=project, name=name, extra=extra, oldest=oldest, newest=newest, module=module)


# oldest and newest that were tried together with the rest
PARTS = (
    _part("core", "numpy", "2.0", "2.4.6", "numpy"),
    _part("core", "pillow", "13.0", "13.0.0", "PIL.Image"),
    _part("core", "pycocotools", "2.0.8", "2.0.11", "pycocotools.mask"),
    _part("core", "shapely", "2.0", "2.2.0", "shapely"),
    _part("core", "msgspec", "0.19", "0.22.0", "msgspec"),
    _part("core", "orjson", "3.10", "3.13.0", "orjson"),
    _part("core", "defusedxml", "0.7.1", "0.7.1", "defusedxml"),
    _part("core", "tqdm", "4.66", "4.70.1", "tqdm"),
    _part("train", "torch", "2.10", "2.14.1"),
    _part("train", "torchvision", "0.25", "0.29.1"),
    _part("train", "detectron2", "0.6", "0.7.2"),
    _part("train", "hotcoco", "1.3", "1.3.0", "hotcoco"),
    _part("train", "panopticapi-lite", "0.2", "0.2.0", "panopticapi.evaluation"),
    _part("label", "labelme", "6.3", "7.9.1"),
    _part("review", "fiftyone", "1.22", "1.22.1"),
    _part("serve", "fastapi", "0.130", "0.163.2", "fastapi"),
    _part("serve", "uvicorn", "0.30", "0.54.0", "uvicorn"),
    _part("scale", "submitit", "1.5", "1.5.4", "submitit"),
    _part("scale", "ray", "2.52", "2.60.0"),
    _part("scale", "optuna", "4.0", "5.0.0"),
)


def find_version(project: str) -> str | None:
    """The installed version, from the label alone."""
    try:
        return metadata.version(project)
    except metadata.PackageNotFoundError:
        return None


def parse_release(version: str) -> tuple[int, ...]:
    """`2.11.0+cu130` is 2, 11, 0."""
    return tuple(int(number) for number in re.findall(r"\d+", re.split(r"[+a-zA-Z]", version)[0]))


def is_tried(part: Part, version: str) -> bool:
    """Between the oldest and the newest that were tried; patch releases of the newest count as tried."""
    found, newest = parse_release(version), parse_release(part.newest)
    return parse_release(part.oldest) <= found and found[:2] <= newest[:2]


def judge(part: Part, trouble: str = "") -> Fact:
    """Installed, tried and importable?"""
    command = find_command(part)
    version = find_version(part.project)
    state: State = "fine"
    value, mend = version or "not installed", ""
    if version is None:
        state, mend = ("wrong" if part.extra == "core" else "absent"), command
    elif trouble:
        state, value, mend = "wrong", f"{version}, but it does not import: {trouble}", command
    elif not is_tried(part, version):
        state, mend = "untried", command
        value = f"{version}; tried are {part.oldest} to {part.newest}"
    return Fact(group=part.extra, name=part.name, state=state, value=value, mend=mend)


def find_command(part: Part) -> str:
    """What installs a part, also over a broken one."""
    return find_install_command("" if part.extra == "core" else part.extra, part.name)

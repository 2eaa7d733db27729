"""A Detectron2 YAML, read without trust: plain values only, `_BASE_` from beside it or from Detectron2's own zoo."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import detectron2
import yaml

from workbench.errors import InputMissing, ProjectError, nearest

ZOO = Path(detectron2.__file__).resolve().parent / "model_zoo" / "configs"
BASE = "_BASE_"
LARGEST = 1_000_000  # bytes
MOST_VALUES = 20_000  # after aliases are written out
DEEPEST = 10  # files that stand on each other

Tree = dict[str, Any]


def read_yaml(name: str) -> Tree:
    """Read a file, or one of the zoo by its name there, with everything that it stands on."""
    path = Path(name)
    if path.is_file():
        return _read_with_base(path.resolve(), path.resolve().parent, 0)
    if (found := _find_in_zoo(name)) is not None:
        return _read_with_base(found, ZOO, 0)
    raise InputMissing(
        f"{name}: must be a YAML file, or a name of Detectron2's zoo such as "
        f"COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_3x.yaml, but is neither{nearest(name, _zoo_names())}"
    )


def _zoo_names() -> list[str]:
    return [path.relative_to(ZOO).as_posix() for path in ZOO.rglob("*.yaml")]


def _find_in_zoo(name: str) -> Path | None:
    """Only what lies in the zoo's folder."""
    path = (ZOO / name).resolve()
    return path if path.is_relative_to(ZOO) and path.suffix == ".yaml" and path.is_file() else None


def _read_with_base(path: Path, root: Path, depth: int) -> Tree:
    """What the file says, on top of its `_BASE_`; everything stays below `root` or in the zoo."""
    if depth > DEEPEST:
        raise _wrong(path, BASE, f"at most {DEEPEST} files that stand on each other", "more, or a circle")
    tree = _read_plain(path)
    names = tree.pop(BASE, [])
    whole: Tree = {}
    for name in names if isinstance(names, list) else [names]:
        base, beside = _find_base(path, root, name)
        _merge(_read_with_base(base, beside, depth + 1), whole)
    _merge(tree, whole)
    return whole


def _find_base(path: Path, root: Path, name: object) -> tuple[Path, Path]:
    if not isinstance(name, str) or "://" in name or name.startswith(("~", "/")):
        raise _wrong(path, BASE, "a file beside it or a name of Detectron2's zoo", repr(name))
    local = (path.parent / name).resolve()
    if local.is_relative_to(root) and local.is_file():
        return local, root
    found = _find_in_zoo(name)
    if found is None:
        raise _wrong(path, BASE, f"a file below {root}, or a name of Detectron2's zoo", repr(name))
    return found, ZOO


def _read_plain(path: Path) -> Tree:
    """Maps, lists and scalars; no tag makes an object, and no alias makes a gigabyte."""
    try:
        if path.stat().st_size > LARGEST:
            raise _wrong(path, "", f"a file of at most {LARGEST:,} bytes", f"{path.stat().st_size:,}")
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_Plain)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ProjectError(f"{path}: must be plain YAML, but is not ({reason}); mend it") from error
    if not isinstance(tree, dict):
        raise _wrong(path, "", "a map of Detectron2's keys", type(tree).__name__)
    _require_small(path, tree)
    return tree


class _Plain(yaml.SafeLoader):
    """The safe loader, without dates and bytes, which no key has."""


_ODD = {f"tag:yaml.org,2002:{tag}" for tag in ("timestamp", "binary", "set", "omap", "pairs")}
_Plain.yaml_constructors = {
    tag: build for tag, build in yaml.SafeLoader.yaml_constructors.items() if tag not in _ODD
}


def _require_small(path: Path, tree: Tree) -> None:
    """Count what is there after every alias is written out, without writing it out; keys must be texts."""
    sizes: dict[int, int] = {}

    def measure(value: Any) -> int:
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in sizes:
            sizes[id(value)] = MOST_VALUES + 1  # of itself, should it hold itself
            sizes[id(value)] = 1 + sum(map(measure, _children(path, value)))
        return sizes[id(value)]

    if measure(tree) > MOST_VALUES:
        raise _wrong(path, "", f"at most {MOST_VALUES:,} values", "more, by aliases (a bomb?)")


def _children(path: Path, value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
        return
    for key, item in value.items():
        if not isinstance(key, str):
            raise _wrong(path, str(key), "a text as key", type(key).__name__)
        yield item


def _merge(above: Tree, below: Tree) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _merge(value, below[key])
        else:
            below[key] = dict(value) if isinstance(value, dict) else value


def _wrong(path: Path, where: str, must: str, got: str) -> ProjectError:
    place = f"{path}: {where}" if where else str(path)
    return ProjectError(f"{place}: must be {must}, but got {got}; change it")

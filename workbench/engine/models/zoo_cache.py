"""Weights from Detectron2's zoo: looked for where they may lie, fetched once, checked, kept."""

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from workbench.engine.models.row import ModelError
from workbench.errors import SERVICE_DOWN
from workbench.fetching.download import DownloadError, download
from workbench.files import sweep

HOME = "https://dl.fbaipublicfiles.com/detectron2/"
SHORT = "detectron2://"
BASE = "WORKBENCH_ZOO"  # another server that has the zoo's files, by the same names
LARGEST = 2_000_000_000


class ZooUnreachable(ModelError):
    """Weights that could not be had; the line says what to do."""

    exit_code = SERVICE_DOWN


def cache_folder() -> Path:
    """$WORKBENCH_CACHE, or the place that the system has for such things."""
    if named := os.environ.get("WORKBENCH_CACHE"):
        return Path(named) / "weights"
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "workbench" / "weights"


def resolve_address(source: str) -> str:
    """Turn the zoo's short form into https, or into the server that $WORKBENCH_ZOO names."""
    address = _home_address(source)
    mirror = os.environ.get(BASE, "")
    if mirror and address.startswith(HOME):
        return f"{mirror.rstrip('/')}/{address.removeprefix(HOME)}"
    return address


def _home_address(source: str) -> str:
    return HOME + source.removeprefix(SHORT) if source.startswith(SHORT) else source


def find_in_zoo(source: str, rows_without: tuple[str, ...]) -> Path:
    """Return the file of an address: from our cache, from Detectron2's, or from its home."""
    address = resolve_address(source)
    name = _local_name(source)
    place = cache_folder() / name
    for known in (place, _fvcore_cache() / name):
        if known.is_file() and _is_right(known, source):
            return known
    place.unlink(missing_ok=True)  # what lies there is not what the address says
    sweep(place.parent)
    fetched = place.with_name(f"{place.name}.new")
    try:
        download(address, fetched, largest=LARGEST)
    except DownloadError as error:
        raise ZooUnreachable(_explain(source, place, str(error), rows_without)) from error
    if not _is_right(fetched, source):
        fetched.unlink()
        raise ZooUnreachable(
            _explain(source, place, "what came is not the file whose hash its name has", rows_without)
        )
    fetched.replace(place)
    return place


def _local_name(source: str) -> Path:
    """The path of the address: what Detectron2's own cache names its files by."""
    parts = urlsplit(_home_address(source)).path.split("/")
    return Path(*(part for part in parts if part not in ("", ".", "..")))


def _fvcore_cache() -> Path:
    """Where Detectron2 itself keeps what it fetched."""
    return Path(os.environ.get("FVCORE_CACHE") or Path.home() / ".torch" / "iopath_cache")


def _is_right(path: Path, source: str) -> bool:
    """The zoo's names end in the first digits of the file's MD5 (MODEL_ZOO.md); newer ones of its SHA-256."""
    mark = re.search(r"_([0-9a-f]{6,64})\.[a-z]+$", source)
    if mark is None:
        return path.stat().st_size > 0
    return any(_hash(path, kind).startswith(mark[1]) for kind in ("md5", "sha256"))


def _hash(path: Path, kind: str) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest()


def _explain(source: str, place: Path, reason: str, rows_without: tuple[str, ...]) -> str:
    return (
        f"{source}: the weights must be reachable, but are not ({reason}); put {place.name} into {place.parent},"
        f" or take a row that needs no download: {', '.join(rows_without)}"
    )

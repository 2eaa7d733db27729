"""manifest.json of a dataset folder, and the digests of the files that lie there."""

from pathlib import Path

import orjson

from workbench.errors import DatasetError
from workbench.files import digest_file, write_atomically
from workbench.prepare.lineage import Manifest, dict_to_manifest, manifest_to_dict

NAME = "manifest.json"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it last: a folder with a manifest is whole."""
    write_atomically(
        folder / NAME, orjson.dumps(manifest_to_dict(manifest), option=orjson.OPT_INDENT_2) + b"\n"
    )


def read_manifest(folder: Path) -> Manifest:
    """Read what a dataset folder says of itself."""
    path = folder / NAME
    try:
        return dict_to_manifest(orjson.loads(path.read_bytes()), path)
    except (OSError, ValueError) as error:
        message = (
            f"a dataset folder must have a whole manifest, but has not ({error}); delete it and convert again"
        )
        raise DatasetError(path, "", message, "bad-manifest") from error


def digest_outputs(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a dataset folder, the manifest itself left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        name: digest_file(path) for path in files if (name := path.relative_to(folder).as_posix()) != NAME
    }

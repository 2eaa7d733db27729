"""A dataset folder is there whole, or not at all; and once there, it is never changed."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.data.manifest import Manifest
from workbench.errors import DatasetError
from workbench.files import claim, explain_os_error, sync_folder, temporary_name
from workbench.formats.manifest import NAME, digest_outputs
from workbench.prepare.lineage import verify_manifest


@contextmanager
def staging_folder(final: Path) -> Iterator[Path]:
    """Yield a folder beside the final one, which takes its name at the end; of two converters the first wins."""
    staging, held = temporary_name(final), -1
    try:
        if final.exists() and (not final.is_dir() or any(final.iterdir())):
            message = "a dataset folder must be new or empty, but has other files; choose another with --out"
            raise DatasetError(final, "", message, "not-empty")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        held = os.open(staging, os.O_RDONLY)
        claim(held)
        yield staging
        os.sync()
        _rename(staging, final)
        sync_folder(final.parent)
    except OSError as error:
        raise explain_os_error(final, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if held >= 0:
            os.close(held)


def _rename(staging: Path, final: Path) -> None:
    """Take the name; where another converter has just won it, its manifest must say that it made the same."""
    try:
        staging.rename(final)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        ours, theirs = (_read_manifest(folder) for folder in (staging, final))
        if ours is None or ours != theirs:
            message = "another run has just written something else here; choose another folder with --out"
            raise DatasetError(final, "", message, "not-empty") from error


def _read_manifest(folder: Path) -> bytes | None:
    path = folder / NAME
    return path.read_bytes() if path.is_file() else None


def require_unchanged(folder: Path, manifest: Manifest, fingerprint: str) -> None:
    """Refuse a dataset folder that somebody changed, or that holds another dataset."""
    if manifest.fingerprint != fingerprint:
        message = (
            f"the folder must be free or hold this dataset ({fingerprint}), but holds {manifest.fingerprint}; "
            "choose another with --out"
        )
        raise DatasetError(folder, "", message, "not-empty")
    for finding in verify_manifest(manifest, digest_outputs(folder)):
        raise DatasetError(folder, finding.path, finding.message, finding.rule)

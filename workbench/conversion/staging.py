"""A dataset folder is there whole, or not at all; and once there, it is never changed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.data.manifest import Manifest
from workbench.errors import DatasetError
from workbench.files import explain_os_error, sync_folder
from workbench.formats.manifest import digest_outputs
from workbench.prepare.lineage import verify_manifest


@contextmanager
def staging_folder(final: Path) -> Iterator[Path]:
    """Yield a folder beside the final one, which takes its name at the end; of two converters the first wins."""
    staging = final.with_name(f".{final.name[:80]}.{os.getpid()}.tmp")
    try:
        if final.exists() and (not final.is_dir() or any(final.iterdir())):
            message = "a dataset folder must be new or empty, but has other files; choose another with --out"
            raise DatasetError(final, "", message, "not-empty")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        yield staging
        os.sync()
        _rename(staging, final)
        sync_folder(final.parent)
    except OSError as error:
        raise explain_os_error(final, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _rename(staging: Path, final: Path) -> None:
    try:
        staging.rename(final)
    except OSError:
        if not (final / "manifest.json").is_file():  # another converter has not just won with equal bytes
            raise


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

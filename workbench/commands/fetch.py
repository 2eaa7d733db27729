"""`workbench fetch`: a public data set, verified file by file, as a folder of Labelme files."""

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from glob import escape
from pathlib import Path, PurePosixPath

from workbench.commands.import_ import build_source, import_source, show, to_json
from workbench.commands.output import print_json, safe, say
from workbench.errors import OK, USAGE, DatasetError, InputMissing, OutputError
from workbench.fetching.archives import unpack
from workbench.fetching.download import Report, download
from workbench.fetching.public_sets import MEGABYTE, PUBLIC_SETS, PublicSet
from workbench.files import digest, write_atomically
from workbench.formats.labelme import LARGEST_FILE, read_annotation
from workbench.importing.folder import Summary
from workbench.importing.placing import place_file, write_labels

HELP = (
    "Get a public data set from its home (or take a copy you have), verify it, and make Labelme files of it."
)
EXAMPLE = "workbench fetch balloons --out annotations/public-balloons --yes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `fetch` takes."""
    parser.add_argument("name", choices=sorted(PUBLIC_SETS))
    parser.add_argument(
        "--from", dest="local", type=Path, metavar="FOLDER_OR_ARCHIVE", help="take a copy; no download"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write (default: annotations/public-NAME)"
    )
    parser.add_argument("--yes", action="store_true", help="download without asking")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(args: argparse.Namespace) -> int:
    """Tell, ask, get, verify, import."""
    row = PUBLIC_SETS[args.name]()
    out = args.out or Path("annotations") / f"public-{row.name}"
    describe(row, args.local)
    if not args.local and not args.yes and not confirm():
        return USAGE
    summary = fetch(row, out, args.local)
    if args.json:
        print_json({"name": row.name, "verified": len(row.manifest), **to_json(summary, out)})
    else:
        show(summary, out, as_json=False)
    return OK


def describe(row: PublicSet, local: Path | None) -> None:
    """Say what it is, whose it is and how large, before anything is fetched."""
    checksum = f"SHA-256 {row.sha256}" if row.sha256 else "none published"
    lines = {
        row.name: row.title,
        "home": row.homepage,
        "licence": row.licence,
        "from": str(local or row.url),
        "size": f"{row.bytes / MEGABYTE:.0f} MB kept; a download over {row.largest / MEGABYTE:.0f} MB is refused",
        "checksum": f"of the archive {checksum}; each of its {len(row.manifest)} files has one here and must match",
        **({"note": row.note} if row.note else {}),
    }
    for name, text in lines.items():
        say(f"{name.ljust(9)} {safe(text)}")


def confirm() -> bool:
    """Ask a person at a terminal; without one, say how to answer beforehand."""
    if not sys.stdin.isatty():
        say("workbench fetch: nobody is there to ask; add --yes to download it, or --from to use a copy")
        return False
    sys.stderr.write("Download it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def fetch(row: PublicSet, out: Path, local: Path | None) -> Summary:
    """Get the files, check every one, and import them; what was downloaded is kept only while it may be needed."""
    require_apart(local, out)
    work = out.parent / f".{out.name}.fetch"
    try:
        content = local if local and local.is_dir() else _unpack(row, local or _download(row, work), work)
        staged = work / "staged"
        _remove(staged)
        stage(row, content, staged)
        summary = _import(row, staged, out)
    except DatasetError:
        _remove(work)  # a wrong file must not be taken for a good one next time
        raise
    finally:
        _remove(work / "unpacked")
        _remove(work / "staged")
    _remove(work)
    return summary


def require_apart(local: Path | None, out: Path) -> None:
    """Never write into the copy that is read."""
    if local and not local.exists():
        raise InputMissing(f"{local}: the copy must exist, but does not; check the name")
    if local and local.is_dir() and out.resolve().is_relative_to(local.resolve()):
        raise OutputError(f"{out}: must lie outside {local}, but lies inside; choose another --out")


def _download(row: PublicSet, work: Path) -> Path:
    path = work / PurePosixPath(row.url).name
    if not path.exists():
        with _bar(row.name) as report:
            download(row.url, path, largest=row.largest, report=report)
    return path


@contextmanager
def _bar(what: str) -> Iterator[Report]:
    from tqdm import tqdm

    with tqdm(desc=what, unit="B", unit_scale=True, disable=None, leave=False, dynamic_ncols=True) as bar:

        def report(so_far: int, total: int | None) -> None:
            bar.total = total
            bar.update(so_far - bar.n)

        yield report


def _unpack(row: PublicSet, archive: Path, work: Path) -> Path:
    """Check the archive where its hash is known, and unpack it."""
    if row.sha256 and _digest(archive) != row.sha256:
        raise DatasetError(
            archive, "", f"its SHA-256 must be {row.sha256}, but is not; get it again", "wrong-checksum"
        )
    unpacked = work / "unpacked"
    _remove(unpacked)
    unpacked.mkdir(parents=True)
    unpack(archive, unpacked)
    return unpacked


def stage(row: PublicSet, content: Path, staged: Path) -> None:
    """Find each file of the manifest by its hash, wherever it lies, and lay it out under its name."""
    found: dict[str, Path] = {}
    for path in sorted(content.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST_FILE:
            found.setdefault(_digest(path), path)
    missing = [name for name, wanted in row.manifest.items() if wanted not in found]
    if missing:
        message = (
            f"each of the {len(row.manifest)} files of {row.name} must be in it, but {len(missing)} are not or differ "
            f"(first {missing[0]}); get it again, or use `workbench import` for a set of your own"
        )
        raise DatasetError(content, "", message, "wrong-content")
    for name, wanted in row.manifest.items():
        place_file(found[wanted], staged / name, copy=False)
    if row.neighbours:
        _stage_neighbours(row, found, staged)


def _stage_neighbours(row: PublicSet, found: Mapping[str, Path], staged: Path) -> None:
    """Add the Labelme pairs that lie in the folders of verified files, and are none of them."""
    folders = {found[wanted].parent: PurePosixPath(name).parent for name, wanted in row.manifest.items()}
    for folder, name in folders.items():
        for path in sorted(folder.glob("*.json")):
            picture = next(
                (one for one in sorted(folder.glob(f"{escape(path.stem)}.*")) if one != path), None
            )
            if (
                picture
                and str(name / path.name) not in row.manifest
                and not (path.is_symlink() or picture.is_symlink())
            ):
                place_file(path, staged / name / path.name, copy=False)
                place_file(picture, staged / name / picture.name, copy=False)


def _digest(path: Path) -> str:
    return digest(path.read_bytes())


def _import(row: PublicSet, staged: Path, out: Path) -> Summary:
    if row.format == "labelme":
        return copy_labelme(row, staged, out)
    labels = staged.with_name("labels.list")
    write_atomically(labels, "".join(f"{label}\n" for label in row.labels).encode())
    try:
        return import_source(build_source(staged, out, labels=labels), row.format, out)
    finally:
        labels.unlink(missing_ok=True)


def copy_labelme(row: PublicSet, staged: Path, out: Path) -> Summary:
    """Take over what is Labelme's already: the same bytes, read once to be sure of them."""
    files = sorted(path for path in staged.rglob("*") if path.is_file())
    annotations = [path for path in files if path.suffix == ".json"]
    shapes = sum(len(read_annotation(path).shapes) for path in annotations)
    for path in files:
        place_file(path, out / path.relative_to(staged), copy=False)
    write_labels(out / "labels.txt", row.labels)
    unknown = len(files) - len(row.manifest)
    return Summary(
        images=len(annotations),
        objects=shapes,
        shapes=shapes,
        skipped={},
        noted={"no-checksum": unknown} if unknown else {},
        labels=row.labels,
        stuff=(),
        unreadable=(),
        examples={},
    )


def _remove(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)

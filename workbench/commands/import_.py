"""`workbench import`: other formats to Labelme files."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.commands.output import print_json, print_line, safe, say
from workbench.errors import BAD_DATA, FAILED, OK, DatasetError, InputMissing, nearest
from workbench.importing.class_names import read_lines
from workbench.importing.contract import Source
from workbench.importing.folder import LEDGER, Summary, write_labelme_folder
from workbench.importing.image_index import build_index
from workbench.importing.table import IMPORTERS, guess_formats
from workbench.progress import track

HELP = "Turn annotations of another tool into Labelme files, each object accounted for (docs/importing.md)."
EXAMPLE = "workbench import balloon --format via --out annotations/photographs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `import` takes."""
    parser.add_argument("source", type=Path, help="a file of annotations, or a folder of them")
    parser.add_argument("--format", choices=sorted(IMPORTERS), help="guessed where only one fits")
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="where the images lie (default: with the source)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder of Labelme files to write"
    )
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="the classes, one a line, in the order of their ids"
    )
    parser.add_argument(
        "--copy", action="store_true", help="copy images; without it they are hard-linked where possible"
    )
    parser.add_argument("--zero-based", action="store_true", help="voc: pixels count from 0 in these files")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when anything was skipped")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(args: argparse.Namespace) -> int:
    """Read, write, say what became of it."""
    source = build_source(args.source, args.out, args.images, args.labels, args.zero_based)
    summary = import_source(source, args.format or choose_format(args.source), args.out, copy=args.copy)
    show(summary, args.out, as_json=args.json)
    if summary.unreadable:
        return BAD_DATA
    return FAILED if args.strict and summary.skipped else OK


def build_source(
    path: Path, out: Path, images: Path | None = None, labels: Path | None = None, zero_based: bool = False
) -> Source:
    """Look at what was pointed at."""
    if not path.exists():
        raise InputMissing(f"{path}: the source must exist, but does not; check the name")
    index = build_index(images or (path if path.is_dir() else path.parent), leave_out=out)
    return Source(path=path, images=index, labels=read_lines(labels) if labels else (), zero_based=zero_based)


def choose_format(path: Path) -> str:
    """Guess the format, and say so; never choose between two."""
    found = guess_formats(path)
    if len(found) != 1:
        what = f"could be {' or '.join(found)}" if found else f"is none that is known{nearest('', IMPORTERS)}"
        raise DatasetError(path, "", f"the format must be plain, but {what}; say it with --format")
    say(f"{safe(str(path))}: looks like {found[0]} (say --format {found[0]} to be sure)")
    return found[0]


def import_source(source: Source, name: str, out: Path, *, copy: bool = False) -> Summary:
    """Run one importer into a folder, with a progress bar."""
    imported = IMPORTERS[name](source)
    tracked = replace(imported, images=track(imported.images, imported.total, "importing"))
    return write_labelme_folder(tracked, source, out, copy=copy)


def show(summary: Summary, out: Path, *, as_json: bool) -> None:
    """Print the counts, and one example of each reason."""
    for bad in summary.unreadable[:20]:
        say(safe(f"{bad.source}: {bad.message}"))
    if as_json:
        print_json(to_json(summary, out))
        return
    print_line(
        f"{summary.images} images, {summary.shapes} shapes of {len(summary.labels)} classes → {safe(str(out))}"
    )
    for rule, count in summary.skipped.items():
        print_line(f"  skipped {count:>6}  {rule}: {safe(summary.examples.get(rule, ''))}".rstrip(": "))
    for note, count in summary.noted.items():
        print_line(f"  noted   {count:>6}  {note}")
    if summary.skipped or summary.noted:
        print_line(
            f"Every object is in {safe(str(out / LEDGER))}; the reasons are explained in docs/importing.md"
        )


def to_json(summary: Summary, out: Path) -> dict[str, Any]:
    """Return the machine form."""
    return {
        "images": summary.images,
        "objects": summary.objects,
        "shapes": summary.shapes,
        "skipped": summary.skipped,
        "noted": summary.noted,
        "labels": summary.labels,
        "stuff": summary.stuff,
        "out": str(out),
    }

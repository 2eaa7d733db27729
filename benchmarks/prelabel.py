"""How much of what a person drew is found without a model, and how long it takes.

    python -m benchmarks.prelabel annotations/balloons annotations/chipsets annotations/faces [--every 1]
    python -m benchmarks.prelabel annotations/balloons --large

Masks are compared at IoU 0.5, whatever they are called, each object with one label at most; settings are the defaults.
Seconds are of the processor, for one image, with reading it. `--large` enlarges some images to 12 megapixels first.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import process_time

from PIL import Image as Picture

from workbench.data.dataset import Image
from workbench.data.mask import Mask
from workbench.errors import WorkbenchError
from workbench.formats.folder import read_pair
from workbench.formats.listing import list_annotations
from workbench.prepare.collect import collect_instances, find_labels
from workbench.project import make_categories
from workbench.segmenting.comparison import Agreement, compare
from workbench.segmenting.pictures import read_frame
from workbench.segmenting.segment import segment_frame
from workbench.segmenting.settings import METHODS, Settings

Labelled = tuple[Path, list[Mask]]
STUFF = ("board", "background")  # of the chipsets: what is everywhere is nobody's object
LARGE = (4000, 3000)


def read_labelled(folder: Path, every: int) -> list[Labelled]:
    """Images with the masks that a person drew, where there is any."""
    found = []
    for name in list_annotations(folder)[::every]:
        pair = read_pair(folder, name)
        if pair.facts is None or pair.place.file is None:
            continue
        things = [label for label in find_labels(pair.annotation) if label not in STUFF]
        place = Image(path=name, width=pair.facts.width, height=pair.facts.height, annotation=name)
        known = {one.name: one for one in make_categories(things)}
        masks = [one.mask for one in collect_instances(pair.annotation, place, known).instances]
        found.append((pair.place.file, masks))
    return found


def measure(method: str, labelled: Sequence[Labelled], settings: Settings) -> tuple[Agreement, float]:
    """Sum up what is found, and how long it takes."""
    total, seconds = Agreement(), 0.0
    for path, masks in labelled:
        start = process_time()
        try:
            regions = segment_frame(read_frame(path, settings), method, settings)
        except WorkbenchError as error:
            print(error)
            continue
        seconds += process_time() - start
        total += compare(regions, masks)
    return total, seconds / max(1, len(labelled))


def enlarge(labelled: Sequence[Labelled], home: Path) -> list[Labelled]:
    """The same photographs as a camera of 12 megapixels would have made them, without labels."""
    larger: list[Labelled] = []
    for path, _ in labelled:
        with Picture.open(path) as picture:
            picture.convert("RGB").resize(LARGE, Picture.Resampling.BICUBIC).save(
                home / path.name, quality=90
            )
        larger.append((home / path.name, []))
    return larger


def main() -> None:
    """Print a table for each folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--every", type=int, default=1, help="look at every nth file only")
    parser.add_argument("--large", action="store_true")
    typed = parser.parse_args()
    for folder in typed.folders:
        labelled = read_labelled(folder, typed.every)
        with tempfile.TemporaryDirectory() as home:
            labelled = enlarge(labelled[:8], Path(home)) if typed.large else labelled
            print(f"{folder.name}: {len(labelled)} images, {sum(len(masks) for _, masks in labelled)} labels")
            for method in METHODS:
                total, seconds = measure(method, labelled, Settings())
                print(
                    f"  {method:15} recall {total.recall:.2f}  precision {total.precision:.2f}"
                    f"  drawn {total.drawn:4}  {seconds:.2f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()

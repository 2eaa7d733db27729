"""Draw the samples again: `python -m tools.draw [balloons|chipsets|faces] [--out FOLDER]`."""

import argparse
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

from tools.draw.canvas import to_jpeg
from tools.draw.labels import collect_shapes
from tools.draw.samples import SAMPLES, Sample
from tools.draw.sheet import draw_sheet
from workbench.data.annotation import Annotation
from workbench.formats.labelme import write_annotation

ROOT = Path(__file__).resolve().parents[2]


def draw_photograph(sample: Sample, index: int, folder: Path) -> Path:
    """Draw one photograph and its labels; returns the path of the json."""
    canvas = sample.paint(index)
    name = sample.name_file(index)
    picture = canvas.develop()
    (folder / f"{name}.jpg").write_bytes(to_jpeg(picture, canvas.look.quality, sample.exif(index)))
    size = (canvas.width, canvas.height)
    annotation = Annotation(image_path=f"{name}.jpg", image_size=size, shapes=collect_shapes(canvas))
    write_annotation(folder / f"{name}.json", annotation)
    return folder / f"{name}.json"


def draw_sample(sample: Sample, out: Path) -> None:
    """Draw a whole set, its label list and its contact sheet."""
    folder = out / "annotations" / sample.name
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(sample.count):
        paths.append(draw_photograph(sample, index, folder))
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{sample.name}: {index + 1} of {sample.count}")
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in sample.labels))
    sheet = draw_sheet([paths[index] for index in sample.shown], list(sample.labels))
    (out / "projects" / sample.name).mkdir(parents=True, exist_ok=True)
    (out / "projects" / sample.name / "sample.jpg").write_bytes(_small_jpeg(sheet, 58_000))


def _small_jpeg(picture: Image.Image, limit: int) -> bytes:
    for quality in range(84, 20, -4):
        stream = BytesIO()
        picture.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= limit:
            break
    return stream.getvalue()


def main() -> int:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tools.draw", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="which sets to draw: balloons, chipsets, faces (default: all)"
    )
    parser.add_argument("--out", type=Path, default=ROOT, help="folder that gets annotations/ and projects/")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(SAMPLES)
    if unknown:
        parser.error(f"the sets must be among {', '.join(SAMPLES)}, but got {', '.join(sorted(unknown))}")
    for name in asked.names or SAMPLES:
        draw_sample(SAMPLES[name], asked.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())

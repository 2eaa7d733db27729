"""`workbench check` with pixels beside a bare decode of the same photographs on all cores, and without pixels.

    python -m benchmarks.check [--images 1000] [--rounds 3]

With pixels, check should cost little more than the decoding that it cannot do without.
"""

import argparse
import sys
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.convert import run
from benchmarks.folders import write_folder

DECODE = """
import sys, pathlib
from concurrent.futures import ProcessPoolExecutor
from PIL import Image
def decode(path):
    with Image.open(path) as picture:
        picture.load()
if __name__ == "__main__":
    with ProcessPoolExecutor() as pool:
        list(pool.map(decode, sorted(pathlib.Path(sys.argv[1]).glob("*.jpg")), chunksize=8))
"""


def write_photographs(folder: Path, count: int) -> None:
    """Give each annotation of a drawn folder a photograph of its own."""
    from PIL import Image

    write_folder(folder, count)
    for path in sorted(folder.glob("*.jpg")):
        path.unlink()
        noise = Image.effect_noise((160, 120), Random(path.stem).uniform(40, 90)).resize((640, 480))
        Image.merge("RGB", [noise, noise.rotate(90).resize((640, 480)), noise.transpose(0)]).save(
            path, quality=90
        )


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with TemporaryDirectory() as home:
        folder, script = Path(home) / "labels", Path(home) / "decode.py"
        script.write_text(DECODE)
        write_photographs(folder, args.images)
        commands = {
            "bare decode, all cores": [sys.executable, str(script), str(folder)],
            "workbench check": [sys.executable, "-m", "workbench", "check", str(folder)],
            "workbench check --no-pixels": [
                sys.executable,
                "-m",
                "workbench",
                "check",
                str(folder),
                "--no-pixels",
            ],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(args.rounds):
            for name, command in commands.items():
                times[name].append(run(command)[0])
    bare = median(times["bare decode, all cores"])
    print(f"{args.images} photographs of 640 x 480 with 10 polygons each, median of {args.rounds}\n")
    for name, found in times.items():
        seconds = median(found)
        print(f"{name:28}  {seconds:6.2f} s  {seconds / bare:5.2f} x  {args.images / seconds:7.0f} files/s")


if __name__ == "__main__":
    main()

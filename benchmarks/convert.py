"""`workbench convert` beside labelme2coco and dataflow-cv, each as its own command on the same folder.

    python -m benchmarks.convert [--files 2000] [--rounds 5] [--scale 10000 30000 100000]

The rivals are installed once into benchmarks/.rivals. Rounds are interleaved, since machines are noisy: look at the
medians and ratios. `--scale` shows time and peak memory of convert alone over growing folders.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.folders import write_folder

RIVALS = Path(__file__).parent / ".rivals"
PACKAGES = ("labelme2coco==0.2.6", "dataflow-cv==3.0.0")
ORJSON = """
import sys, orjson, pathlib
files = [orjson.loads(path.read_bytes()) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json"))]
rows = [
    {"image_id": n, "category_id": 1, "segmentation": [sum(shape["points"], [])]}
    for n, raw in enumerate(files) for shape in raw["shapes"]
]
images = [{"id": n} for n in range(len(files))]
pathlib.Path(sys.argv[2]).write_bytes(orjson.dumps({"images": images, "annotations": rows}))
"""


def install_rivals() -> Path:
    """Make a virtual environment of their own, once."""
    bin_folder = RIVALS / "bin"
    if not (bin_folder / "dataflow-cv").exists():
        print(f"installing {', '.join(PACKAGES)} into {RIVALS}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(RIVALS)], check=True)
        subprocess.run([str(bin_folder / "pip"), "install", "-q", *PACKAGES], check=True)
    return bin_folder


def run(command: Sequence[str]) -> tuple[float, float, float]:
    """Return seconds, processor seconds, and peak memory of one process of the command in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: check has findings
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(files: int, rounds: int, home: Path) -> None:
    """Print each command's median time, and how many times longer than ours it takes."""
    folder, classes = home / "labels", home / "classes.txt"
    write_folder(folder, files)
    classes.write_text("cat\ncow\ndog\nhen\n")
    rivals = install_rivals()
    commands: Mapping[str, Sequence[str]] = {
        "workbench convert": [sys.executable, "-m", "workbench", "convert", str(folder), "--out", str(home / "a.json")],
        "workbench check --no-pixels": [sys.executable, "-m", "workbench", "check", str(folder), "--no-pixels"],
        "labelme2coco 0.2.6": [str(rivals / "labelme2coco"), str(folder), "--export_dir", str(home / "b")],
        "dataflow-cv 3.0.0": [
            str(rivals / "dataflow-cv"), "convert", "labelme2coco", str(folder), str(classes), str(home / "c.json")
        ],
        "bare orjson parse and dump": [sys.executable, "-c", ORJSON, str(folder), str(home / "d.json")],
    }  # fmt: skip
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            figures[name].append(run(command))
    ours = median(seconds for seconds, _, _ in figures["workbench convert"])
    print(f"{files} files of 10 polygons of 40 points, {os.cpu_count()} cores, median of {rounds}\n")
    print(f"{'':28}  seconds  processor s  peak MB  ratio")
    for name, found in figures.items():
        seconds, busy, peak = (median(column) for column in zip(*found, strict=True))
        print(f"{name:28}  {seconds:7.2f}  {busy:11.2f}  {peak:7.0f}  {seconds / ours:5.2f}")


def scale(sizes: Sequence[int], home: Path) -> None:
    """Print how time and memory grow with the folder."""
    print(f"{'files':>8}  seconds  ms a file  peak MB")
    for size in sizes:
        folder = home / f"labels{size}"
        write_folder(folder, size)
        seconds, _, peak = run(
            [sys.executable, "-m", "workbench", "convert", str(folder), "--out", str(home / "a.json")]
        )
        print(f"{size:8}  {seconds:7.1f}  {1000 * seconds / size:9.3f}  {peak:7.0f}", flush=True)
        shutil.rmtree(folder)


def main() -> None:
    """Run what was asked for in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=int, nargs="*", default=[])
    args = parser.parse_args()
    with TemporaryDirectory() as home:
        if args.scale:
            scale(args.scale, Path(home))
        else:
            compare(args.files, args.rounds, Path(home))


if __name__ == "__main__":
    main()

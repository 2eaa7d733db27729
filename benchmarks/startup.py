"""How long `workbench --help` takes: the median of 20 fresh processes, beside a Python that does nothing.

python benchmarks/startup.py
"""

import subprocess
import sys
from statistics import median
from time import perf_counter

STARTS = 20
LINES = {
    "python -c pass": ["-c", "pass"],
    "workbench --help": ["-m", "workbench", "--help"],
    "workbench check --help": ["-m", "workbench", "check", "--help"],
    "workbench convert --help": ["-m", "workbench", "convert", "--help"],
    "workbench import --help": ["-m", "workbench", "import", "--help"],
}


def time_start(words: list[str]) -> float:
    """Return the seconds that one process takes from start to end."""
    start = perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


def main() -> None:
    """Print the median of each line."""
    for name, words in LINES.items():
        time_start(words)  # the first one writes .pyc files
        times = [time_start(words) for _ in range(STARTS)]
        print(f"{name:26} {1000 * median(times):5.0f} ms   (fastest {1000 * min(times):.0f})")


if __name__ == "__main__":
    main()

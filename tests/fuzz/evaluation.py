"""Spoils a truth and its predictions, and evaluates them: `python -m tests.fuzz.evaluation --count 3000`.

Whatever the files hold, there is a document or one line that names the file; never a traceback, never a crash.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

from tests.evaluation.coco.test_coco_scores import draw_case
from tests.fuzz.mutate import dump, mutate_bytes, mutate_tree
from workbench.cli import main

LONGEST = 1000  # letters of a complaint


def spoil(random: Random, folder: Path) -> tuple[Path, Path]:
    """Write two files, of which one or both are spoiled: their bytes, or what they hold."""
    contents = dict(zip(("gt.json", "dt.json"), draw_case(random.randrange(40), images=2), strict=True))
    chosen = random.choice((["gt.json"], ["dt.json"], ["gt.json", "dt.json"]))
    for name, content in contents.items():
        if name not in chosen:
            written = json.dumps(content).encode()
        elif random.random() < 0.3:
            written = mutate_bytes(random, json.dumps(content).encode())
        elif random.random() < 0.5:
            written = json.dumps(nudge(random, content)).encode()
        else:
            written = dump(random, mutate_tree(random, content, random.randint(1, 2)))
        (folder / name).write_bytes(written)
    return folder / "gt.json", folder / "dt.json"


def nudge(random: Random, content: Any) -> Any:
    """Change some numbers to others that might stand there, drop a row, write one twice."""
    rows = content["annotations"] if isinstance(content, dict) else content
    for _ in range(random.randint(1, 4) if rows else 0):
        row = random.choice(rows)
        key = random.choice([key for key, value in row.items() if not isinstance(value, dict)])
        if isinstance(row[key], list):
            ring = row[key][0] if row[key] and isinstance(row[key][0], list) else row[key]
            ring[random.randrange(len(ring))] = random.choice((0, -3, 0.5, 1e5, 119.99, 1e-300))
        else:
            row[key] = random.choice((0, 1, 2, 3, 0.0, 1.0, 1e9, row[key]))
    if rows and random.random() < 0.3:
        rows.remove(random.choice(rows))
    if rows and random.random() < 0.2:
        rows.append(random.choice(rows))
    return content


def judge(truth: Path, predictions: Path, *words: str) -> str:
    """Return "judged" or "refused"; anything else is a mistake of ours, and raises."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["evaluate", "--truth", str(truth), "--predictions", str(predictions), *words])
    if code == 0:
        if "--json" in words:
            json.loads(out.getvalue(), parse_constant=_refuse)
        return "judged"
    lines = err.getvalue().splitlines()
    if code != 65 or len(lines) != 1 or len(lines[0]) > LONGEST or out.getvalue():
        raise AssertionError(f"exit code {code}: {err.getvalue()[:2000]}")
    if str(truth) not in lines[0] and str(predictions) not in lines[0]:
        raise AssertionError(f"no file is named: {lines[0]}")
    return "refused"


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def run(count: int, seed: int) -> Counter[str]:
    """Spoil and judge so many times; what fails leaves its files."""
    found: Counter[str] = Counter()
    for number in range(seed, seed + count):
        folder = Path(tempfile.mkdtemp(prefix="evaluate-"))
        files = spoil(Random(number), folder)
        try:
            found[judge(*files, *(["--json"] if number % 2 else []))] += 1
        except AssertionError as error:
            raise AssertionError(f"{folder}, seed {number}: {error}") from error
        for path in files:
            path.unlink()
        folder.rmdir()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sys.stdout.write(f"{dict(run(args.count, args.seed))}\n")

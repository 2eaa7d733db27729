"""A small share of the mutated Labelme files; the whole is `make fuzz`."""

import re
import subprocess
import sys
from pathlib import Path
from random import Random

from tests.fuzz.judge import count_shapes
from tests.fuzz.mutate import dump, mutate_bytes, mutate_tree


def test_two_thousand_mutated_files_end_in_words_and_lose_no_shape(tmp_path):
    words = [
        "--count",
        "2000",
        "--seed",
        "7",
        "--workers",
        "2",
        "--corpus",
        str(tmp_path),
        "--keep",
        str(tmp_path),
    ]
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.labelme", *words],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"2,000 +files of seed 7", run.stdout)
    assert re.search(r" 0 +crashes, 0 problems", run.stdout)
    assert "converted, with findings" in run.stdout


def test_equal_seeds_make_equal_files():
    def make() -> list[bytes]:
        random = Random(3)
        tree = {"shapes": [{"label": "cat", "points": [[1, 2], [3, 4]]}], "imagePath": "a.png"}
        return [mutate_bytes(random, dump(random, mutate_tree(random, tree, 2))) for _ in range(50)]

    assert make() == make()


def test_shapes_are_counted_without_our_own_reader():
    assert count_shapes(b'{"shapes": [1, {}, null]}') == 3
    assert count_shapes(b'{"shapes": [1], "shapes": [2, 3]}') == 3
    assert count_shapes('{"shapes": [1]}'.encode("utf-16")) == 1
    assert count_shapes(b'{"shapes": 5}') is count_shapes(b"[") is count_shapes(b"[" * 10**5) is None

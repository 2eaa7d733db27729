"""A folder of mutated Labelme files: written, checked and converted as a person would, and judged."""

import io
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz import drawn, spoil
from tests.fuzz.guard import Guard
from tests.fuzz.judge import Problem, gather, judge
from tests.fuzz.mutate import dump, mutate_bytes, mutate_tree
from workbench.cli import main

WAYS = ("coco", "coco", "labels", "rle", "project", "instance", "yolo", "voc")
PROJECT = """name = "fuzz"
task = "{task}"
annotations = "../root"
categories = ["cat", "dog"]
stuff = {stuff}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One file: its name, its bytes, and the picture that lies beside it (none: there is none)."""

    name: str
    content: bytes
    picture: Path | None


@dataclass(frozen=True, slots=True)
class Palette:
    """What mutants are made from."""

    corpus: Sequence[dict[str, Any]]
    sound: dict[tuple[int, int], Path]
    odd: Sequence[Path]


def breed(random: Random, palette: Palette, number: int, folder: Path) -> Mutant:
    """Make one mutant: a sound file, spoiled in one to four ways or (seldom) not at all."""
    size = random.choice(list(palette.sound))
    picture: Path | None = palette.sound[size]
    tree = drawn.draw_annotation(random, size)
    if palette.corpus and random.random() < 0.3:
        tree = deepcopy(random.choice(palette.corpus))
    ending = random.choice(ENDINGS) if random.random() < 0.03 else ""
    stem = f"{random.choice(('', '', '', 'sub/', 'Ünder/'))}{number:05}{ending}"
    name = f"{stem}.{'json' if random.random() < 0.98 else 'JSON'}"
    chance = random.random()
    if chance < 0.08:
        picture = random.choice(palette.odd)
    elif chance < 0.12:
        picture = None
    tree["imagePath"] = Path(stem).name + (picture.suffix if picture else ".png")
    content = dump(random, _spoil_tree(random, tree))
    content = content.replace(b"@OUTSIDE@", str(folder / "outside").encode()).replace(
        b"@JSON@", Path(name).name.encode()
    )
    if random.random() < 0.3:
        content = mutate_bytes(random, content)
    return Mutant(name=name, content=content, picture=picture)


ENDINGS = (" ", "\n", "\u202e", "=cmd()", "\x1b[31m", "'\"", "%s", ".tar", "ü", "x" * 180, "[", "\\", "..")


def _spoil_tree(random: Random, tree: dict[str, Any]) -> Any:
    match random.randrange(10):
        case 0:
            return tree
        case 1 | 2 | 3 | 4:
            for _ in range(random.choice((1, 1, 2, 3))):
                spoil.spoil_shape(random, tree)
        case 5 | 6:
            spoil.spoil_file(random, tree)
            if random.random() < 0.3:
                spoil.spoil_shape(random, tree)
        case 7:
            spoil.spoil_shape(random, tree)
            return mutate_tree(random, tree)
        case _:
            return mutate_tree(random, tree, random.choice((1, 1, 2, 4)))
    return tree


def write_folder(folder: Path, mutants: Sequence[Mutant]) -> Path:
    """Write the mutants among links, pipes and folders that look like files; what lies outside must stay unread."""
    root, outside = folder / "root", folder / "outside"
    for place in (
        root / "sub",
        root / "Ünder",
        outside,
        folder / "out",
        folder / "project",
        root / "folder.json",
        root / ".hidden",
    ):
        place.mkdir(parents=True)
    (outside / "secret.png").write_bytes(drawn.encode(drawn.Image.new("L", (64, 48)), "PNG"))
    (outside / "evil.json").write_text('{"shapes": [], "imagePath": "shared.png"}')
    (root / "shared.png").write_bytes((outside / "secret.png").read_bytes())
    for link, target in (
        ("link.png", "../outside/secret.png"), ("linked", "../outside"), ("loop.png", "loop.png"),
        ("dangling.png", "gone.png"), ("evil.json", "../outside/evil.json"), ("gone.json", "nowhere.json"),
        ("round", "."),
    ):  # fmt: skip
        (root / link).symlink_to(target)
    os.mkfifo(root / "pipe.png")
    os.mkfifo(root / "pipe.json")
    for mutant in mutants:
        (root / mutant.name).write_bytes(mutant.content)
        os.utime(root / mutant.name, (1e9, 1e9))  # nobody is saving it: a torn one need not be waited for
        if mutant.picture:
            os.link(mutant.picture, root / f"{mutant.name.rpartition('.')[0]}{mutant.picture.suffix}")
    return root


def run_batch(guard: Guard, folder: Path, way: str, mutants: Sequence[Mutant]) -> dict[str, Any]:
    """Check and convert one folder of mutants, and judge what came of it; the answer is JSON."""
    root = write_folder(folder, mutants)
    contents = {mutant.name: mutant.content for mutant in mutants}
    check, convert = _commands(folder, root, way)
    guard.readable, guard.writable = (
        (str(root), str(folder / "project")),
        (str(folder / "out"), str(folder / "project")),
    )
    with guard.watching():
        checked = _run(check, (0, 1))
        converted = _run(convert, (0,))
    problems: list[Problem] = [("", breach) for breach in sorted(set(guard.breaches))]
    for words, (said, told) in ((check, checked), (convert, converted)):
        if told or not said:
            problems.append(("", f"workbench {' '.join(words)}: {told or 'nothing on stdout'}"))
    problems += [
        (name, "was changed") for name, content in contents.items() if (root / name).read_bytes() != content
    ]
    ends: Counter[str] = Counter()
    if checked[0] and converted[0]:
        written = (
            Path(converted[0]["out"]) if way in ("project", "instance", "yolo", "voc") else folder / "out"
        )
        ends, found = judge(gather(written, checked[0], converted[0]), contents)
        problems += found
    return {"ends": ends, "problems": problems}


def _commands(folder: Path, root: Path, way: str) -> tuple[list[str], list[str]]:
    out, labels, project = folder / "out", folder / "project" / "labels.txt", folder / "project"
    if way in ("project", "instance"):
        task, stuff = ("panoptic", '["bird"]') if way == "project" else ("instance", "[]")
        (project / "project.toml").write_text(PROJECT.format(task=task, stuff=stuff))
        return ["check", str(project), "--json"], ["convert", str(project), "--json"]
    listed: list[str] = []
    if way == "labels":
        labels.write_text("cat\ndog\nbird\n")
        listed = ["--labels", str(labels)]
    target = out if way in ("yolo", "voc") else out / "coco.json"
    more = ["--to", way] if way in ("yolo", "voc") else ["--rle"] if way == "rle" else []
    convert = [
        "convert",
        str(root),
        "--out",
        str(target / "data" if more[:1] == ["--to"] else target),
        "--json",
        *listed,
        *more,
    ]
    return ["check", str(root), "--json", *listed], convert


def _run(words: Sequence[str], fine: tuple[int, ...]) -> tuple[Any, str]:
    """Return the document on stdout, and what is wrong: another exit code, or anything on stderr but advice."""
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["workbench", *words]
    os.environ["TMPDIR"] = str(Path(words[1]).parent / "out")  # a bug's log goes where it can be read
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(words))
    said = [
        line for line in err.getvalue().splitlines() if line and not line.startswith("Labels are not checked")
    ]
    logs = [path.read_text() for path in sorted((Path(words[1]).parent / "out").glob("workbench-*.log"))]
    if code not in fine or said:
        return None, f"exit {code}: " + " | ".join([*said[-3:], *(log[-1500:] for log in logs)])
    return json.loads(out.getvalue()), ""

"""What the docs say is there: verbs, options, keys, links, and code that runs as it stands."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tests.tour import ROOT, blocks, copy_samples, pages
from workbench import errors
from workbench.cli import COMMANDS, main
from workbench.data.annotation import HOLE_LABELS, KINDS, POINT_COUNTS, RESERVED_LABELS
from workbench.project import KEYS, read_project

DOCS = ROOT / "docs"
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
DATASETS = (DOCS / "datasets.md").read_text(encoding="utf-8")
PROJECTS = (DOCS / "projects.md").read_text(encoding="utf-8")
CONVERTED = "projects/chipsets/datasets/0123456789abcdef"  # the name that the docs use


def parser_of(verb):
    parser = argparse.ArgumentParser(prog=f"workbench {verb}", exit_on_error=False)
    import_module(f"workbench.commands.{COMMANDS[verb][0]}").add_arguments(parser)
    return parser


def section(text, title):
    return re.split(r"^## ", text, flags=re.MULTILINE)[1:][
        [
            part.splitlines()[0].strip("` []") for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]
        ].index(title)
    ]


def first_column(text):
    return [
        name
        for row in re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    ]


def words(text):
    return set(re.findall(r"`([^`\n]+)`", text))


# The command line


def test_every_verb_has_its_section_and_no_other_is_there():
    assert re.findall(r"^## workbench (\S+)$", CLI, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_option_is_in_the_table_of_its_verb_and_no_other(verb):
    options = {name for action in parser_of(verb)._actions for name in action.option_strings} - {
        "-h",
        "--help",
    }
    assert set(first_column(section(CLI, f"workbench {verb}"))) == options


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_choice_is_named(verb):
    for action in parser_of(verb)._actions:
        assert set(action.choices or ()) <= words(section(CLI, f"workbench {verb}"))


def test_every_exit_code_that_is_used_is_in_the_table():
    codes = {name: value for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)}
    sources = "".join(
        path.read_text() for path in (ROOT / "workbench").rglob("*.py") if path.name != "errors.py"
    ) + re.sub(r"^[A-Z_, ]+ = .*$", "", (ROOT / "workbench/errors.py").read_text(), flags=re.MULTILINE)
    used = {value for name, value in codes.items() if re.search(rf"\b{name}\b", sources)}
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", section(CLI, "Exit codes"), re.MULTILINE)}
    assert listed == used


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_commands_in_the_docs_are_understood(page):
    for body in blocks(page, "", "sh", "console"):
        for line in body.splitlines():
            line = line.removeprefix("$ ")
            typed = shlex.split(line, comments=True) if line.startswith("workbench ") else []
            if not typed or typed[1:2] == ["VERB"] or typed[1:2] == ["--help"]:
                continue
            assert typed[1] in COMMANDS, line
            parser_of(typed[1]).parse_intermixed_args(typed[2:])


# Links and names


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path) if path else page
        assert place.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(place), f"{page.name}: {target}"


def anchors(page):
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_file_of_this_repository_that_is_named_is_there(page):
    for name in re.findall(
        r"`((?:workbench|tests|tools|benchmarks|docs)/[\w/.]+)`", page.read_text(encoding="utf-8")
    ):
        assert (ROOT / name).exists(), name


def test_every_decision_is_listed():
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (DOCS / "decisions/README.md").read_text()))
    assert listed == {path.name for path in (DOCS / "decisions").glob("0*.md")}


# Projects and shapes


def test_every_key_of_a_project_is_in_the_docs_and_no_other():
    from dataclasses import fields

    from workbench.project import SplitSettings

    assert first_column(section(PROJECTS, "Keys")) == list(KEYS)
    assert set(first_column(section(PROJECTS, "split"))) == {field.name for field in fields(SplitSettings)}


def test_the_defaults_in_the_docs_are_those_of_the_code():
    from workbench.project import SplitSettings

    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", section(PROJECTS, "split"), re.MULTILINE)
    for key, default in rows:
        assert getattr(SplitSettings(), key) == tomllib.loads(f"x = {default}")["x"], key


def test_the_project_in_the_docs_can_be_read(tmp_path):
    (text,) = blocks(DOCS / "projects.md", "toml")
    folder = tmp_path / "projects" / "chipsets"
    folder.mkdir(parents=True)
    (tmp_path / "annotations" / "chipsets").mkdir(parents=True)
    (folder / "project.toml").write_text(text)
    assert read_project(folder).task == "panoptic"


def test_every_kind_is_in_the_docs_with_its_points():
    text = (DOCS / "shapes.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section(text, "Kinds"), re.MULTILINE)[1:])
    assert tuple(rows) == KINDS
    for kind, said in rows.items():
        counts = POINT_COUNTS[kind]
        if kind == "circle":
            assert said == "the center, and a point on the edge" and tuple(counts) == (2,)
            continue
        assert [int(number) for number in re.findall(r"\d+", said)] == (
            [counts[0]] if isinstance(counts, range) else list(counts)
        )
        assert ("or more" in said) == isinstance(counts, range), kind


def test_every_label_with_a_meaning_is_in_the_docs():
    text = (DOCS / "shapes.md").read_text(encoding="utf-8")
    assert set(RESERVED_LABELS) <= words(section(text, "Labels with a meaning"))
    assert set(HOLE_LABELS) <= words(section(text, "Holes"))


# What is written: every key that appears is explained


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The samples, with chipsets converted."""
    folder = copy_samples(tmp_path_factory.mktemp("docs"))
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def dataset(home):
    assert main(["convert", "chipsets"]) == 0
    (found,) = (home / "projects/chipsets/datasets").iterdir()
    return found


def test_every_key_of_a_dataset_is_in_the_docs(dataset):
    coco, panoptic = (
        json.loads((dataset / name).read_bytes()) for name in ("train.json", "panoptic_train.json")
    )
    rows = [json.loads(line) for line in (dataset / "ledger.jsonl").read_bytes().splitlines()]
    said = words(section(DATASETS, "COCO instances"))
    for name in ("images", "annotations", "categories"):
        assert {name} | {key for row in coco[name] for key in row} <= said
    assert {
        key for row in coco["annotations"] if isinstance(row["segmentation"], dict) for key in row
    } <= said
    said = words(section(DATASETS, "COCO panoptic"))
    assert {key for row in panoptic["annotations"] for key in row} <= said
    assert {key for row in panoptic["annotations"] for one in row["segments_info"] for key in one} <= said
    assert {key for row in rows for key in row} <= words(section(DATASETS, "The ledger"))
    manifest = json.loads((dataset / "manifest.json").read_bytes())
    assert sorted(first_column(section(DATASETS, "Manifest and fingerprint"))) == sorted(manifest)


def test_every_file_of_a_dataset_is_in_the_docs(dataset):
    said = first_column(section(DATASETS, "Files"))
    patterns = [
        re.sub("<part>", "(train|val|test)", re.sub("<image>", "[^/]+", re.escape(name))) for name in said
    ]
    patterns = [pattern.replace("\\", "", 0) for pattern in patterns]
    for path in dataset.rglob("*"):
        name = path.relative_to(dataset).as_posix()
        assert path.is_dir() or any(re.fullmatch(pattern, name) for pattern in patterns), name


@pytest.mark.parametrize(
    "typed",
    [
        "new kites --labels kite",
        "check balloons",
        "check annotations/faces --no-pixels",
        "convert balloons",
        "convert annotations/faces",
        "convert annotations/faces --to yolo",
        "import projects/chipsets/datasets --format coco --images annotations/chipsets --out again",
        "demo faces --steps 0",
    ],
)
def test_every_key_of_json_is_in_the_docs(typed, home, dataset, capsys):
    typed = typed.replace("chipsets/datasets", f"chipsets/datasets/{dataset.name}/val.json")
    assert main([*typed.split(), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    said = words(section(CLI, f"workbench {typed.split()[0]}"))
    keys = set(printed) | {
        key for name in ("ledger", "files") if isinstance(printed.get(name), dict) for key in printed[name]
    }
    assert keys <= said


# Code


def python_blocks():
    titles = re.findall(r"^### (.+)$", DATASETS, re.MULTILINE)
    return list(zip(titles, blocks(DOCS / "datasets.md", "python"), strict=True))


@pytest.mark.parametrize(("title", "code"), python_blocks(), ids=lambda value: value.split("\n")[0])
def test_the_code_in_the_docs_runs_as_it_stands(title, code, home, dataset, tmp_path):
    pytest.importorskip({"Detectron2": "detectron2", "FiftyOne": "fiftyone"}.get(title, title))
    settings = {
        "FIFTYONE_DATABASE_DIR": str(tmp_path / "db"),
        "FIFTYONE_DATABASE_NAME": "workbench-tests",
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
    }
    ends = {
        "Detectron2": DETECTRON2_END,
        "FiftyOne": "print(len(view), view.count('ground_truth.detections'))",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            code.replace(CONVERTED, str(dataset)) + ends.get(title, "print('ok')"),
        ],
        cwd=home,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == wanted(title, dataset)


DETECTRON2_END = """
both = [sum(len(record["annotations"]) for record in records) for records in (instances, panoptic)]
print(len(instances), len(panoptic), *both)
"""


def wanted(title, dataset):
    part = "train" if title == "Detectron2" else "val"
    coco = json.loads((dataset / f"{part}.json").read_bytes())
    images, annotations = len(coco["images"]), len(coco["annotations"])
    return {
        "Detectron2": f"{images} {images} {annotations} {annotations}",
        "FiftyOne": f"{images} {annotations}",
    }.get(title, "ok")

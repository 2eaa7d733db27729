"""docs/runs.md names what a run folder holds, and nothing else."""

import re
from pathlib import Path

from workbench import run as run_module
from workbench.engine.watching.adapters import ADAPTERS
from workbench.run import Run

TEXT = (Path(__file__).resolve().parents[3] / "docs/runs.md").read_text(encoding="utf-8")


def section(title):
    return re.split(rf"^## {title}$", TEXT, flags=re.MULTILINE)[1].split("\n## ")[0]


def first_column(title):
    rows = re.findall(r"^\| (`[^|]*) \|", section(title), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_every_file_of_a_run_is_in_the_docs_and_no_other():
    run = Run(folder=Path("run"))
    kept = [getattr(run, name) for name, kind in vars(Run).items() if isinstance(kind, property)]
    kept = [path for path in kept if isinstance(path, Path)]
    kept += [run.predictions("<part>"), run.scores("<part>"), run.mistakes("<part>"), run.folder / "lock"]
    kept += [run.best.with_suffix(".json"), run.final.with_suffix(".json"), run.folder / "latest"]
    assert sorted(first_column("Files")) == sorted(str(path.relative_to("run")) for path in kept)


def test_every_key_of_the_record_is_in_the_docs():
    said = set(re.findall(r"`([^`\n]+)`", section("run.json")))
    keys = set(re.findall(r"`([^`\n]+)`", run_module.__doc__))
    assert keys - {"state"} <= said


def test_every_program_that_can_look_on_is_in_the_docs():
    assert set(first_column("Looking on")) == set(ADAPTERS)

"""`workbench report` on runs of each task, without a training."""

import csv
import json
import os
import shlex
import subprocess
import sys
import time

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("hotcoco")

from tests.report.runs import make_run
from tests.tour import ROOT
from workbench.cli import main
from workbench.run import hold


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return {
        task: make_run(tmp_path_factory.mktemp(task), project, task)
        for task, project in (("instance", "faces"), ("panoptic", "chipsets"), ("semantic", "chipsets"))
    }


@pytest.mark.parametrize("task", ["instance", "panoptic", "semantic"])
def test_a_run_of_each_task_gets_a_page_with_pictures(task, runs, capsys):
    run = runs[task]
    assert main(["report", str(run.folder)]) == 0
    assert capsys.readouterr().out == f"{run.report}\n"
    page = run.report.read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") >= 12
    number = {"instance": "Mask AP", "panoptic": "PQ", "semantic": "Mean IoU"}[task]
    assert f"<dt>{number}</dt>" in page
    for title in (
        "Classes",
        "Worst and best images",
        "Confusion",
        "Learning curves",
        "Data",
        "Where it is from",
    ):
        assert f">{title}</h2>" in page


def test_a_project_means_its_last_run(runs, capsys):
    run = runs["instance"]
    assert main(["report", str(run.folder.parent.parent), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(run.report)}


def test_equal_runs_give_equal_bytes(runs, capsys):
    run = runs["panoptic"]
    pages = []
    for _ in range(2):
        assert main(["report", str(run.folder)]) == 0
        pages.append(run.report.read_bytes())
    assert pages[0] == pages[1]


def test_what_was_predicted_since_is_judged_anew(runs, capsys):
    run = runs["semantic"]
    main(["report", str(run.folder)])
    before = run.scores("val").stat().st_mtime_ns
    main(["report", str(run.folder)])
    assert run.scores("val").stat().st_mtime_ns == before
    one = next(run.predictions("val").with_name("semantic_val").rglob("*.png"))
    later = run.scores("val").stat().st_mtime_ns + 10**9
    os.utime(one, ns=(later, later))
    main(["report", str(run.folder)])
    assert run.scores("val").stat().st_mtime_ns != before


def test_markdown_on_stdout_is_all_that_is_there(runs, capsys):
    run = runs["instance"]
    run.report.unlink(missing_ok=True)
    assert main(["report", str(run.folder), "--markdown", "-"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("### ") and "| class |" in shown and len(shown.splitlines()) < 50
    assert not run.report.exists()


def test_every_table_becomes_a_sheet(runs, tmp_path, capsys):
    run = runs["instance"]
    assert (
        main(
            ["report", str(run.folder), "--csv", str(tmp_path / "csv"), "--markdown", str(tmp_path / "a.md")]
        )
        == 0
    )
    names = {path.name for path in (tmp_path / "csv").iterdir()}
    assert {"headline.csv", "classes.csv", "errors.csv", "split.csv", "lineage.csv"} <= names
    with (tmp_path / "csv" / "headline.csv").open(newline="") as stream:
        rows = {row["metric"]: row for row in csv.DictReader(stream)}
    scores = json.loads(run.scores("val").read_text())
    assert float(rows["mask.AP"]["value"]) == scores["mask"]["AP"]
    assert [float(rows["mask.AP"][f"value_{end}"]) for end in ("low", "high")] == scores["intervals"][
        "mask.AP"
    ]
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("### ")


def test_a_run_whose_dataset_is_gone_has_a_page_without_pictures(tmp_path, capsys):
    run = make_run(tmp_path, "faces", "instance")
    main(["report", str(run.folder)])
    (run.folder.parent.parent / "datasets").rename(tmp_path / "elsewhere")
    assert main(["report", str(run.folder)]) == 0
    page = run.report.read_text(encoding="utf-8")
    assert "data:image" not in page and "<dt>Mask AP</dt>" in page
    assert "no pictures:" in capsys.readouterr().err
    assert "No pictures:" in page or "no pictures:" in page


def test_it_is_opened_in_the_browser_of_the_person(runs, tmp_path):
    """BROWSER names the program, as Python's own webbrowser has it."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {shlex.quote(str(tmp_path / "seen"))}\n')
    program.chmod(0o755)
    run = runs["instance"]
    words = [sys.executable, "-m", "workbench", "report", str(run.folder), "--open"]
    subprocess.run(
        words, check=True, env={**os.environ, "BROWSER": str(program)}, cwd=ROOT, capture_output=True
    )
    for _ in range(50):
        if (tmp_path / "seen").exists():
            break
        time.sleep(0.1)
    assert (tmp_path / "seen").read_text() == run.report.resolve().as_uri()


def test_a_run_that_somebody_trains_in_is_not_judged(tmp_path, capsys):
    run = make_run(tmp_path, "faces", "instance")
    with hold(run):
        assert main(["report", str(run.folder)]) == 75
    assert "must be free to be judged" in capsys.readouterr().err
    assert not run.report.exists() and not run.scores("val").exists()


def test_what_is_no_run_gets_a_line(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 66
    assert "must be a run or a project" in capsys.readouterr().err

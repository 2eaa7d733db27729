"""What is read of a run, whatever became of it."""

import json

import pytest

pytest.importorskip("hotcoco")

from workbench.report.gather import gather
from workbench.run import Run


@pytest.fixture
def run(tmp_path):
    one = Run(folder=tmp_path / "run")
    one.scores("val").parent.mkdir(parents=True)
    one.record.write_text(json.dumps({"state": "running", "step": 0, "steps": 9}))
    one.metrics.write_text('{"step": 3, "kind": "train", "loss": 1.5}\n[1]\n{"step": 4, "kind": "tra')
    return one


def test_half_a_line_and_a_line_that_is_no_row_are_left_out(run):
    assert gather(run, "val", None).metrics == ({"step": 3, "kind": "train", "loss": 1.5},)


def test_a_run_that_nobody_holds_was_interrupted_where_its_metrics_end(run):
    record = gather(run, "val", None).record
    assert (record["state"], record["step"]) == ("interrupted", 3)


def test_a_run_that_somebody_holds_runs(run):
    from workbench.run import hold

    with hold(run):
        assert gather(run, "val", None).record["state"] == "running"


def test_what_is_not_there_is_empty_and_the_reason_is_kept(run):
    material = gather(run, "val", None, "no pictures: the dataset is gone")
    assert (material.scores, material.mistakes, material.views.images) == ({}, {}, {})
    assert material.notes == ("no pictures: the dataset is gone",)


def test_a_page_can_be_made_of_almost_nothing(run):
    pytest.importorskip("jinja2")
    from workbench.report.compose import render_page
    from workbench.report.markdown import write_markdown
    from workbench.report.sheets import list_tables

    material = gather(run, "val", None)
    assert "Not to be told" in render_page(material)
    assert write_markdown(material).startswith("### Not to be told")
    assert [table.name for table in list_tables(material)] == ["lineage"]

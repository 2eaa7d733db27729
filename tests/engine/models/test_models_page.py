"""docs/models.md and `workbench models` say what the table says."""

import json

from tests.tour import ROOT
from workbench.cli import main
from workbench.engine.models.table import MODELS

PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")


def test_the_page_has_the_table_as_it_is():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{row.name}` | {row.task} | {row.origin} | {row.licence or '–'} | {row.download_mb or '–'} |"
        f" {row.memory_gb or '?'} | {row.batch} | {row.lr} | {row.short_edge} × {row.long_edge} | {row.about} |"
        for row in MODELS.values()
    ]


def test_json_has_every_row_and_nothing_else_is_printed(capsys):
    assert main(["models", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == list(MODELS)


def test_a_task_leaves_the_others_out(capsys):
    assert main(["models", "--task", "semantic"]) == 0
    lines = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert {line.split()[1] for line in lines[1:]} == {"semantic"}
    assert len(lines) - 1 == sum(row.task == "semantic" for row in MODELS.values())


def test_the_table_fits_a_wide_terminal(capsys):
    main(["models"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 150


def test_each_row_is_whole():
    for name, row in MODELS.items():
        assert name == row.name
        assert row.about and len(row.about) <= 80
        assert bool(row.licence) == bool(row.weights)
        assert bool(row.download_mb) == ("://" in row.weights)
        assert row.class_keys and row.batch and row.lr and row.short_edge <= row.long_edge

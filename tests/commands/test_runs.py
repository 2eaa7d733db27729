"""workbench runs: the list, one run, two runs, and removing."""

import json
from io import StringIO

import pytest

from workbench.cli import main
from workbench.engine.watching.metrics import format_row
from workbench.run import Run, hold, write_record

NAMES = ("20260101-100000-mask_rcnn_nano", "20260102-100000-mask_rcnn_nano")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    project = tmp_path / "projects" / "kites"
    (tmp_path / "annotations").mkdir()
    project.mkdir(parents=True)
    (project / "project.toml").write_text('annotations = "../../annotations"\ncategories = ["kite"]\n')
    monkeypatch.chdir(tmp_path)
    return project / "runs"


def make(runs, name, **more):
    run = Run(folder=runs / name)
    run.folder.mkdir(parents=True)
    record = {
        "state": "finished",
        "model": "mask_rcnn_nano",
        "steps": 300,
        "step": 300,
        "best": {"metric": "mask.AP", "value": 0.8123, "step": 200},
        "dataset": {"fingerprint": "0123456789abcdef", "folder": "/nowhere", "split": "aaaa"},
        "git": {"commit": "abcdef0123456789", "dirty": True},
        "settings": {"train": {"lr": 0.01, "ema": 0.0}},
        "command": ["workbench", "train", "kites"],
        "started": "2026-01-01T10:00:00+0000",
        "classes": {"things": ["kite"], "stuff": []},
        "changes": [{"key": "SOLVER.BASE_LR", "old": 0.02, "new": 0.01, "reason": "4 images a step, not 8"}],
        "scores": {"mask": {"AP": 0.8123}},
    }
    write_record(run, record | more)
    return run


def shown(capsys, *typed, code=0):
    assert main(["runs", "kites", *typed]) == code
    return capsys.readouterr().out


def test_a_project_without_runs_says_how_to_make_one(runs, capsys):
    assert shown(capsys) == "no runs yet; workbench train kites makes one\n"


def test_the_list_has_a_line_for_each_run(runs, capsys):
    for name in NAMES:
        make(runs, name)
    head, first, second = shown(capsys).splitlines()
    assert head.split() == ["run", "state", "steps", "best", "dataset", "commit"]
    assert first.split() == [
        NAMES[0],
        *["finished", "300/300", "mask.AP", "0.812", "@", "200", "01234567", "abcdef0+"],
    ]
    assert NAMES[1] in second


def test_an_old_run_may_lack_every_key(runs, capsys):
    run = make(runs, NAMES[0])
    write_record(run, {})
    assert shown(capsys).splitlines()[1].split() == [NAMES[0], "unknown", "-", "-", "-", "-"]
    assert NAMES[0] in shown(capsys, "show", NAMES[0])


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"best": 3, "git": [], "dataset": "x", "scores": 1, "changes": [1]}']
)
def test_a_spoilt_record_stops_no_list(runs, capsys, content):
    make(runs, NAMES[0])
    make(runs, NAMES[1]).record.write_text(content)
    assert len(shown(capsys).splitlines()) == 3


def test_a_run_whose_process_died_is_interrupted_and_says_how_to_go_on(runs, capsys):
    run = make(runs, NAMES[0], state="running", step=0)
    run.metrics.write_bytes(format_row(57, "train", {"loss": 1.0}) + b'{"torn')
    text = shown(capsys)
    assert "interrupted" in text and "57/300" in text
    assert f"go on: workbench train kites --resume {NAMES[0]}" in text
    with hold(run):
        assert "interrupted" not in shown(capsys)
    assert "--resume" in shown(capsys, "show", "last")


def test_one_run_shows_where_it_came_from(runs, capsys):
    make(runs, NAMES[0])
    text = shown(capsys, "show", NAMES[0])
    for words in (
        "abcdef0123456789, with changes",
        "workbench train kites",
        "SOLVER.BASE_LR: 0.02 → 0.01",
        "4 images a step",
        "mask.AP",
        "kite",
    ):
        assert words in text


def test_the_difference_of_two_runs_is_what_differs_and_no_more(runs, capsys):
    make(runs, NAMES[0])
    make(
        runs,
        NAMES[1],
        settings={"train": {"lr": 0.02, "ema": 0.0}},
        started="later",
        scores={"mask": {"AP": 0.5}},
    )
    found = json.loads(shown(capsys, "diff", *NAMES, "--json"))
    assert found["differences"] == [
        {"key": "settings.train.lr", "values": [0.01, 0.02]},
        {"key": "scores.mask.AP", "values": [0.8123, 0.5]},
    ]
    assert "0.01" in shown(capsys, "diff", *NAMES)
    assert "do not differ" in shown(capsys, "diff", NAMES[0], NAMES[0])


def test_the_config_is_compared_key_by_key(runs, capsys):
    pytest.importorskip("yaml")
    for name, rate in zip(NAMES, (0.01, 0.02), strict=True):
        make(runs, name).config.write_text(f"SOLVER:\n  BASE_LR: {rate}\n  STEPS: [1, 2]\n")
    found = json.loads(shown(capsys, "diff", *NAMES, "--json"))["differences"]
    assert found == [{"key": "config.SOLVER.BASE_LR", "values": [0.01, 0.02]}]


def test_a_config_that_would_run_code_is_not_read(runs, capsys):
    pytest.importorskip("yaml")
    make(runs, NAMES[0]).config.write_text(f"!!python/object/apply:os.mkdir [{runs}/marker]\n")
    make(runs, NAMES[1])
    shown(capsys, "diff", *NAMES)
    assert not (runs / "marker").exists()


def test_removing_asks_and_without_an_answer_does_nothing(runs, capsys, monkeypatch):
    run = make(runs, NAMES[0])
    monkeypatch.setattr("sys.stdin", StringIO())
    shown(capsys, "remove", NAMES[0], code=2)
    assert run.record.exists()


def test_removing_leaves_the_others(runs, capsys):
    for name in NAMES:
        make(runs, name)
    assert shown(capsys, "remove", NAMES[0], "--yes") == f"removed {NAMES[0]}\n"
    assert [path.name for path in runs.iterdir()] == [NAMES[1]]


def test_a_run_that_trains_is_not_removed(runs, capsys):
    run = make(runs, NAMES[0], state="running")
    with hold(run):
        shown(capsys, "remove", NAMES[0], "--yes", code=75)
    assert run.record.exists()


def test_a_folder_of_another_place_is_not_removed(runs, capsys, tmp_path):
    make(runs, NAMES[0])
    other = make(tmp_path / "elsewhere", NAMES[1])
    shown(capsys, "remove", str(other.folder), "--yes", code=1)
    assert other.record.exists()


def test_what_a_killed_removal_left_is_not_listed(runs, capsys):
    make(runs, NAMES[0])
    make(runs, f".{NAMES[1]}.1.workbench.tmp")
    assert len(shown(capsys).splitlines()) == 2


def test_an_unknown_run_says_the_nearest(runs, capsys):
    make(runs, NAMES[0])
    assert main(["runs", "kites", "show", NAMES[0][:-1]]) == 66
    assert f'did you mean "{NAMES[0]}"' in capsys.readouterr().err


@pytest.mark.parametrize("typed", [["show"], ["diff", "last"], ["remove"], ["list", "last"]])
def test_a_wrong_number_of_runs_is_a_usage_error(runs, capsys, typed):
    make(runs, NAMES[0])
    shown(capsys, *typed, code=2)

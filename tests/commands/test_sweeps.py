"""workbench sweeps: the table, the page, what is adopted, and what is removed."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.sweeps.made import put_run, put_sweep
from workbench.cli import main
from workbench.errors import BUSY, FAILED, NO_INPUT, OK, USAGE, ProjectError
from workbench.run import hold
from workbench.sweeps.adoption import accept, plan_adoption
from workbench.sweeps.record import SweepFolder, list_sweeps, read_sweep

PROJECT = """\
annotations = "../annotations"  # relative
categories = ["cat", "owl"]

[train]
steps = 300  # long
"""
TYPED = {"train.steps": "20", "train.seed": "0", "train.device": "cpu", "model.name": "mask_rcnn_nano"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "annotations").mkdir()
    folder = tmp_path / "projects" / "p"
    folder.mkdir(parents=True)
    (folder / "project.toml").write_text(PROJECT.replace("../annotations", "../../annotations"))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def grid(project: Path) -> SweepFolder:
    """Two values and three seeds; the second is better by far."""
    folder = put_sweep(project, "lr", [{"SOLVER.BASE_LR": "0.01"}, {"SOLVER.BASE_LR": "0.02"}], seeds=3)
    scores = (0.30, 0.31, 0.32, 0.50, 0.51, 0.52)
    for trial, score in zip(read_sweep(folder).trials, scores, strict=True):
        put_run(folder, trial, score, classes={"cat": score + 0.1, "owl": score - 0.1}, typed=TYPED)
    return folder


def sweeps(*words: str, code: int = OK) -> None:
    assert main(["sweeps", "p", *words]) == code


def test_a_project_without_sweeps_says_how_to_make_one(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweeps()
    assert capsys.readouterr().out.startswith("no sweeps yet; workbench launch p --sweep")
    sweeps("show", code=NO_INPUT)


def test_the_list_has_a_line_for_each_sweep(grid: SweepFolder, capsys: pytest.CaptureFixture[str]) -> None:
    sweeps()
    (line,) = capsys.readouterr().out.splitlines()[1:]
    assert " ".join(line.split()) == (
        "lr grid of SOLVER.BASE_LR, 3 seeds 6 finished mask.AP 51.0 ± 1.0 SOLVER.BASE_LR 0.02"
    )


def test_the_table_has_means_spreads_and_a_verdict(
    grid: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    sweeps("show", "lr")
    told = capsys.readouterr().out
    rows = [line.split() for line in told.splitlines() if line.startswith(("1", "2"))]
    assert rows[0][:6] == ["1", "0.02", "51.0", "1.0", "3", "best"]
    assert rows[1][:6] == ["2", "0.01", "31.0", "1.0", "3", "20.0"]
    assert "more than noise  1:05  lr-01 … lr-03" in told
    assert "Best: SOLVER.BASE_LR 0.02: mask.AP 51.0 ± 1.0, mean of 3 seeds." in told
    assert "It is better than the other by more than noise" in told
    assert [line.split() for line in told.splitlines() if line.startswith(("owl", "cat"))] == [
        ["owl", "41.0", "1.0", "3"],
        ["cat", "61.0", "1.0", "3"],
    ]


def test_folds_are_told_one_by_one_where_nothing_else_differs(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = put_sweep(project, "cv", [{}], folds=3)
    for trial, score in zip(read_sweep(folder).trials, (0.3, 0.4, 0.8), strict=True):
        put_run(folder, trial, score)
    sweeps("show")
    told = capsys.readouterr().out
    assert "mask.AP 50.0 ± 26.5, mean of 3 folds." in told
    assert [line.split() for line in told.splitlines()[-3:]] == [
        ["1", "30.0", "1:05", "cv-01", "finished"],
        ["2", "40.0", "1:05", "cv-02", "finished"],
        ["3", "80.0", "1:05", "cv-03", "finished"],
    ]


def test_what_failed_says_why_and_a_row_that_lacks_it_is_not_best(
    grid: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    put_run(grid, read_sweep(grid).trials[5], 0.1, state="failed", reason="no\x1b memory")
    sweeps("show")
    told = capsys.readouterr().out
    assert "Best: SOLVER.BASE_LR 0.01" in told and "2 finished, 1 failed" in told
    assert "lr-06 failed: no\\x1b memory" in told


def test_a_sweep_of_which_nothing_is_finished_says_so(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_sweep(project, "new", [{"A": "1"}, {"A": "2"}])
    sweeps("show")
    assert "Nothing is finished yet" in capsys.readouterr().out
    sweeps("page")
    sweeps("adopt", code=FAILED)
    assert "must have a finished training to adopt" in capsys.readouterr().err


def test_the_page_stands_alone_and_draws_every_training(
    grid: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    sweeps("page", "--json")
    assert json.loads(capsys.readouterr().out) == {"page": str(Path("projects/p/sweeps/lr/page.html"))}
    text = grid.page.read_text()
    for trial in read_sweep(grid).trials:
        assert f"<title>{trial.run} (seed {trial.seed}):" in text
    for section in ("standings", "trials", "keys", "classes", "curves", "runs", "lineage"):
        assert f'<section id="{section}"' in text
    assert "http" not in text.replace("http-equiv", "")
    assert "mask.AP 51.0 ± 1.0, mean of 3 seeds" in text


def test_a_page_shows_what_people_wrote_and_runs_none_of_it(project: Path) -> None:
    folder = put_sweep(project, "x", [{"A": "<script>alert(1)</script>"}, {"A": "2"}])
    for trial in read_sweep(folder).trials:
        put_run(folder, trial, 0.5)
    sweeps("page")
    text = folder.page.read_text()
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text


def test_the_best_becomes_a_project_file_with_its_comments(
    grid: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (grid.project / "project.toml").read_text()
    sweeps("adopt", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["changes"] == [
        {"key": "train.steps", "values": [300, 20]},
        {"key": "model.name", "values": [None, "mask_rcnn_nano"]},
        {"key": "detectron2.SOLVER.BASE_LR", "values": [None, 0.02]},
    ]
    new = grid.best.read_text()
    assert "steps = 20  # long" in new and "# relative" in new
    assert tomllib.loads(new)["detectron2"] == {"SOLVER": {"BASE_LR": 0.02}}
    assert "seed" not in new and "device" not in new
    assert (grid.project / "project.toml").read_text() == before


def test_accepting_keeps_what_was_there_each_time(
    grid: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    path = grid.project / "project.toml"
    before = path.read_text()
    sweeps("adopt", "lr", "--accept")
    assert path.read_text() == grid.best.read_text()
    assert grid.before(1).read_text() == before
    sweeps("adopt", "lr", "--accept", "--trial", "1")
    assert grid.before(1).read_text() == before
    assert "BASE_LR = 0.02" in grid.before(2).read_text()
    assert tomllib.loads(path.read_text())["detectron2"]["SOLVER"]["BASE_LR"] == 0.01
    assert "not of the best: SOLVER.BASE_LR 0.02" in capsys.readouterr().err


def test_accepting_changes_no_more_of_the_file_than_the_values(grid: SweepFolder) -> None:
    """Neither what it is a link to, nor who may write it, nor how its lines end."""
    path, shared = grid.project / "project.toml", grid.project.parent / "shared.toml"
    content = path.read_bytes().replace(b"\n", b"\r\n")
    shared.write_bytes(content)
    shared.chmod(0o664)
    path.unlink()
    path.symlink_to(shared)
    sweeps("adopt", "--accept")
    assert path.is_symlink() and shared.stat().st_mode & 0o777 == 0o664
    new = shared.read_bytes()
    assert new.startswith(content.replace(b"300", b"20").rstrip()) and b"BASE_LR = 0.02\r\n" in new
    assert new.count(b"\r\n") == new.count(b"\n")
    assert grid.before(1).read_bytes() == content


def test_what_somebody_wrote_meanwhile_is_not_written_over(grid: SweepFolder) -> None:
    path = grid.project / "project.toml"
    adoption = plan_adoption(grid, grid.run(read_sweep(grid).trials[0]))
    path.write_text(path.read_text() + "ema = 0.9\n")
    with pytest.raises(ProjectError, match="somebody wrote it; adopt again"):
        accept(grid, adoption)
    assert "ema = 0.9" in path.read_text()


def test_what_says_nothing_about_the_values_is_left_out(grid: SweepFolder) -> None:
    left = {
        "train.seed": "1",
        "split.fold": "cv/2",
        "model.code": "model.py",
        "train.device": "cpu",
        "train.workers": "2",
        "train.cache_mb": "10",
    }
    trial = read_sweep(grid).trials[0]
    put_run(grid, trial, 0.3, typed={"train.steps": "20", **left})
    adoption = plan_adoption(grid, grid.run(trial))
    assert sorted(adoption.left_out) == sorted(left)
    assert [key for key, _, _ in adoption.changes] == ["train.steps", "detectron2.SOLVER.BASE_LR"]


def test_values_that_the_project_could_not_be_trained_with_are_not_adopted(
    grid: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    (grid.project / "project.toml").write_text((grid.project / "project.toml").read_text() + 'ema = "x"\n')
    sweeps("adopt", "--accept", code=78)
    assert "train.ema" in capsys.readouterr().err
    assert not grid.best.exists() and not grid.before(1).exists()


def test_a_trial_that_is_not_finished_is_not_adopted(grid: SweepFolder) -> None:
    sweeps("adopt", "--trial", "9", code=FAILED)


def test_a_sweep_is_removed_with_its_runs_and_never_while_one_is_trained(
    grid: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = read_sweep(grid).trials[0]
    sweeps("remove", "--yes", code=USAGE)
    sweeps("remove", "lr", code=USAGE)
    assert "say --yes" in capsys.readouterr().err
    put_run(grid, trial, 0.1, state="running")
    with hold(grid.run(trial)):
        sweeps("remove", "lr", "--yes", code=BUSY)
    assert len(list((grid.project / "runs").iterdir())) == 6
    sweeps("remove", "lr", "--yes")
    assert list((grid.project / "runs").iterdir()) == [] and list_sweeps(grid.project) == []


def test_a_name_with_a_space_is_told_as_it_is_typed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = put_sweep(project, "my lr", [{}])
    put_run(folder, read_sweep(folder).trials[0], 0.5)
    sweeps("show", "my lr")
    assert "page 'my lr' draws it; … adopt 'my lr' takes" in capsys.readouterr().err
    folder = put_sweep(project, "your lr", [{"A": "1"}])
    put_run(folder, read_sweep(folder).trials[0], 0.5)
    sweeps("page", "your lr")
    assert "sweeps p adopt &#39;your lr&#39;" in folder.page.read_text()


def test_a_list_takes_no_name(grid: SweepFolder) -> None:
    sweeps("list", "lr", code=USAGE)

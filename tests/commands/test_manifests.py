"""workbench launch --manifest: what is printed, what is written down, and what is refused."""

from pathlib import Path

import pytest

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.errors import OK, USAGE
from workbench.sweeps.record import find_sweep, read_sweep

yaml = pytest.importorskip("yaml")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    put_project(tmp_path, ["cat"])
    put(tmp_path / "annotations" / "p", "0", square("cat", 5, 8, 26))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "projects" / "p"


def test_a_training_is_described_and_nothing_is_launched(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["launch", "p", "--manifest", "kubernetes", "--name", "one", "--", "--steps", "5"]) == OK
    pod = yaml.safe_load(capsys.readouterr().out)["spec"]["template"]["spec"]
    train = ["workbench", "train", "projects/p", "--steps", "5", "--run", "one"]
    assert pod["initContainers"][0]["command"] == train
    assert pod["containers"][0]["command"] == ["workbench", "evaluate", "projects/p/runs/one"]
    assert not (project.parents[1] / "home").exists() and not (project / "sweeps").exists()


def test_a_sweep_is_written_down_as_every_other(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["launch", "p", "--manifest", "skypilot", "--seeds", "2", "--name", "s", "--out", "task.yaml"]
    assert main(words) == OK
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "task.yaml: 2 trainings\n")
    assert "--run s-02" in yaml.safe_load(Path("task.yaml").read_text())["run"]
    assert [trial.run for trial in read_sweep(find_sweep(project, "s")).trials] == ["s-01", "s-02"]
    assert main(words) != OK  # its runs would be gone on with


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--manifest", "kubernetes", "--on", "slurm"], "--on: must not stand with --manifest"),
        (["--manifest", "kubernetes", "--after", "3"], "--after: must not stand with --manifest"),
        (["--set", "image=x"], "--set and --out: must stand with --manifest"),
        (["--manifest", "kubernetes", "--set", "image"], "must be KEY=VALUE"),
        (["--manifest", "nomad"], "must be one of kubernetes, skypilot"),
    ],
)
def test_what_a_cluster_could_not_do_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    assert main(["launch", "p", *words, "--sweep", "SOLVER.BASE_LR=0.1,0.2"]) == USAGE
    assert reason in capsys.readouterr().err
    assert not (project / "sweeps").exists()


def test_labels_that_the_cluster_would_not_see_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    assert main(["launch", "p", "--manifest", "kubernetes"]) == USAGE
    assert "annotations/p: must lie below" in capsys.readouterr().err

"""workbench launch of many trainings: what is written down of them, and the folds that they are judged on."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.commands.test_launch import home, launch  # noqa: F401
from tests.conversion.folders import put
from tests.drawing import square
from workbench.cli import main
from workbench.errors import CANNOT_CREATE, FAILED, NO_INPUT, OK, USAGE
from workbench.formats.frozen_folds import read_frozen_folds
from workbench.jobs.queue import Queue
from workbench.project import read_project
from workbench.sweeps.record import find_sweep, read_sweep

NEW = ("--", "--steps", "5")


@pytest.fixture
def project(home: Path) -> Path:  # noqa: F811
    """Eight images that nobody has listed for a part."""
    folder = home / "projects" / "p"
    text = (folder / "project.toml").read_text().partition("[split")[0]
    (folder / "project.toml").write_text(f"{text}[split]\nseconds = -1\nhash_distance = -1\ntest = 0.2\n")
    for number in range(4, 10):
        put(home / "annotations" / "p", f"{number}", square("cat", 5 + 6 * number, 8, 26))
    return folder


def test_a_sweep_is_written_down_with_its_jobs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launch("--sweep", "SOLVER.BASE_LR=0.1,0.2", "--seeds", "2", "--name", "lr", *NEW)
    assert "workbench sweeps p show lr says which is best so far" in capsys.readouterr().err
    sweep = read_sweep(find_sweep(project))
    assert (sweep.name, sweep.kind, sweep.seeds, sweep.words) == ("lr", "grid", (0, 1), ("--steps", "5"))
    assert sweep.axes == {"SOLVER.BASE_LR": ("0.1", "0.2")}
    assert [(one.run, one.values["SOLVER.BASE_LR"], one.seed, one.jobs) for one in sweep.trials] == [
        ("lr-01", "0.1", 0, (1, 2)),
        ("lr-02", "0.1", 1, (3, 4)),
        ("lr-03", "0.2", 0, (5, 6)),
        ("lr-04", "0.2", 1, (7, 8)),
    ]
    queue = Queue(Path(sweep.home))
    assert [entry.job.name for entry in queue.entries()][::2] == [f"train lr-0{n}" for n in (1, 2, 3, 4)]
    assert {entry.job.group for entry in queue.entries()} == {"lr"}
    queue.close()


def test_one_training_is_no_sweep(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launch(*NEW)
    assert not (project / "sweeps").exists()
    assert "workbench sweeps" not in capsys.readouterr().err


def test_folds_are_drawn_once_and_each_training_is_told_its_own(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    launch("--folds", "4", "--name", "cv", *NEW)
    folder = find_sweep(project, "cv")
    count, folds = read_frozen_folds(folder.folds)
    assert count == 4 and Counter(folds.values()) == {0: 2, 1: 2, 2: 2, 3: 2, 4: 2}
    assert "p: 4 folds of 2, 2, 2, 2 images; the 2 of test stay out of all" in capsys.readouterr().err
    sweep = read_sweep(folder)
    assert [one.fold for one in sweep.trials] == [1, 2, 3, 4] and sweep.folds == 4 and not sweep.axes
    queue = Queue(Path(sweep.home))
    words = [entry.job.command for entry in queue.entries() if entry.job.name.startswith("train")]
    assert [one[one.index("split.fold") + 1] for one in words] == ["cv/1", "cv/2", "cv/3", "cv/4"]
    queue.close()


@pytest.mark.parametrize(("words", "told"), [
    (("--folds", "1"), "--folds 1: must be 2 or more"),
    (("--folds", "-3"), "--folds -3: must be 2 or more"),
    (("--folds", "9"), "--folds 9: there must be a group of images for each fold, but the 8 images"),
    (("--name", "../x", "--seeds", "2"), "--name ../x: must be a name without slashes"),
])  # fmt: skip
def test_what_cannot_be_launched_together_is_refused_and_nothing_is_queued(
    project: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    launch(*words, *NEW, code=USAGE)
    assert told in capsys.readouterr().err
    assert not list(project.glob("sweeps/*/sweep.json"))
    assert Queue(project.parents[1] / "home").entries() == []


def test_a_name_is_used_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launch("--seeds", "2", "--name", "a", *NEW)
    launch("--seeds", "2", "--name", "a", *NEW, code=CANNOT_CREATE)
    assert "must be a new sweep" in capsys.readouterr().err
    (project / "runs" / "b-02").mkdir(parents=True)
    launch("--seeds", "2", "--name", "b", *NEW, code=CANNOT_CREATE)
    assert "b-02: must be a new run" in capsys.readouterr().err
    assert len(Queue(project.parents[1] / "home").entries()) == 4


def test_a_sweep_that_cannot_be_written_down_is_not_launched(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is written before anybody can begin with the jobs: without it, there are none."""
    from workbench.errors import OutputError

    def refuse(folder: object, sweep: object) -> None:
        raise OutputError("the disk is full")

    monkeypatch.setattr("workbench.sweeps.record.write_sweep", refuse)
    launch("--seeds", "2", *NEW, code=CANNOT_CREATE)
    assert Queue(project.parents[1] / "home").entries() == []


def test_a_rehearsal_writes_no_folds(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    class Done:
        stdout, stderr, returncode = json.dumps({"ok": True, "hours": 0.1, "pace": {"memory_gb": 1}}), "", 0

    monkeypatch.setattr("subprocess.run", lambda words, **rest: asked.append(words) or Done())
    launch("--folds", "2", "--name", "cv", "--dry-run", *NEW)
    said = capsys.readouterr()
    told = said.out.splitlines()
    assert "p: 2 folds of 4, 4 images; the 2 of test stay out of all" in said.err
    assert [line.split()[-4:] for line in told if " train " in line] == [
        ["split.fold", "cv/1", "--run", "cv-01"],
        ["split.fold", "cv/2", "--run", "cv-02"],
    ]
    assert not (project / "sweeps").exists() and not read_project(project).frozen_split.exists()
    assert len(asked) == 1 and "split.fold" not in asked[0]


@pytest.mark.parametrize(("code", "said", "told"), [
    (-9, "", "p: would fail: preflight ended with exit code -9"),
    (1, json.dumps({"ok": False, "problems": ["no room"]}), "p: would fail: no room"),
    (1, json.dumps({"ok": False}), "p: would fail: preflight ended with exit code 1"),
])  # fmt: skip
def test_a_preflight_that_did_not_end_well_is_told(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    said: str,
    told: str,
) -> None:
    class Done:
        stdout, stderr, returncode = said, "", code

    monkeypatch.setattr("subprocess.run", lambda words, **rest: Done())
    launch("--dry-run", *NEW)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("words", "told", "code"), [
    (("--folds", "9"), "--folds 9: there must be a group of images for each fold", USAGE),
    (("--cores", "3"), "wants 3 cores and 0 GPUs where there are 2 and 0", FAILED),
    (("--after", "7"), "job 7: must be in the queue", NO_INPUT),
    (("--name", "a"), "a-02: must be a new run", CANNOT_CREATE),
])  # fmt: skip
def test_a_rehearsal_refuses_what_a_launch_would(
    project: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str, code: int
) -> None:
    (project / "runs" / "a-02").mkdir(parents=True)
    launch("--seeds", "2", "--dry-run", *words, *NEW, code=code)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--cores", "3"), ("--after", "7")])
@pytest.mark.parametrize("more", [(), ("--seeds", "2"), ("--folds", "2")])
def test_what_could_never_start_leaves_nothing_behind(
    project: Path, words: tuple[str, ...], more: tuple[str, ...]
) -> None:
    assert main(["launch", "p", *words, *more]) != OK
    assert not list(project.glob("runs/*")) and not list(project.glob("sweeps/*"))
    assert not read_project(project).frozen_split.exists()


def test_a_name_that_another_project_has_leaves_this_one_as_it_was(project: Path) -> None:
    other = project.with_name("q")
    other.mkdir()
    (other / "project.toml").write_text((project / "project.toml").read_text())
    (other / "runs" / "a-02").mkdir(parents=True)
    assert main(["launch", "p", "q", "--folds", "2", "--name", "a"]) == CANNOT_CREATE
    assert not list(project.glob("sweeps/*")) and not read_project(project).frozen_split.exists()

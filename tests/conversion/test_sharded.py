"""Conversion in shards: the bytes of one command alone, whatever the division, the order, the kills."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conversion.folders import paint, picture_bytes, put, put_project
from tests.conversion.test_durability import hashes
from tests.drawing import draw, square
from workbench.cli import main
from workbench.conversion.dataset import convert_project
from workbench.conversion.folder import convert_folder
from workbench.conversion.sharded import bare, looks
from workbench.conversion.sharded import project as project_module
from workbench.conversion.sharded.bare import plan_folder
from workbench.conversion.sharded.project import Home, plan_project
from workbench.conversion.sharded.steps import end, gather, name_item, open_shard
from workbench.data.annotation import Annotation
from workbench.errors import FAILED, OK, USAGE, JobError
from workbench.files import taking_turns
from workbench.formats.labelme import write_annotation
from workbench.project import read_project
from workbench.sharding.plan import Plan, read_plan
from workbench.sharding.progress import work_on

ONCE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fill(root: Path) -> None:
    """Classes that are met late, refused files, two of one image, an image without a file: what a join could mix up."""
    for number in range(8):
        put(
            root / "ab"[number % 2],
            f"{number}",
            square("zebra", 10, 10, 20 + number),
            square("ant", 50, 40, 9),
        )
    put(root, "c", draw("ant", (1, 1), kind="point"), square("mole", 500, 10, 20))
    put(root, "d")
    (root / "e.json").write_text("{torn")
    again = Annotation(image_path="a/0.png", image_size=(100, 80), shapes=(square("ant", 1, 1, 9),))
    write_annotation(root / "f.json", again)
    inside = Annotation(
        image_path="gone.jpg",
        image_size=(100, 80),
        image_data=b64encode(picture_bytes()).decode(),
        shapes=(square("ant", 1, 1, 9),),
    )
    write_annotation(root / "sub" / "g.json", inside)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder, converted by one command alone, and its result moved to alone/."""
    home = tmp_path_factory.mktemp("folder")
    fill(home / "labels")
    convert_folder(home / "labels", home / "out" / "a.json", None, as_rle=False, strict=False)
    shutil.move(home / "out", home / "alone")
    return home


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A panoptic project, converted alone; its dataset is kept in alone/, its split not."""
    home = tmp_path_factory.mktemp("project")
    put_project(home, ["ant", "zebra"], task="panoptic", stuff=["mole"], more="[split]\nhash_distance = -1\n")
    fill(home / "annotations" / "p")
    convert_project(read_project(home / "projects" / "p"), None, as_rle=False, strict=False)
    shutil.move(home / "projects/p/datasets", home / "alone")
    shutil.move(home / "projects/p/split.json", home / "split.json")
    return home


def do(plan: Plan, shards: list[int] | None = None) -> None:
    for shard in shards or range(1, plan.shards + 1):
        work_on(plan, shard, open_shard(plan))


def do_project(place: Path, shards: int = 3, **more):
    """All four steps."""
    plan = plan_project(read_project(place), None, as_rle=False, strict=False, shards=shards)
    do(plan)
    assert gather(plan) is None
    made = read_plan(Home(folder=plan.folder.parent).make)
    do(made)
    return made


def outputs(place: Path) -> dict[str, str]:
    """The digest of every file that is no part of a plan."""
    return {name: value for name, value in hashes(place).items() if ".shards/" not in name}


@ONCE
@given(shards=st.integers(1, 20), chance=st.randoms(use_true_random=False))
def test_a_folder_in_any_number_of_shards_in_any_order_gives_the_same_bytes(folder, shards, chance):
    out = folder / "out" / "a.json"
    plan = plan_folder(folder / "labels", out, None, as_rle=False, strict=False, shards=shards)
    order = [*range(1, plan.shards + 1)] * 2  # and each of them twice
    chance.shuffle(order)
    do(plan, order)
    result = gather(plan)
    end(plan, {})
    assert outputs(out.parent) == hashes(folder / "alone")
    assert result.counts["ledger"]["shapes"] == 8 * 2 + 2 + 0 + 1 + 1
    shutil.rmtree(out.parent)


@settings(ONCE, max_examples=5)
@given(shards=st.integers(1, 20))
def test_a_project_in_any_number_of_shards_gives_the_same_dataset(project, shards):
    place = project / "projects" / "p"
    made = do_project(place, shards)
    result = gather(made)
    end(made, {"out": result.out})
    assert outputs(place / "datasets") == hashes(project / "alone")
    assert (place / "split.json").read_bytes() == (project / "split.json").read_bytes()
    assert {path.name for path in (place / "datasets/.shards").rglob("*")} == {
        "look",
        "plan.json",
        "gathered.json",
    }
    shutil.rmtree(place / "datasets")
    (place / "split.json").unlink()


def convert_alone(home: Path) -> dict[str, str]:
    """What one command makes of the folder as it is now."""
    convert_folder(home / "labels", home / "out" / "a.json", None, as_rle=False, strict=False)
    found = outputs(home / "out")
    shutil.rmtree(home / "out")
    return found


def test_what_is_saved_after_its_shard_was_made_is_made_again(folder, tmp_path):
    shutil.copytree(folder / "labels", tmp_path / "labels")
    (tmp_path / "labels" / "d.png").write_bytes(b"torn")
    plan = plan_folder(
        tmp_path / "labels", tmp_path / "out" / "a.json", None, as_rle=False, strict=False, shards=3
    )
    do(plan)
    put(tmp_path / "labels", "c", square("ant", 9, 9, 9))  # drawn anew
    paint((100, 80), 7).save(tmp_path / "labels" / "d.png")  # mended
    put(tmp_path / "labels" / "a", "4", square("ant", 50, 40, 9), size=(90, 70))  # another image
    (tmp_path / "labels" / "b" / "5.json").unlink()
    result = gather(plan)
    end(plan, {})
    found = outputs(tmp_path / "out")
    assert result.counts["files"]["refused"].pop("unreadable") == 1  # it was there when the list was made
    (tmp_path / "labels" / "b" / "5.png").unlink()
    shutil.rmtree(tmp_path / "out")
    assert found["a.json"] == convert_alone(tmp_path)["a.json"]


def test_what_is_saved_after_a_first_look_is_looked_at_again(project, tmp_path):
    for name in ("annotations", "projects"):
        shutil.copytree(project / name, tmp_path / name)
    place = tmp_path / "projects" / "p"
    plan = plan_project(read_project(place), None, as_rle=False, strict=False, shards=2)
    do(plan)
    put(tmp_path / "annotations" / "p" / "a", "4", square("mole", 1, 1, 50), size=(90, 70))
    gather(plan)
    made = read_plan(Home(folder=plan.folder.parent).make)
    do(made)
    end(made, {"out": gather(made).out})
    found = outputs(place / "datasets")
    shutil.rmtree(place / "datasets")
    (place / "split.json").unlink()
    convert_project(read_project(place), None, as_rle=False, strict=False)
    assert found == hashes(place / "datasets")


def test_what_is_saved_after_the_split_stops_its_shard_and_the_same_command_goes_on(project, tmp_path):
    for name in ("annotations", "projects"):
        shutil.copytree(project / name, tmp_path / name)
    place = tmp_path / "projects" / "p"
    plan = plan_project(read_project(place), None, as_rle=False, strict=False, shards=2)
    do(plan)
    gather(plan)
    put(tmp_path / "annotations" / "p" / "a", "4", square("mole", 1, 1, 50))
    with pytest.raises(JobError, match=r"4\.json.*saved just now; run it again"):
        do(read_plan(Home(folder=plan.folder.parent).make))
    made = do_project(place)
    assert gather(made).counts["images"] == 11


def crash_at(monkeypatch, module: object, function: str, name: str) -> None:
    """Have whoever works on one annotation die, as a library that meets a damaged file may do."""
    real = getattr(module, function)

    def crash(first: object, *rest: object):
        if name in str(rest):
            os.kill(os.getpid(), signal.SIGSEGV)
        return real(first, *rest)

    monkeypatch.setattr(module, function, crash)


def test_a_file_that_kills_whoever_reads_it_is_set_aside_and_counted(folder, tmp_path, monkeypatch):
    shutil.copytree(folder / "labels", tmp_path / "labels")
    crash_at(monkeypatch, bare, "make_pieces", "c.json")
    plan = plan_folder(
        tmp_path / "labels", tmp_path / "out" / "a.json", None, as_rle=False, strict=False, shards=2
    )
    do(plan)
    result = gather(plan)
    end(plan, {})
    assert result.counts["files"] == {
        "read": 13,
        "refused": {"set-aside": 1, "torn-file": 1, "two-annotations": 1},
    }
    (told,) = [finding for finding in result.findings if finding.rule == "set-aside"]
    assert (told.path, "SIGSEGV" in told.message) == ("c.json", True)
    rows = map(json.loads, (tmp_path / "out" / "a.ledger.jsonl").read_text().splitlines())
    assert [row for row in rows if row["annotation"] == "c.json"] == [
        {"instance": None, "reason": "set-aside", "annotation": "c.json", "shape": None}
    ]
    found = outputs(tmp_path / "out")["a.json"]
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "labels" / "c.json").unlink()
    assert found == convert_alone(tmp_path)["a.json"]


@pytest.mark.parametrize("place", [(looks, "look_once"), (project_module, "make_job")])
def test_a_file_of_a_project_that_kills_is_left_out_by_the_split(place, project, tmp_path, monkeypatch):
    """Met by the first look, at once; met when it is painted, by the next split."""
    for name in ("annotations", "projects"):
        shutil.copytree(project / name, tmp_path / name)
    crash_at(monkeypatch, *place, "b/3.json")
    folder = tmp_path / "projects" / "p"
    made = do_project(folder)
    if place[1] == "make_job":
        with pytest.raises(JobError, match=r"b/3\.json: .*SIGSEGV.*; the same command goes on without it"):
            gather(made)
        made = do_project(folder)
    result = gather(made)
    assert result.counts["files"]["refused"]["set-aside"] == 1
    assert [finding.path for finding in result.findings if finding.rule == "set-aside"] == ["b/3.json"]
    rows = [json.loads(line) for line in (Path(result.out) / "ledger.jsonl").read_text().splitlines()]
    assert [row["reason"] for row in rows if row["annotation"] == "b/3.json"] == ["set-aside"]


def test_the_list_says_what_a_person_calls_its_items(project, tmp_path):
    for name in ("annotations", "projects"):
        shutil.copytree(project / name, tmp_path / name)
    plan = plan_project(read_project(tmp_path / "projects" / "p"), None, as_rle=False, strict=False, shards=2)
    do(plan)
    gather(plan)
    made = read_plan(Home(folder=plan.folder.parent).make)
    for one in (plan, made):
        names = [name_item(one, item) for shard in (1, 2) for _, item in one.items(shard)]
        assert sorted(names) == sorted(
            name for name in hashes(tmp_path / "annotations" / "p") if "json" in name
        )


def test_a_dataset_that_is_there_is_found_by_its_shards_too(project, tmp_path):
    for name in ("annotations", "projects"):
        shutil.copytree(project / name, tmp_path / name)
    place = tmp_path / "projects" / "p"
    alone = convert_project(read_project(place), None, as_rle=False, strict=False)
    made = do_project(place)
    assert made.count == 0
    result = gather(made)
    assert (result.out, result.reused) == (alone.out, True)


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Type a command in tmp_path; return its exit code, what it said, and its messages."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def typed(*words: object) -> tuple[int, str, str]:
        code = main([*map(str, words)])
        return code, *capsys.readouterr()

    return typed


def test_a_project_is_converted_by_jobs_from_the_first_look_to_the_joining(project, tmp_path, typed):
    for name in ("annotations", "projects"):
        shutil.copytree(project / name, tmp_path / name)
    code, said, told = typed("convert", "p", "--shards", 2, "--on", "inline", "--json")
    document = json.loads(said)
    assert (code, document["state"], document["images"], document["set_aside"]) == (OK, "gathered", 11, [])
    assert told.count("finished  convert p ") == 6
    assert outputs(tmp_path / "projects/p/datasets") == hashes(project / "alone")
    assert typed("convert", "--plan", "projects/p/datasets/.shards")[:2] == (
        OK,
        f"gathered: {document['out']}\n",
    )


def test_a_job_that_wakes_up_when_all_is_joined_finds_nothing_to_do(project, tmp_path, typed):
    for name in ("annotations", "projects"):
        shutil.copytree(project / name, tmp_path / name)
    made = do_project(Path("projects/p"))
    assert typed("convert", "--plan", made.folder, "--gather")[0] == OK
    for words in (("--shard", "1"), ("--shard", "9"), ("--gather",)):
        assert typed("convert", "--plan", made.folder, *words)[0] == OK
    (made.folder / "parts" / "00000" / ".left").mkdir(
        parents=True
    )  # by one that was at it in that very moment
    again = do_project(Path("projects/p"))
    assert gather(again).reused


def test_of_two_that_join_at_once_one_waits_and_both_say_the_same(folder):
    out = folder / "out" / "a.json"
    plan = plan_folder(folder / "labels", out, None, as_rle=False, strict=False, shards=2)
    do(plan)
    words = [sys.executable, "-m", "workbench", "convert", "--plan", str(plan.folder), "--gather", "--json"]
    with taking_turns(plan.folder) as wait:
        wait()  # so that both have begun when the first may
        twins = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        while sum(str(plan.folder.stat().st_ino) in line for line in read_waiting()) < len(twins):
            assert all(twin.poll() is None for twin in twins)
            time.sleep(0.02)
    told = [twin.communicate(timeout=60) for twin in twins]
    assert [twin.returncode for twin in twins] == [OK, OK], told
    first, second = (json.loads(out) for out, _ in told)
    assert first["images"] == second["images"] == 11
    assert outputs(out.parent) == hashes(folder / "alone")
    shutil.rmtree(out.parent)


def read_waiting() -> list[str]:
    """Those who wait for a lock, as Linux tells it."""
    return [line for line in Path("/proc/locks").read_text().splitlines() if "->" in line]


def test_how_a_conversion_stands_is_told_before_it_is_over(folder, tmp_path, typed):
    shutil.copytree(folder / "labels", tmp_path / "labels")
    plan = plan_folder(Path("labels"), Path("out/a.json"), None, as_rle=False, strict=False, shards=2)
    do(plan, [1])
    code, said, _ = typed("convert", "--plan", "out/.a.json.shards")
    assert (code, said.splitlines()[0]) == (OK, "7 of 13 annotations (54%)")
    with pytest.raises(
        JobError, match="all 13 chunks must be done, but 6 are not, of shard 2; the same command"
    ):
        gather(plan)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("labels", "--to", "yolo", "--shards", "2"), "--to yolo: must be coco to be made in shards"),
        ((), "must be given a project or a folder, but got none"),
        (("labels", "--gather"), "must go with --plan DIR"),
    ],
)
def test_what_cannot_be_made_in_shards_is_refused(words, told, typed):
    code, _, stderr = typed("convert", *words)
    assert (code, told in stderr, len(stderr.splitlines())) == (USAGE, True, 1)


def test_strict_shards_write_nothing(folder, tmp_path, typed):
    shutil.copytree(folder / "labels", tmp_path / "labels")
    code, _, told = typed("convert", "labels", "--strict", "--shards", 1, "--on", "inline")
    assert (code, "failed" in told) == (FAILED, True)
    assert not list(tmp_path.glob("labels.coco*.json*"))

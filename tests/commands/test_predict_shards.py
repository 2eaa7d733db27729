"""`workbench predict --shards`: the bytes of one process, whatever the division, the kills and the images."""

import json
import os
import shutil
import signal
from dataclasses import replace

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")
pytest.importorskip("hotcoco")

import torch

from tests.commands.predicted import TASKS, draw, list_files, predict, put_runs
from workbench.cli import main
from workbench.engine.prediction import images
from workbench.jobs.job import FAILED
from workbench.jobs.queue import Queue
from workbench.sharding.plan import read_plan

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return put_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Ten images, one of which is none; two share a stem."""
    folder = tmp_path_factory.mktemp("photographs")
    for number, name in enumerate(
        ("a.png", "a.jpg", "b.png", "c.png", "d.jpg", "x/a.png", "x/e.png", "y/f.png")
    ):
        draw(folder / name, number, (40 + 4 * number, 40))
    (folder / "bad.png").write_text("no picture")
    draw(folder / "z.png", 9)
    return folder


@pytest.fixture
def launched(monkeypatch):
    """What would be put into the queue."""
    found = []

    def take(jobs, needs, *, after=()):
        found.append((list(jobs), list(needs)))
        return list(range(1, len(jobs) + 1))

    monkeypatch.setattr("workbench.commands.launching.submitting.submit_jobs", take)
    return found


def do(*words):
    return main(["predict", *map(str, words)])


def work(launched, *, order=1):
    """Do here what the jobs would do: shards in this order, then the one that gathers."""
    *shards, gather = launched[-1][0]
    for job in [*shards[::order], gather]:
        assert main(list(job.command[3:])) == 0


def read_all(folder):
    return {
        name: (folder / name).read_bytes() for name in list_files(folder) if not name.startswith(".shards/")
    }


@pytest.mark.parametrize(("name", "shards", "order"), [*zip(TASKS, (1, 3, 4), (1, -1, 1), strict=True)])
def test_shards_write_the_bytes_of_one_process(runs, photographs, launched, tmp_path, name, shards, order):
    known = {"images": [{"id": 41, "file_name": "elsewhere/b.png"}, {"id": 7, "file_name": "x/e.png"}]}
    (tmp_path / "truth.json").write_text(json.dumps(known))
    words = (photographs, "--ids", tmp_path / "truth.json")
    assert predict(runs[name], *words, out=tmp_path / "one") == 1
    assert predict(runs[name], *words, "--shards", shards, out=tmp_path / "many") == 0
    jobs, needs = launched[-1]
    assert len(jobs) == shards + 1 and needs == [*([] for _ in range(shards)), list(range(shards))]
    work(launched, order=order)
    assert read_all(tmp_path / "many") == read_all(tmp_path / "one")
    assert list_files(tmp_path / "many" / ".shards") == ["gathered.json", "jobs.json", "plan.json"]


def test_it_says_how_it_stands(runs, photographs, launched, tmp_path, capsys):
    predict(runs["mask_rcnn_nano"], photographs, "--shards", 2, out=tmp_path / "out")
    plan = tmp_path / "out" / ".shards"
    first = launched[-1][0][0]
    assert main(list(first.command[3:])) == 0
    capsys.readouterr()
    assert do("--plan", plan) == 0
    assert capsys.readouterr().out.splitlines() == [
        "5 of 10 images (50%)",
        "",
        "shard  done  of  job  state",
        "    1     5   5       done",
        "    2     0   5",
    ]
    assert do("--plan", plan, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["count"], said["done"], said["set_aside"]) == ("open", 10, 5, [])
    work(launched)
    capsys.readouterr()
    assert do("--plan", plan, "--json") == 1  # for there is a bad image
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["images"], len(said["skipped"])) == ("gathered", 9, 1)


def test_jobs_that_failed_say_why_in_a_line(runs, photographs, launched, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    queue = Queue(tmp_path / "home")
    predict(runs["mask_rcnn_nano"], photographs, "--shards", 2, out=tmp_path / "out")
    jobs, needs = launched[-1]
    after = [tuple(place + 1 for place in need) for need in needs]
    numbers = [queue.submit(replace(job, after=one)) for job, one in zip(jobs, after, strict=True)]
    assert numbers == [1, 2, 3]
    for number, said in ((1, ""), (2, "workbench: there: cannot be written: the disk is full\n")):
        entry = queue.start(queue.find(number), ())
        queue.folder(number).path.mkdir(parents=True)
        queue.folder(number).log.write_text(said)
        if said:
            queue.end(entry, FAILED, code=74, reason="exit code 74")
    capsys.readouterr()
    assert do("--plan", tmp_path / "out" / ".shards") == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        " shard  done  of  job  state",
        "     1     0   5    1  running",
        "     2     0   5    2  failed",
        "gather              3  skipped",
        "",
        "job 2: exit code 74: there: cannot be written: the disk is full",
        "job 3: job 2, which it needs, failed",
    ]
    before = len(launched)
    predict(runs["mask_rcnn_nano"], photographs, "--shards", 2, out=tmp_path / "out")
    assert len(launched) == before and "already under way, as job 1" in capsys.readouterr().err
    queue.end(queue.find(1), FAILED, code=74)
    assert do("--plan", tmp_path / "out" / ".shards", "--resume") == 0
    assert [job.name for job in launched[-1][0]] == [job.name for job in jobs]


def test_the_same_command_again_goes_on_with_what_is_left(runs, photographs, launched, tmp_path):
    words = (runs["mask_rcnn_nano"], photographs, "--shards")
    predict(*words, 3, out=tmp_path / "out")
    assert main(list(launched[-1][0][1].command[3:])) == 0
    predict(*words, 3, out=tmp_path / "out")
    assert [job.name for job in launched[-1][0]] == [
        "predict out 1/3",
        "predict out 3/3",
        "predict out gather",
    ]
    predict(*words, 2, out=tmp_path / "out")
    work(launched)
    predict(*words[:2], out=tmp_path / "one")
    assert read_all(tmp_path / "out") == read_all(tmp_path / "one")
    before = launched[:]
    predict(*words, 2, out=tmp_path / "out")  # over: anew
    assert launched != before and read_plan(tmp_path / "out" / ".shards").count == 10


def test_a_name_that_is_no_utf8_is_told_of_by_shards_too(runs, launched, tmp_path, capsys):
    odd = os.fsencode(draw(tmp_path / "in" / "a.png").with_name("z")) + b"\xff.png"
    shutil.copy(tmp_path / "in" / "a.png", odd)
    words = (runs["mask_rcnn_nano"], tmp_path / "in" / "*.png")
    predict(*words, "--shards", 1, out=tmp_path / "out")
    work(launched)
    capsys.readouterr()
    assert do("--plan", tmp_path / "out" / ".shards", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert [one["path"][-11:] for one in said["skipped"]] == ["z\\udcff.png"]
    assert predict(*words, out=tmp_path / "one") == 1
    assert read_all(tmp_path / "out") == read_all(tmp_path / "one")


def test_other_words_are_not_mixed_with_what_was_begun(runs, photographs, launched, tmp_path, capsys):
    predict(runs["mask_rcnn_nano"], photographs, "--shards", 3, out=tmp_path / "out")
    words = ("--shards", 3, "--format", "coco")
    assert predict(runs["mask_rcnn_nano"], photographs, *words, out=tmp_path / "out") == 75
    assert 'formats was ["coco", "labelme", "overlay"], and now is ["coco"]' in capsys.readouterr().err
    weights = runs["mask_rcnn_nano"].final
    content = weights.read_bytes()
    try:
        weights.write_bytes(content + b"more")
        assert main(list(launched[0][0][0].command[3:])) != 0
        assert "it was trained on since" in capsys.readouterr().err
    finally:
        weights.write_bytes(content)


def test_what_somebody_works_on_meanwhile_is_not_written_over(runs, photographs, launched, tmp_path, capsys):
    predict(runs["mask_rcnn_nano"], photographs, "--shards", 1, out=tmp_path / "out")
    mine = tmp_path / "out" / "labelme" / "b.json"
    mine.parent.mkdir()
    mine.write_text('{"shapes": [], "imagePath": "b.png", "imageData": null}')
    assert main(list(launched[-1][0][0].command[3:])) == 73
    assert "somebody has worked on it; move it away, and go on" in capsys.readouterr().err
    mine.rename(tmp_path / "mine.json")
    work(launched)


def test_images_that_end_the_process_are_set_aside(runs, tmp_path, launched, capsys, monkeypatch):
    folder = tmp_path / "in"
    for number in range(12):
        draw(folder / f"{number:02d}.png", number)
    deeds = {  # what hangs is tried with quicker works, in tests/sharding
        "02.png": lambda: 1 / 0,
        "03.png": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        "08.png": lambda: eat(),
    }
    make_record = images.make_record

    def misbehave(path, number):
        deeds.get(path.name, lambda: None)()
        return make_record(path, number)

    monkeypatch.setattr(images, "make_record", misbehave)  # a forked worker has it, too
    words = ("--shards", 2, "--item-memory", "1.5")
    assert predict(runs["mask_rcnn_nano"], folder, *words, out=tmp_path / "out") == 0
    work(launched)
    assert "3 ended the process and were set aside" in capsys.readouterr().out
    assert do("--plan", tmp_path / "out" / ".shards", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert [(one["path"][-6:], one["reason"]) for one in said["set_aside"]] == [
        ("02.png", "2 times: ZeroDivisionError: division by zero"),
        ("03.png", "2 times: the process crashed (SIGSEGV)"),
        ("08.png", "2 times: it took more than 1.5 GB of memory"),
    ]
    for name in ("02", "03", "08"):
        (folder / f"{name}.png").unlink()
    monkeypatch.undo()
    predict(runs["mask_rcnn_nano"], folder, out=tmp_path / "one")
    ours, theirs = (
        [image["file_name"] for image in json.loads((tmp_path / out / "coco.json").read_bytes())["images"]]
        for out in ("out", "one")
    )
    assert ours == theirs and len(ours) == 9
    for kind in ("labelme", "overlay"):
        assert read_all(tmp_path / "out" / kind) == read_all(tmp_path / "one" / kind)


def eat():
    eaten = []
    while True:
        eaten.append(b"x" * 50_000_000)


@pytest.mark.parametrize(
    "words",
    [
        ["--shard", "1"],
        ["--gather"],
        ["--resume"],
        ["--on", "local", "run", "in"],
        ["run"],
        ["--shards", "-1"],
    ],
)
def test_words_that_need_others_are_refused(words, capsys):
    assert do(*words) == 2
    assert "must" in capsys.readouterr().err


def test_a_plan_of_another_verb_is_refused(tmp_path, capsys):
    from workbench.sharding.plan import make_plan

    make_plan(tmp_path / "p", ["a"], shards=1, asked={"verb": "convert"})
    assert do("--plan", tmp_path / "p") == 65
    assert "must be a plan of predictions" in capsys.readouterr().err

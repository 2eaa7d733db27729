"""Kills, full disks, races and files that change under the hand: a whole result or none, and never a changed source."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conversion.folders import put, put_project
from tests.drawing import square
from workbench.cli import main
from workbench.errors import BAD_DATA, CANNOT_CREATE, IO_FAILED, NO_PERMISSION, OK
from workbench.files import claim, digest_file, sweep, temporary_name

HOME = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "workbench")
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk or become somebody else")


def start(*words: object, **more) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(HOME)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
    return subprocess.Popen([*COMMAND, *map(str, words)], env=environment, **pipes)


def run(*words: object, **more) -> tuple[int, str]:
    """Return the exit code and what was said on stderr."""
    process = start(*words, **more)
    _, told = process.communicate(timeout=120)
    return process.returncode, told


def hashes(folder: Path) -> dict[str, str]:
    """Return the digest of every file below a folder, hidden ones too."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest_file(path) for path in paths}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A project and a folder of 90 annotations: enough for workers to be started."""
    home = tmp_path_factory.mktemp("drawn")
    put_project(home, ["cat", "dog"], task="panoptic", stuff=["sky"])
    for number in range(90):
        shapes = (square("cat", number % 60, 10, 20), square("sky", 0, 40, 30))
        put(home / "annotations" / "p", f"{number:03}", *shapes)
    return home


@pytest.fixture
def home(drawn, tmp_path) -> Path:
    shutil.copytree(drawn, tmp_path / "home")
    return tmp_path / "home"


def words_for(kind: str, home: Path) -> list[object]:
    if kind == "project":
        return ["convert", home / "projects" / "p"]
    out = home / "out" / ("all.json" if kind == "coco" else "all")
    return ["convert", home / "annotations" / "p", "--to", kind, "--out", out]


def outputs(kind: str, home: Path) -> dict[str, str]:
    found = (
        hashes(home / ("projects" if kind == "project" else "out"))
        if (home / "out").exists() or kind == "project"
        else {}
    )
    return {name: value for name, value in found.items() if name != "p/project.toml"}


@pytest.mark.parametrize(("kind", "kills"), [("project", 4), ("coco", 5), ("yolo", 4)])
def test_d09_a_kill_at_any_moment_leaves_nothing_half_written(kind, kills, home):
    before, words = hashes(home / "annotations"), words_for(kind, home)
    began = time.monotonic()
    assert run(*words)[0] == OK
    took, whole = time.monotonic() - began, outputs(kind, home)
    chance = random.Random(kind)
    kills *= int(os.environ.get("WORKBENCH_KILLS", "1"))
    for number in range(kills):
        for folder in ("out", "projects/p/datasets", "projects/p/split.json"):
            path = home / folder
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        process = start(*words)
        time.sleep(took * (0.3 + 0.7 * (number + chance.random()) / kills))
        process.kill()
        process.communicate()
        left = {name: value for name, value in outputs(kind, home).items() if ".workbench.tmp" not in name}
        assert left.items() <= whole.items()
        if kind == "yolo":
            assert left in ({}, whole)  # and is never written into again
            shutil.rmtree(home / "out" / "all", ignore_errors=True)
        assert run(*words)[0] == OK
        assert outputs(kind, home) == whole
    assert hashes(home / "annotations") == before


def test_a_killed_program_leaves_no_workers_behind(home):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # a pipe would be waited for
    process = start(*words_for("project", home), **quiet)
    children: list[str] = []
    while process.poll() is None and not children:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.wait()
    assert children
    deadline = time.monotonic() + 5
    while any(map(_is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.01)
    left = [child for child in children if _is_running(child)]
    for child in left:
        os.kill(int(child), signal.SIGKILL)
    assert not left


def _is_running(child: str) -> bool:
    """A zombie is not: it waits for whoever is process 1 here to fetch its exit code."""
    try:
        return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_only_what_dead_runs_left_is_swept(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    mine = temporary_name(tmp_path / "a.json")
    names = (mine.name, f".b.{dead.pid}.workbench.tmp", f".c.{dead.pid}.tmp", "d.tmp", ".e.x.workbench.tmp")
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / f".folder.{dead.pid}.workbench.tmp" / "below").mkdir(parents=True)
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(names) - {names[1]}


def test_what_another_run_holds_is_not_swept_even_if_its_process_cannot_be_seen(tmp_path):
    """Two containers may share a folder, and see nothing of each other's processes."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    held = tmp_path / f".a.{dead.pid}.workbench.tmp"
    with held.open("wb") as stream:
        assert claim(stream.fileno())
        sweep(tmp_path)
        assert held.exists()
    sweep(tmp_path)
    assert not held.exists()


def test_a_dataset_and_its_ledger_take_their_names_under_one_lock(tmp_path, monkeypatch, capsys):
    put(tmp_path / "labels", "a", square("cat", 10, 10, 20))
    locked, replace = {}, Path.replace

    def spy(self: Path, target: Path) -> Path:
        descriptor = os.open(target.parent, os.O_RDONLY)
        locked[target.name] = not claim(descriptor)
        os.close(descriptor)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", spy)
    assert main(["convert", str(tmp_path / "labels"), "--out", str(tmp_path / "out" / "a.json")]) == OK
    assert locked == {"a.json": True, "a.ledger.jsonl": True}


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A disk of 2 MB that can be filled."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(place)], check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@ROOT
@pytest.mark.parametrize("kind", ["project", "coco", "yolo"])
@pytest.mark.parametrize("free", [0, 4, 12, 40])
def test_d09_a_disk_that_fills_up_is_told_in_one_line_and_keeps_what_was_there(kind, free, home, disk):
    """0 KB free: full from the start; 4, 12 and 40: it fills while the dataset is written."""
    before = hashes(home / "annotations")
    out = disk / ("all.json" if kind == "coco" else "all")
    if kind == "coco":
        out.write_text("old")
    size = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(bytes(size - free * 1024))
    words = [*words_for(kind, home)[:2], "--out", out, *(("--to", kind) if kind != "project" else ())]
    code, told = run(*words)
    assert code == IO_FAILED, told
    assert len(told.splitlines()) == 1
    assert "disk is full" in told
    assert {path.name for path in disk.iterdir()} == {"filler", *(["all.json"] if kind == "coco" else [])}
    assert kind != "coco" or out.read_text() == "old"
    assert hashes(home / "annotations") == before


@ROOT
@pytest.mark.parametrize("kind", ["project", "coco", "yolo"])
def test_d10_a_folder_that_may_not_be_written_is_told_before_any_work(kind, home, disk):
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    (home / "annotations" / "p" / "000.json").write_text("{")  # any work would stumble over it
    words = [
        *words_for(kind, home)[:2],
        "--out",
        disk / "all",
        *(("--to", kind) if kind != "project" else ()),
    ]
    began = time.monotonic()
    code, told = run(*words)
    assert (code, len(told.splitlines())) == (NO_PERMISSION, 1), told
    assert time.monotonic() - began < 2
    assert "read-only" in told


@ROOT
def test_d10_a_folder_of_somebody_else_is_told_before_any_work(home):
    """Root may write everywhere, so the child becomes nobody, once it has imported what it needs."""
    with tempfile.TemporaryDirectory(dir="/tmp") as open_to_all:
        folder = Path(open_to_all)
        folder.chmod(0o755)
        shutil.copytree(home / "annotations" / "p", folder / "labels")
        (folder / "theirs").mkdir(mode=0o755)
        code = (
            "import os, sys; from workbench.cli import main; labels, first, out = sys.argv[1:]\n"
            "main(['convert', labels, '--out', first]); os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "sys.exit(main(['convert', labels, '--out', out]))"
        )
        words = [
            sys.executable,
            "-c",
            code,
            folder / "labels",
            folder / "first" / "a.json",
            folder / "theirs" / "a.json",
        ]
        done = subprocess.run(words, cwd=HOME, capture_output=True, text=True, check=False)
        assert (done.returncode, len(done.stderr.splitlines())) == (NO_PERMISSION, 1), done.stderr
        assert list((folder / "theirs").iterdir()) == []


@pytest.mark.parametrize("kind", ["project", "coco", "yolo", "voc"])
@pytest.mark.parametrize("case", ["file in the way", "file above", "long name", "long name of other letters"])
def test_d10_a_place_that_cannot_be_is_told_before_any_work(kind, case, home, tmp_path):
    (tmp_path / "file").write_text("mine")
    out = {
        "file in the way": tmp_path / "file",
        "file above": tmp_path / "file" / "below",
        "long name": tmp_path / ("x" * 300),
        "long name of other letters": tmp_path / ("猫" * 90),
    }[case]
    if kind == "coco" and case == "file in the way":
        out = tmp_path / "folder" / "a.json"
        (out.with_suffix(".ledger.jsonl")).mkdir(parents=True)
    words = [*words_for(kind, home)[:2], "--out", out, *(("--to", kind) if kind != "project" else ())]
    began = time.monotonic()
    code, told = run(*words)
    assert (code, len(told.splitlines())) == (CANNOT_CREATE, 1), told
    assert time.monotonic() - began < 2
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["x" * 240, "猫" * 80])
def test_d10_a_name_that_is_just_short_enough_is_written(name, home, tmp_path):
    code, told = run("convert", home / "annotations" / "p", "--to", "yolo", "--out", tmp_path / name)
    assert code == OK, told


def test_d10_a_folder_deleted_meanwhile_is_told_in_one_line(home):
    (home / "out").mkdir()
    process = start(*words_for("yolo", home))
    while process.poll() is None and not list((home / "out").glob(".*.workbench.tmp/ledger.jsonl")):
        time.sleep(0.001)
    shutil.rmtree(home / "out", ignore_errors=True)
    _, told = process.communicate()
    assert process.returncode in (CANNOT_CREATE, IO_FAILED, OK), told
    assert process.returncode == OK or len(told.splitlines()) == 1


@pytest.mark.parametrize("kind", ["project", "coco", "yolo"])
def test_c2_eight_converters_to_one_place_make_one_result(kind, home):
    processes = [start(*words_for(kind, home)) for _ in range(8)]
    ends = [(process.communicate()[1], process.returncode) for process in processes]
    allowed = {OK} if kind != "yolo" else {OK, BAD_DATA}  # a YOLO folder has no manifest to be compared by
    assert {code for _, code in ends} <= allowed, ends
    assert OK in {code for _, code in ends}
    assert all(len(told.splitlines()) == (0 if code == OK else 1) for told, code in ends)
    raced = outputs(kind, home)
    assert not [name for name in raced if ".tmp" in name]
    shutil.rmtree(home / ("projects/p/datasets" if kind == "project" else "out"))
    assert run(*words_for(kind, home))[0] == OK
    assert outputs(kind, home) == raced


def test_c2_a_dataset_and_its_ledger_are_of_one_run(home):
    """Two runs that differ (--rle) at once: whatever file is last, its ledger must say the same."""
    words = words_for("coco", home)
    for _ in range(3):
        processes = [start(*words, *more) for more in ((), ("--rle",), (), ("--rle",))]
        assert [process.communicate() and process.returncode for process in processes] == [OK] * 4
        coco = json.loads((home / "out" / "all.json").read_bytes())
        rows = [json.loads(line) for line in (home / "out" / "all.ledger.jsonl").read_text().splitlines()]
        forms = {"polygon" if isinstance(one["segmentation"], list) else "rle" for one in coco["annotations"]}
        assert {row["form"] for row in rows} == forms


def test_i12_a_file_saved_while_its_project_is_converted_stops_it_in_words(home):
    """Saved between the first look, which names the dataset, and the second, which writes it."""
    path = home / "annotations" / "p" / "089.json"
    code = (
        "import sys; from pathlib import Path\n"
        "from workbench.cli import main; from workbench.conversion import dataset\n"
        "path, write = Path(sys.argv.pop()), dataset._write\n"
        "def save_first(*arguments):\n"
        "    path.write_bytes(path.read_bytes().replace(b'\"cat\"', b'\"dog\"'))\n"
        "    return write(*arguments)\n"
        "dataset._write = save_first; sys.exit(main())"
    )
    words = [sys.executable, "-c", code, *map(str, words_for("project", home)), str(path)]
    environment = os.environ | {"PYTHONPATH": str(HOME)}
    run = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == BAD_DATA and "was saved just now" in run.stderr, run.stderr
    assert (len(run.stderr.splitlines()), b'"dog"' in path.read_bytes()) == (1, True)
    assert list((home / "projects/p/datasets").iterdir()) == []


def test_i12_a_labelme_that_saves_over_and_over_is_never_called_torn(home):
    """Labelme 6 truncates the file and writes it anew: readers meet it empty and half there."""
    folder, stop = home / "annotations" / "p", threading.Event()
    contents = {path: path.read_bytes() for path in sorted(folder.glob("*.json"))[:3]}
    met = [0]

    def save() -> None:
        while not stop.is_set():
            for path, content in contents.items():
                with path.open("wb") as stream:
                    stream.write(content[: len(content) // 2])
                    stream.flush()
                    time.sleep(0.01)
                    stream.write(content[len(content) // 2 :])
                met[0] += 1
            time.sleep(0.02)

    thread = threading.Thread(target=save)
    thread.start()
    try:
        for words in (["check", folder, "--json"], [*words_for("coco", home), "--json"]):
            for _ in range(3):
                process = start(*words)
                said, told = process.communicate()
                document = json.loads(said)
                assert process.returncode in (0, 1), told
                rules = (
                    document["findings"]
                    if words[0] == "convert"
                    else [one["rule"] for one in document["findings"]]
                )
                assert "torn-file" not in rules
                assert words[0] == "check" or (document["images"], document["annotations"]) == (90, 180)
    finally:
        stop.set()
        thread.join()
    assert met[0] > 10
    assert {path: path.read_bytes() for path in contents} == contents


def test_ctrl_c_leaves_no_half_written_files(home):
    code = OK
    for _ in range(30):  # the program may be done before the signal comes
        shutil.rmtree(home / "out", ignore_errors=True)
        process = start(*words_for("yolo", home))
        while process.poll() is None and not list((home / "out").glob(".*.workbench.tmp")):
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
        code = process.returncode
        if code != OK:
            break
    assert code == 130, told
    assert list((home / "out").iterdir()) == []

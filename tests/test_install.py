"""The installer: its steps, its stamps, its words when something fails, and the wheels that it relabels."""

import ast
import base64
import csv
import hashlib
import io
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tools import pin
from tools.install import advice, environment, repack, run, stamps, steps, venv
from tools.install.pip import CONSTRAINTS, ROOT, StepFailed

RECIPE = repack.Recipe(
    source="odd-thing==1.0",
    sha256="",
    name="thing",
    version="1.0+repack",
    summary="A thing",
    keeps=("thing/",),
    drops=(".so",),
    requires=("numpy",),
)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with a stale compiled file and a folder that is nobody's."""
    path = tmp_path / "odd_thing-1.0-cp310-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thing/__init__.py", "answer = 42\n")
        archive.writestr("thing/_C.cpython-310-x86_64-linux-gnu.so", b"\x7fELF")
        archive.writestr("tools/__init__.py", "")
        archive.writestr("odd_thing-1.0.dist-info/METADATA", "Name: odd-thing\nRequires-Dist: numpy<2\n")
        archive.writestr("odd_thing-1.0.dist-info/LICENSE", "free")
    return path


def recipe_for(wheel: Path) -> repack.Recipe:
    return replace(RECIPE, sha256=hashlib.sha256(wheel.read_bytes()).hexdigest())


def test_a_relabelled_wheel_keeps_the_code_and_says_what_it_needs(wheel: Path, tmp_path: Path):
    made = repack.repack(wheel, recipe_for(wheel), tmp_path)
    assert made.name == "thing-1.0+repack-py3-none-any.whl"
    with zipfile.ZipFile(made) as archive:
        label = "thing-1.0+repack.dist-info"
        names = {"thing/__init__.py", *(f"{label}/{n}" for n in ("LICENSE", "METADATA", "WHEEL", "RECORD"))}
        assert set(archive.namelist()) == names
        assert archive.read("thing/__init__.py") == b"answer = 42\n"
        metadata = archive.read(f"{label}/METADATA").decode().splitlines()
    assert "Name: thing" in metadata
    assert [line for line in metadata if line.startswith("Requires-Dist")] == ["Requires-Dist: numpy"]


def test_the_record_of_a_relabelled_wheel_is_true(wheel: Path, tmp_path: Path):
    with zipfile.ZipFile(repack.repack(wheel, recipe_for(wheel), tmp_path)) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("thing-1.0+repack.dist-info/RECORD").decode())))
        assert sorted(row[0] for row in rows) == sorted(archive.namelist())
        for name, digest, size in rows[:-1]:
            content = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={expected}", str(len(content)))
    assert rows[-1] == ["thing-1.0+repack.dist-info/RECORD", "", ""]


def test_equal_wheels_are_relabelled_to_equal_bytes(wheel: Path, tmp_path: Path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, second = (repack.repack(wheel, recipe_for(wheel), folder).read_bytes() for folder in folders)
    assert first == second


def test_a_download_that_is_not_the_tried_one_is_refused(wheel: Path, tmp_path: Path):
    with pytest.raises(repack.WrongWheel, match="sha256 must be abc, but got"):
        repack.repack(wheel, replace(RECIPE, sha256="abc"), tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> environment.Environment:
    """An environment with one package in it, made of files alone."""
    packages = tmp_path / "lib" / "site-packages"
    label = packages / "Ruamel_thing-1.0.dist-info"
    (packages / "thing").mkdir(parents=True)
    (packages / "thing" / "__init__.py").write_text("")
    label.mkdir()
    (label / "METADATA").write_text("Name: ruamel.thing\n")
    (label / "RECORD").write_text(
        "thing/__init__.py,,\nthing/__pycache__/x.pyc,,\nRuamel_thing-1.0.dist-info/METADATA,,\n"
    )
    return environment.Environment(
        python=Path(sys.executable),
        packages=packages,
        scripts=tmp_path / "bin",
        version="3.11.7",
        prefix=tmp_path,
        own=True,
    )


def test_a_stamp_is_believed_while_its_packages_are_there(place: environment.Environment):
    stamps.write_stamp(place, "core", "key", ["ruamel-thing", "not-there"])
    assert stamps.is_fresh(place, "core", "key")
    assert not stamps.is_fresh(place, "core", "another key")
    assert not stamps.is_fresh(place, "train", "key")


def test_a_stamp_is_not_believed_when_a_package_was_removed(place: environment.Environment):
    stamps.write_stamp(place, "core", "key", ["ruamel-thing"])
    shutil.rmtree(place.packages / "Ruamel_thing-1.0.dist-info")
    assert not stamps.is_fresh(place, "core", "key")


def test_a_stamp_is_not_believed_when_a_package_was_replaced(place: environment.Environment):
    stamps.write_stamp(place, "core", "key", ["ruamel-thing"])
    label = place.packages / "Ruamel_thing-1.0.dist-info"
    label.rename(place.packages / "Ruamel_thing-2.0.dist-info")
    assert not stamps.is_fresh(place, "core", "key")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"key": "key"}', '{"key": "key", "projects": 3}'])
def test_a_torn_stamp_is_no_stamp(place: environment.Environment, text: str):
    place.records.mkdir()
    (place.records / "core.json").write_text(text)
    assert not stamps.is_fresh(place, "core", "key")


def test_a_whole_package_is_left_alone(place: environment.Environment):
    assert stamps.clear_broken(place, ["ruamel-thing"]) == []
    assert environment.find_installed(place.packages) == {"ruamel-thing": "1.0"}


@pytest.mark.parametrize("lost", ["thing/__init__.py", "Ruamel_thing-1.0.dist-info/RECORD"])
def test_a_package_that_is_half_there_counts_as_not_installed(place: environment.Environment, lost: str):
    (place.packages / lost).unlink()
    assert stamps.clear_broken(place, ["another"]) == [], "what is not ours is not touched"
    assert stamps.clear_broken(place, ["ruamel-thing"]) == ["ruamel-thing"]
    assert environment.find_installed(place.packages) == {}


def test_what_pip_moved_aside_when_it_was_killed_is_swept_from_our_own_environment(
    place: environment.Environment,
):
    (place.packages / "~orch").mkdir()
    (place.packages / "~orch-2.0.dist-info").mkdir()
    stamps.clear_broken(place, [])
    assert not list(place.packages.glob("~*"))
    (place.packages / "~orch").mkdir()
    stamps.clear_broken(replace(place, own=False), [])
    assert list(place.packages.glob("~*"))


def test_a_step_brings_what_it_cannot_do_without_in_the_right_order():
    assert [step.name for step in run.find_steps(["mongod"])] == ["core", "review", "mongod"]
    assert [step.name for step in run.find_steps(["demo"])] == ["core", "train", "detectron2", "panoptic"]
    assert [step.name for step in run.find_steps(["dev", "demo"])][-1] == "dev"


def test_a_changed_requirement_or_another_python_makes_a_step_stale(place: environment.Environment):
    step = steps.packages("train", "torch", 1)
    key = run.key_of(step, place)
    assert key == run.key_of(step, place)
    assert key != run.key_of(step, replace(place, version="3.12.1"))
    assert key != run.key_of(replace(step, inputs=lambda: ("torch>=3",)), place)


def test_a_detectron2_of_ones_own_is_used_as_found(
    place: environment.Environment, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DETECTRON2", raising=False)
    assert not steps.detectron2_is_theirs(place)
    label = place.packages / "detectron2-0.6.dist-info"
    label.mkdir()
    assert steps.detectron2_is_theirs(place)
    monkeypatch.setenv("DETECTRON2", "git+https://example.org/detectron2.git")
    assert not steps.detectron2_is_theirs(place)
    monkeypatch.delenv("DETECTRON2")
    label.rename(place.packages / f"detectron2-{repack.DETECTRON2.version}.dist-info")
    assert not steps.detectron2_is_theirs(place)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "free some disk space"),
        (
            "WARNING: Retrying … NewConnectionError … Connection refused\nERROR: No matching distribution found",
            "network",
        ),
        ("SSLError(SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED)", "PIP_CERT"),
        ("ERROR: No matching distribution found for torch>=2.10", "Python 3.11, 3.12 and 3.13"),
        ("error: externally-managed-environment", "leave VENV=active away"),
        ("ensurepip is not available", "apt install python3.12-venv"),
        ("error: command '/usr/bin/x86_64-linux-gnu-g++' failed", "build-essential"),
        ("ERROR: Cannot find command 'git' - do you have 'git' installed", "apt install git"),
        ("ERROR: ResolutionImpossible: for help visit", "use a new one"),
        ("PermissionError: [Errno 13] Permission denied: '/opt/x'", "/opt/x cannot be written"),
        ("something nobody has seen", "the log says more"),
    ],
)
def test_each_known_failure_says_what_to_do(log: str, words: str):
    assert words in advice.advise(log, minor="3.12", prefix="/opt/x", megabytes=10)


def test_the_reason_is_the_line_with_the_sign_and_pips_last_errors():
    log = "Collecting a\nWARNING: Connection refused by x\nERROR: none for a\nother\n"
    assert advice.find_reason(log) == ["WARNING: Connection refused by x", "ERROR: none for a"]
    assert advice.find_reason("one\ntwo\n") == ["one", "two"]


def test_too_little_room_is_said_before_a_step_starts(tmp_path: Path):
    assert advice.find_lack_of_space(tmp_path, tmp_path, 1) == ""
    assert "must be free, but only" in advice.find_lack_of_space(tmp_path, tmp_path, 10**9)


def test_the_door_can_be_read_by_an_old_python():
    for name in ("tools/__init__.py", "tools/install/__init__.py", "tools/install/__main__.py"):
        ast.parse((ROOT / name).read_text(), feature_version=(3, 6))


def test_a_folder_whose_python_is_gone_says_to_remove_it(tmp_path: Path):
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").symlink_to("/nowhere/python")
    with pytest.raises(StepFailed) as failure:
        venv.open_environment(str(tmp_path / "env"))
    assert "rm -rf" in failure.value.advice


def test_every_requirement_has_a_pin():
    pins = steps.pinned_names()
    extras = ("core", "train", "review", "label", "serve", "scale", "dev")
    names = {
        environment.normal(pin.read_name(line)) for extra in extras for line in steps.read_requirements(extra)
    }
    assert names <= pins
    assert all("==" in line for line in CONSTRAINTS.read_text().splitlines() if line and line[0] != "#")


def test_pins_that_differ_by_python_carry_a_marker():
    pins = {
        "3.11": {"a": "1", "b": "1"},
        "3.12": {"a": "1", "b": "2"},
        "3.13": {"a": "1", "b": "2", "c": "3"},
    }
    assert pin.merge(pins) == [
        "a==1",
        'b==1; python_version <= "3.11"',
        'b==2; python_version >= "3.12"',
        'c==3; python_version >= "3.13"',
    ]

"""The doctor: a fact a line, the command that mends it, and exit 1 only for what is broken."""

import json
import re
import sys

import pytest

from tools.install.pip import CONSTRAINTS
from workbench.cli import main
from workbench.commands import doctor
from workbench.doctor import machine, parts, programs, training
from workbench.doctor.fact import Fact
from workbench.doctor.probes import IMPORTS, probe

FINE = Fact(group="core", name="numpy", state="fine", value="2.4.6")
ABSENT = Fact(group="scale", name="ray", state="absent", value="not installed", mend="make install-scale")
ABSENT_TOO = Fact(
    group="scale", name="optuna", state="absent", value="not installed", mend="make install-scale"
)
WRONG = Fact(group="review", name="mongod", state="wrong", value="does not start", mend="make install-mongod")
TORCH = next(part for part in parts.PARTS if part.project == "torch")


def report(facts: list[Fact], monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(doctor, "examine", lambda: facts)
    return main(["doctor", *words])


@pytest.mark.parametrize(("facts", "code"), [([FINE], 0), ([FINE, ABSENT], 0), ([FINE, WRONG], 1)])
def test_only_what_is_installed_and_broken_fails(facts, code, monkeypatch, capsys):
    assert report(facts, monkeypatch) == code
    document_code = report(facts, monkeypatch, "--json")
    assert document_code == code


def test_a_wrong_fact_is_followed_by_the_command_that_mends_it(monkeypatch, capsys):
    report([WRONG], monkeypatch)
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"  WRONG +mongod +does not start", lines[1])
    assert lines[2].strip() == "→ make install-mongod"
    assert lines[-1] == "Wrong: mongod."


def test_what_one_command_brings_is_one_line(monkeypatch, capsys):
    report([ABSENT, ABSENT_TOO], monkeypatch)
    text = capsys.readouterr().out
    assert "not installed: ray, optuna" in text
    assert text.count("make install-scale") == 1


def test_json_has_every_fact_and_nothing_else(monkeypatch, capsys):
    report([FINE, WRONG], monkeypatch, "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert [fact["name"] for fact in document["facts"]] == ["numpy", "mongod"]
    assert set(document["facts"][0]) == {"group", "name", "state", "value", "mend"}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_keep_to_the_width_but_commands_are_never_broken(width):
    long = Fact(
        group="core", name="x", state="wrong", value="word " * 60, mend="sudo apt install " + "lib " * 40
    )
    lines = doctor.format_fact(long, width)
    assert all(len(line) <= width for line in lines[:-1])
    assert lines[-1].endswith(long.mend)


@pytest.mark.parametrize(
    ("version", "tried"),
    [
        ("2.14.1", True),
        ("2.11.0+cu130", True),
        ("2.14.9", True),
        ("2.9.1", False),
        ("2.15.0", False),
        ("3.0", False),
    ],
)
def test_a_version_outside_of_what_was_tried_is_a_note(version, tried, monkeypatch):
    monkeypatch.setattr(parts, "find_version", lambda project: version)
    assert parts.judge(TORCH).state == ("fine" if tried else "untried")


def test_the_newest_that_counts_as_tried_is_what_the_constraints_pin():
    pins = dict(re.findall(r"^([\w.-]+)==([\w.+]+)", CONSTRAINTS.read_text(), re.M))
    pins |= {"detectron2": "0.7.2", "panopticapi-lite": "0.2.0"}
    pins["labelme"] = max(
        re.findall(r"^labelme==([\w.]+)", CONSTRAINTS.read_text(), re.M), key=parts.parse_release
    )
    assert {part.project: part.newest for part in parts.PARTS} == {
        p.project: pins[p.project] for p in parts.PARTS
    }


def test_a_crash_of_the_probe_is_a_fact_too():
    assert probe("import os; os.abort()") == "it ended with signal 6"
    assert probe("raise SystemExit('no words')") == "no words"
    assert probe(IMPORTS, ("json", "not_there_at_all")) == {
        "not_there_at_all": "No module named 'not_there_at_all'"
    }


def test_torchvision_of_another_torch_is_told_apart(monkeypatch):
    monkeypatch.setattr(parts, "find_version", lambda project: "2.14.1" if project == "torch" else "0.29.1")
    monkeypatch.setattr(training, "find_version", parts.find_version)
    monkeypatch.setattr(training, "find_origin", lambda: "from a wheel")
    seen = {"torch": {}, "torchvision_trouble": "RuntimeError: operator torchvision::nms does not exist"}
    _, torchvision, _ = training.judge_training(seen | {"detectron2": {}})
    assert torchvision.state == "wrong"
    assert "it must be the one made for torch 2.14.1" in torchvision.value


@pytest.mark.parametrize(
    ("driver", "torch", "state", "words"),
    [
        (("", []), {"cuda": "13.0", "usable": False}, "fine", "none"),
        (("580.1", ["H100 (81559 MiB)"]), {"cuda": "13.0", "usable": True}, "fine", "CUDA 13.0"),
        (("470.1", ["H100 (81559 MiB)"]), {"cuda": "13.0", "usable": False}, "wrong", "cannot use it"),
        (("580.1", ["H100 (81559 MiB)"]), {"cuda": None, "usable": False}, "wrong", "without CUDA"),
        (("580.1", ["H100 (81559 MiB)"]), None, "fine", "driver 580.1"),
    ],
)
def test_the_driver_and_torch_must_agree_about_the_card(driver, torch, state, words):
    fact = machine.judge_gpu(driver, torch)
    assert fact.state == state
    assert words in fact.value


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libGL.so.1", "libgl1"),
        ("libxcb-icccm.so.4", "libxcb-icccm4"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
    ],
)
def test_a_missing_library_names_its_package(library, package):
    assert programs.find_package(library) == package


@pytest.mark.parametrize(("display", "state"), [(":0", "wrong"), (None, "untried")])
def test_a_window_that_cannot_open_is_wrong_only_where_there_is_a_display(display, state, monkeypatch):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setattr(programs, "find_missing_libraries", lambda: ["libxcb-icccm.so.4"])
    fact = programs._judge_window()
    assert (fact.state, fact.mend) == (state, "sudo apt install libxcb-icccm4")


def test_a_mongod_that_fiftyone_could_not_fetch_names_its_step(monkeypatch):
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)
    monkeypatch.setattr(programs, "find_mongod", lambda: None)
    fact = programs._judge_database()
    assert fact.state == "wrong"
    assert "install-mongod" in fact.mend


@pytest.mark.slow
def test_here_nothing_is_wrong(capsys):
    """The environment that runs the tests was made by the installer."""
    code = main(["doctor", "--json"])
    facts = {fact["name"]: fact for fact in json.loads(capsys.readouterr().out)["facts"]}
    assert [fact for fact in facts.values() if fact["state"] == "wrong"] == []
    assert code == 0
    assert facts["python"]["value"].startswith(".".join(map(str, sys.version_info[:3])))
    assert {"torch", "detectron2", "fiftyone", "labelme", "gpu", "disk", "weights"} <= set(facts)

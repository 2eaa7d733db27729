"""The tour of the README, run as a person would run it, in a fresh copy."""

import os
import re
import subprocess
import sys

import pytest

from tests.tour import ROOT, blocks, copy_samples, mask, steps

README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_tour_runs_and_prints_what_it_says(tmp_path):
    pytest.importorskip("detectron2")
    pytest.importorskip("fiftyone")
    copy_samples(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "workbench").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m workbench "$@"\n')
    (programs / "workbench").chmod(0o755)
    home = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",
        "XDG_DATA_HOME": str(tmp_path / "share"),  # FiftyOne's database
        "XDG_STATE_HOME": str(tmp_path / "state"),  # the queue of jobs
        "WORKBENCH_HOME": "",
    }
    for step in steps(README):
        done = subprocess.run(
            step.command,
            shell=True,
            cwd=tmp_path,
            env=os.environ | home,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{step.command}\n{done.stdout}{done.stderr}"
        compare(step, done.stdout)


def compare(step, printed):
    """Every line in its place; only where the README has dots may there be more."""
    lines = [mask(line) for line in printed.splitlines() if line.strip()]
    skipping = False
    for shown in step.shown:
        if shown == "…":
            skipping = True
            continue
        while skipping and lines and lines[0] != mask(shown):
            lines.pop(0)
        assert lines[:1] == [mask(shown)], f"{step.command} does not print: {shown}\n{printed}"
        lines.pop(0)
        skipping = False
    assert skipping or not lines, f"{step.command} prints more than the README shows:\n{printed}"


def test_the_tour_has_every_verb_but_the_one_that_needs_a_network():
    from workbench.cli import COMMANDS

    toured = {step.command.split()[1] for step in steps(README) if step.command.startswith("workbench ")}
    assert toured == set(COMMANDS) - {"fetch"}


def test_its_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+)[%:]", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"^make ([a-z-]+)", "".join(blocks(README, "sh")), re.MULTILINE)
    assert named and set(named) <= targets


def test_it_shows_every_room():
    rooms = {path.name for path in (ROOT / "workbench").iterdir() if (path / "__init__.py").is_file()}
    shown = set(re.findall(r"^  ([a-z_]+)/ ", TEXT, re.MULTILINE))
    assert shown == rooms


@pytest.mark.parametrize(
    "verb", ["train", "evaluate", "predict", "review", "relabel", "launch", "export", "serve"]
)
def test_it_promises_no_verb_that_is_not_there(verb):
    from workbench.cli import COMMANDS

    assert verb in COMMANDS or f"workbench {verb}" not in TEXT

"""The one error boundary, and help that costs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli import COMMANDS, main
from workbench.errors import BUG, OK, USAGE


def test_help_lists_every_verb(capsys):
    assert main(["--help"]) == OK
    shown = capsys.readouterr().out
    assert all(verb in shown for verb in COMMANDS)


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_has_help_with_an_example(verb, capsys):
    assert main([verb, "--help"]) == OK
    assert f"example:\n  workbench {verb}" in capsys.readouterr().out


def test_a_mistyped_verb_is_answered_with_the_nearest(capsys):
    assert main(["chekc"]) == USAGE
    assert 'did you mean "check"?' in capsys.readouterr().err


@pytest.mark.parametrize("words", [["check"], ["check", "--nonsense"], ["new", "x", "--task", "box"], []])
def test_wrong_usage_exits_2_without_a_traceback(words, capsys):
    assert main(words) == USAGE
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_is_one_line_with_the_path_of_a_log(monkeypatch, capsys):
    from workbench.commands import new

    def explode(args):
        raise ZeroDivisionError("seven")

    monkeypatch.setattr(new, "run", explode)
    assert main(["new", "x"]) == BUG
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    log = lines[0].rsplit(" ", 1)[1]
    assert "ZeroDivisionError: seven" in Path(log).read_text()


def test_a_closed_pipe_is_no_error():
    run = subprocess.run(
        f"{sys.executable} -m workbench --help | head -1", shell=True, capture_output=True, text=True
    )
    assert run.stderr == ""


def test_help_loads_nothing_heavy():
    code = "import sys; from workbench.cli import main; main(['--help']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in (
        "numpy",
        "PIL",
        "orjson",
        "shapely",
        "torch",
        "pycocotools",
        "tqdm",
        "workbench.commands.check",
    ):
        assert heavy not in loaded.split()

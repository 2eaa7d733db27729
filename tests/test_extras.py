"""What is missing names the command that brings it; what is broken says why."""

import re
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from workbench import extras
from workbench.errors import MissingExtra


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the workbench whose .venv is the environment that runs."""
    (tmp_path / "tools" / "install").mkdir(parents=True)
    monkeypatch.setattr(extras, "find_source", lambda: str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_there_is_returned():
    assert extras.require("json.decoder", extra="review").__name__ == "json.decoder"


def test_what_is_missing_names_the_command(clone: Path):
    with pytest.raises(MissingExtra) as missing:
        extras.require("no_such_module.inside", extra="review")
    assert str(missing.value) == (
        "no_such_module must be installed for this, but is not; run: make install-review"
    )


@pytest.mark.parametrize("project", ["detectron2", "mongod"])
def test_what_pip_cannot_do_alone_names_its_own_step(clone: Path, project: str):
    assert extras.find_install_command("train", project) == f"make install-{project}"


def test_from_elsewhere_the_command_names_the_clone_and_the_environment(
    clone: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir("/")
    assert extras.find_install_command("label") == f"make -C {clone} install-label"
    monkeypatch.setattr(sys, "prefix", "/opt/env")
    assert extras.find_install_command("label") == f"make -C {clone} install-label VENV=/opt/env"
    monkeypatch.setattr(sys, "base_prefix", "/opt/env")
    assert "VENV=active" in extras.find_install_command("label")


@pytest.mark.parametrize(
    ("note", "source"),
    [
        ('{"url": "file:///nowhere/at/all", "dir_info": {}}', ""),
        ('{"url": "https://example.org/w.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
         "git+https://example.org/w.git@abc"),
    ],
)  # fmt: skip
def test_without_a_clone_pip_is_told_where_the_workbench_came_from(note: str, source: str, monkeypatch):
    assert extras._read_origin(note) == source
    monkeypatch.setattr(extras, "find_source", lambda: source)
    command = extras.find_install_command("review")
    wanted = f"detectron2-workbench[review]{f' @ {source}' if source else ''}"
    assert command.endswith(f"-m pip install '{wanted}'")
    assert "git+https://github.com/facebookresearch/detectron2.git" in extras.find_install_command(
        "train", "detectron2"
    )


def write_module(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "odd_module.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "odd_module", raising=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import not_there_at_all", "it needs not_there_at_all, which is not there"),
        ("raise ImportError('libGL.so.1: cannot open')", "libGL.so.1: cannot open"),
        (
            "raise RuntimeError('operator torchvision::nms does not exist\\nmore')",
            "torchvision::nms does not exist",
        ),
    ],
)
def test_what_is_there_but_broken_says_why(
    text: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_module(tmp_path, text, monkeypatch)
    with pytest.raises(MissingExtra) as broken:
        extras.require("odd_module", extra="train")
    assert reason in str(broken.value)
    assert "workbench doctor" in str(broken.value)
    assert "\n" not in str(broken.value)


def test_every_extra_has_a_command_that_brings_it():
    from configparser import ConfigParser

    from tools.install.steps import STEPS

    config = ConfigParser()
    config.read(Path(extras.__file__).parents[1] / "setup.cfg", encoding="utf-8")
    named = set(config["options.extras_require"]) - {"all"}
    assert named == set(extras.EXTRAS)
    assert named <= {step.name for step in STEPS}


@pytest.mark.parametrize(
    ("room", "extra"),
    [("watching", "mlflow"), ("watching", "wandb"), ("models", "timm"), ("models", "safetensors")],
)
def test_what_the_engine_asks_for_is_in_an_extra(room: str, extra: str):
    """Else the command in the message would bring something else."""
    sources = (Path(extras.__file__).parent / "engine" / room).glob("*.py")
    (named,) = {
        match[1]
        for path in sources
        for match in re.finditer(
            rf'require\("{extra}[.a-z]*", extra="(\w+)"\)', path.read_text(encoding="utf-8")
        )
    }
    from tools.install.steps import read_requirements

    assert any(line.startswith(extra) for line in read_requirements(named))


def test_training_brings_the_opencv_that_detectrons_pointrend_imports():
    """FiftyOne and Labelme bring it, too: only where neither is, as after `make demo`, would it be missing."""
    wanted = ConfigParser()
    wanted.read(Path(__file__).resolve().parents[1] / "setup.cfg")
    assert "opencv-python-headless" in wanted["options.extras_require"]["train"]

"""`pip install .` alone: checking, converting and importing work, and the rest says how to get what is missing.

The environment is a real one with a real, not editable, install of the workbench. What the core needs is linked into it
from the environment that runs the tests, so that nothing is downloaded and nothing else can be imported.
"""

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tools.install.environment import normal
from tools.install.steps import read_requirements
from tools.pin import read_name

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "detectron2", "fiftyone", "labelme", "pytest", "fastapi")


def run(command: list[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)


def find_tops(project: str) -> set[str]:
    """What a project put at the top of site-packages."""
    files = (str(file) for file in metadata.files(project) or ())
    return {file.split("/")[0] for file in files if not file.startswith((".", "_"))}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with the core and nothing else."""
    folder = tmp_path_factory.mktemp("plain")
    source = folder / "source"
    source.mkdir()
    shutil.copytree(ROOT / "workbench", source / "workbench", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"])
    packages = next((folder / "venv").glob("lib/python3*/site-packages"))
    for project in map(read_name, read_requirements("core")):
        for top in find_tops(project):
            here = Path(str(metadata.distribution(project).locate_file(top)))
            (packages / top).symlink_to(here)
    python = folder / "venv" / "bin" / "python"
    pip, alone = [sys.executable, "-m", "pip"], ["--no-index", "--no-deps", "--quiet"]
    run([*pip, "wheel", *alone, "--no-build-isolation", "--wheel-dir", folder, source])
    run([*pip, "--python", python, "install", *alone, *folder.glob("*.whl")])
    return python.parent


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A folder with one picture and one triangle."""
    from PIL import Image

    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    triangle = {"label": "balloon", "points": [[4, 4], [40, 4], [4, 40]], "shape_type": "polygon"}
    document = {"version": "6.3.1", "flags": {}, "shapes": [triangle | {"group_id": None, "flags": {}}]}
    document |= {"imagePath": "a.png", "imageData": None, "imageHeight": 48, "imageWidth": 64}
    (tmp_path / "a.json").write_text(json.dumps(document))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("module", HEAVY)
def test_nothing_heavy_is_there(plain: Path, module: str):
    assert run([plain / "python", "-c", f"import {module}"]).returncode == 1


@pytest.mark.slow
def test_the_core_names_what_it_needs_and_no_more(plain: Path):
    code = "from importlib.metadata import requires; print(*requires('detectron2-workbench'), sep='\\n')"
    needs = run([plain / "python", "-c", code]).stdout.splitlines()
    core = {normal(read_name(need)) for need in needs if "extra ==" not in need}
    assert core == {normal(read_name(line)) for line in read_requirements("core")}


@pytest.mark.slow
def test_help_check_convert_and_import_work(plain: Path, labelled: Path):
    program, out = plain / "workbench", labelled.parent / f"{labelled.name}-coco.json"
    assert run([program, "--help"]).returncode == 0
    checked = run([program, "check", labelled, "--json"])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert json.loads(checked.stdout)["shapes"] == 1
    converted = run([program, "convert", labelled, "--out", out, "--json"])
    assert converted.returncode == 0, converted.stderr
    assert len(json.loads(out.read_text())["annotations"]) == 1
    back = labelled.parent / f"{labelled.name}-back"
    words = ["--format", "coco", "--images", labelled, "--out", back]
    imported = run([program, "import", out, *words])
    assert imported.returncode == 0, imported.stderr
    assert len(list(back.rglob("*.json"))) == 1


@pytest.mark.slow
def test_the_doctor_says_what_is_missing_and_how_to_get_it(plain: Path, tmp_path: Path):
    done = run([plain / "workbench", "doctor", "--json"], cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    facts = {fact["name"]: fact for fact in json.loads(done.stdout)["facts"]}
    for name in ("torch", "detectron2", "fiftyone", "labelme"):
        assert facts[name]["state"] == "absent"
        assert re.search(r"pip install|make ", facts[name]["mend"])


@pytest.mark.slow
def test_a_missing_part_is_one_line_with_a_command(plain: Path, tmp_path: Path):
    code = "from workbench.extras import require; require('fiftyone', extra='review')"
    last = run([plain / "python", "-c", code], cwd=tmp_path).stderr.splitlines()[-1]
    assert "fiftyone must be installed for this, but is not; run: " in last
    assert last.endswith(".whl[review]'")

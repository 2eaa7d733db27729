"""Labelme's settings: ours for the window, a person's own for the rest, and theirs to the last byte as they were."""

import json
import os
from pathlib import Path

import pytest
import yaml

from tests.labelling.program import make_program
from workbench.data.colors import category_color
from workbench.labelling.labelme import build_command, find_labelme, open_labelme, plan_window
from workbench.labelling.labelmerc import read_defaults
from workbench.project import read_project

LABELMERC = """# mine
auto_save: false
with_image_data: true
labels: [cat, dog]
keep_prev: true
epsilon: 4.5
shortcuts:
  open_next: [N]
  create_polgon: P
canvas:
  crosshair: {polygon: true}
shape: 5
colour_of_my_dreams: blue
"""
DEFAULTS = """
auto_save: true
with_image_data: false
labels:
keep_prev: false
epsilon: 10.0
shortcuts: {open_next: [D], create_polygon: Ctrl+N}
canvas: {crosshair: {polygon: false}, fill_drawing: true}
shape: {point_size: 8}
"""


def plan(party, tmp_path, version="6.3.1"):
    """Our config as Labelme would read it, and what is said of it."""
    labelme = find_labelme(str(make_program(tmp_path, version=version)))
    window, notes = plan_window(labelme, tmp_path, read_project(party))
    return yaml.safe_load(window.config.read_text()), notes


def install_defaults(tmp_path, place="labelme/config"):
    file = tmp_path / "lib" / "python3.11" / "site-packages" / place / "default_config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(DEFAULTS)


def test_the_window_saves_by_itself_and_has_the_colours_of_the_project(party, tmp_path):
    config, notes = plan(party, tmp_path)
    assert (config["auto_save"], config["with_image_data"], notes) == (True, False, [])
    assert config["shape_color"] == "manual"
    assert config["label_colors"]["balloon"] == list(category_color(1))
    assert config["label_flags"] == {"^balloon$": ["crowd"]}


def test_labelme_7_has_other_names_for_colours(party, tmp_path):
    config, _ = plan(party, tmp_path, "7.9.1")
    assert config["shape_color"]["mode"] == "by_label"
    assert config["shape_color"]["by_label"]["colors"]["balloon"] == list(category_color(1))
    assert "label_colors" not in config


@pytest.mark.parametrize("place", ["labelme/config", "labelme/_config"])
def test_what_a_person_set_holds_where_the_project_does_not_decide(place, party, home, tmp_path):
    (home / ".labelmerc").write_text(LABELMERC)
    install_defaults(tmp_path, place)
    config, notes = plan(party, tmp_path)
    assert config["epsilon"] == 4.5
    assert config["shortcuts"] == {"open_next": ["N"]}
    assert config["canvas"] == {"crosshair": {"polygon": True}}
    assert (config["auto_save"], config["with_image_data"], config["keep_prev"]) == (True, False, False)
    assert "labels" not in config
    assert notes == [
        "~/.labelmerc: shortcuts.create_polgon: this Labelme does not know it; it is left out",
        "~/.labelmerc: shape: must be a table, but is not; it is left out",
        "~/.labelmerc: colour_of_my_dreams: this Labelme does not know it; it is left out",
        "~/.labelmerc: auto_save, with_image_data, labels, keep_prev: the project decides; the rest of it holds",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [("a: [", "it is not YAML"), ("- a", "it is not a table"), ("epsilon: 3", "are not to be found")],
)
def test_a_labelmerc_that_cannot_hold_is_named_with_the_reason(content, words, party, home, tmp_path):
    (home / ".labelmerc").write_text(content)
    config, notes = plan(party, tmp_path)
    assert len(notes) == 1 and words in notes[0]
    assert config["auto_save"] is True and "epsilon" not in config


def test_an_empty_labelmerc_says_nothing(party, home, tmp_path):
    (home / ".labelmerc").write_text("# nothing\n")
    assert plan(party, tmp_path)[1] == []


def test_the_defaults_of_the_labelme_that_is_installed_are_found():
    labelme = find_labelme_or_skip()
    assert {"auto_save", "shortcuts", "label_flags"} <= set(read_defaults(labelme.program))


def find_labelme_or_skip():
    from workbench.errors import WorkbenchError

    try:
        return find_labelme()
    except WorkbenchError as error:
        pytest.skip(str(error))


MEDDLE = """
home = Path(os.environ["HOME"])
if not (home / ".labelmerc").exists():
    (home / ".labelmerc").write_text("# Labelme config file.\\n")
config = Path(os.environ["XDG_CONFIG_HOME"])
(config / "labelme").mkdir(exist_ok=True)
before = (config / "labelme" / "labelme.conf")
(here / "seen").write_text(before.read_text() if before.exists() else "nothing")
before.write_text("[window]\\nsize=@Size(1 1)\\n")
(here / "links").write_text(json.dumps(sorted(path.name for path in config.iterdir())))
"""


def test_nothing_of_a_persons_settings_is_written(party, home, tmp_path):
    (home / ".labelmerc").write_text(LABELMERC)
    (home / ".config" / "labelme").mkdir(parents=True)
    (home / ".config" / "labelme" / "labelme.conf").write_text("[window]\nsize=@Size(900 500)\n")
    (home / ".config" / "fontconfig").mkdir()
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    closed = open_labelme(
        tmp_path, read_project(party), labelme=find_labelme(str(make_program(tmp_path, MEDDLE)))
    )
    assert closed.well, closed.words
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
    assert Path("seen").read_text() == "[window]\nsize=@Size(900 500)\n"  # the window opens as theirs does
    assert json.loads(Path("links").read_text()) == ["fontconfig", "labelme"]
    assert [path.name for path in (party / "labelme" / "settings").iterdir()] == ["labelme"]
    open_labelme(tmp_path, read_project(party), labelme=find_labelme(str(make_program(tmp_path, MEDDLE))))
    assert "Size(1 1)" in Path("seen").read_text()  # and then as it was left


def test_where_there_are_no_settings_none_are_left(party, home, tmp_path):
    open_labelme(tmp_path, read_project(party), labelme=find_labelme(str(make_program(tmp_path, MEDDLE))))
    assert list(home.iterdir()) == []


def test_a_labelmerc_that_a_person_writes_meanwhile_stays(party, home, tmp_path):
    work = 'Path(os.environ["HOME"], ".labelmerc").write_text("epsilon: 3\\n")'
    open_labelme(tmp_path, read_project(party), labelme=find_labelme(str(make_program(tmp_path, work))))
    assert (home / ".labelmerc").read_text() == "epsilon: 3\n"


def test_another_place_for_settings_is_theirs_too(party, home, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere" / "labelme"
    elsewhere.mkdir(parents=True)
    (elsewhere / "labelme.conf").write_text("[theirs]\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(elsewhere.parent))
    open_labelme(tmp_path, read_project(party), labelme=find_labelme(str(make_program(tmp_path, MEDDLE))))
    assert Path("seen").read_text() == (elsewhere / "labelme.conf").read_text() == "[theirs]\n"
    assert os.environ["XDG_CONFIG_HOME"] == str(elsewhere.parent)


def test_a_path_that_labelme_would_take_for_settings_is_given_as_settings(party, tmp_path):
    odd = tmp_path / "a: b" / "projects" / "party"
    odd.mkdir(parents=True)
    (odd / "project.toml").write_text((party / "project.toml").read_text())
    (tmp_path / "a: b" / "annotations" / "party").mkdir(parents=True)
    labelme = find_labelme(str(make_program(tmp_path)))
    window, _ = plan_window(labelme, odd, read_project(odd))
    words = build_command(labelme, window)
    assert yaml.safe_load(words[words.index("--config") + 1])["auto_save"] is True


@pytest.mark.parametrize("text", ["balloon\nhole\nballoon\n", "\ufeffballoon\nhole\n"])
def test_labels_that_labelme_would_stumble_over_are_given_clean(text, party, tmp_path):
    labels = read_project(party).annotations / "labels.txt"
    labels.write_text(text)
    window, notes = plan_window(find_labelme(str(make_program(tmp_path))), tmp_path, read_project(party))
    assert window.labels.read_text() == "balloon\nhole\n" and "clean copy" in notes[0]
    assert labels.read_text() == text

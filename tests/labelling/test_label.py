"""The verb: what it starts, what it says afterwards, and that nothing is lost whatever ends when."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.labelling.conftest import ROOT, write_project
from tests.labelling.program import make_program
from workbench.cli import main
from workbench.errors import BAD_DATA, BUSY, FAILED, NO_INPUT, OK, SERVICE_DOWN, USAGE
from workbench.formats.labelme import read_annotation

IMAGES = Path("annotations/party")
FIRST, FREE = "balloons-000.json", "balloons-004.json"


def label(capsys, *words: object) -> tuple[int, str, str]:
    code = main(["label", "party", *map(str, words)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def label_json(capsys, *words: object) -> tuple[int, dict]:
    code, out, err = label(capsys, "--json", *words)
    assert out, err
    return code, json.loads(out)


def state(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# What is started


def test_a_dry_run_prints_the_words_and_touches_nothing_of_a_person(party, tmp_path, capsys):
    program = make_program(tmp_path)
    before = state(tmp_path / "annotations")
    code, out, _ = label(capsys, "--dry-run", "--labelme", program)
    assert code == OK
    assert out.split() == [
        str(program),
        "annotations/party",
        *("--config", "projects/party/labelme/config.yaml"),
        *("--labels", "annotations/party/labels.txt"),
        *("--validate-label", "exact", "--no-sort-labels"),
    ]
    assert state(tmp_path / "annotations") == before
    assert sorted(path.name for path in party.iterdir()) == ["labelme", "project.toml"]


def test_flags_beside_the_labels_are_offered(party, tmp_path, capsys):
    (IMAGES / "flags.txt").write_text("blurred\n")
    (IMAGES / "label_flags.json").write_text('{"balloon": ["burst"]}')
    _, document = label_json(capsys, "--dry-run", "--labelme", make_program(tmp_path))
    words = document["command"]
    assert words[words.index("--flags") + 1] == "annotations/party/flags.txt"
    assert words[words.index("--label-flags") + 1] == "annotations/party/label_flags.json"


def test_without_labelme_the_words_name_the_command_that_brings_it(party, monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "")
    code, out, err = label(capsys)
    assert (code, out) == (FAILED, "")
    assert "labelme must be installed" in err and "install" in err and "--labelme" in err
    code, out, err = label(capsys, "--dry-run")
    assert code == OK and out.startswith("labelme annotations/party") and "must be installed" in err


def test_a_program_that_was_named_and_is_not_there_is_told(party, capsys, monkeypatch):
    code, _, err = label(capsys, "--labelme", "/nowhere/labelme")
    assert code == FAILED and "/nowhere/labelme must be the program" in err
    monkeypatch.setenv("WORKBENCH_LABELME", "/elsewhere/labelme")
    assert "/elsewhere/labelme must be the program" in label(capsys)[2]


@pytest.mark.parametrize(("version", "fits"), [("5.8.3", False), ("6.3.1", True), ("7.9.1", True)])
def test_versions_before_6_are_refused(version, fits, party, tmp_path, capsys):
    code, _, err = label(capsys, "--labelme", make_program(tmp_path, version=version))
    assert (code == OK) == fits
    assert fits or "must be Labelme 6.3 or later, but is Labelme 5.8.3" in err


def test_a_program_that_is_not_labelme_is_told(party, capsys):
    code, _, err = label(capsys, "--labelme", "/bin/true")
    assert code == SERVICE_DOWN and "--version must say which Labelme it is" in err


def test_without_a_screen_it_says_so(party, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("DISPLAY", raising=False)
    code, _, err = label(capsys, "--labelme", make_program(tmp_path))
    assert code == SERVICE_DOWN and "a screen must be there" in err


def test_an_unknown_project_says_the_nearest(party, capsys):
    assert main(["label", "partty"]) == NO_INPUT
    assert 'did you mean "party"?' in capsys.readouterr().err


# What is said afterwards


def test_nothing_done_is_said(party, tmp_path, capsys):
    code, out, _ = label(capsys, "--labelme", make_program(tmp_path))
    assert code == OK
    assert out == "annotations/party: nothing was changed\n\nNext: workbench convert party\n"


WORK = """
raw = read("balloons-000.json")
raw["shapes"].append(square("balloon"))
save("balloons-000.json", raw)
raw = read("balloons-001.json")
raw["shapes"][0]["points"][0][0] += 2.5
raw["shapes"][1]["label"] = "hole"
del raw["shapes"][2]
save("balloons-001.json", raw)
save("balloons-004.json", read("balloons-000.json") | {"imagePath": "balloons-004.jpg", "shapes": [square("balloon")]})
"""


def test_what_changed_is_told_and_checked(party, tmp_path, capsys):
    code, document = label_json(capsys, "--labelme", make_program(tmp_path, WORK))
    changes = document["changes"]
    assert changes["added"] == {"balloon": 2}
    assert changes["moved"] == {"balloon": 1}
    assert changes["removed"] == {"balloon": 1}
    assert changes["relabelled"] == [{"from": "balloon", "to": "hole", "shapes": 1}]
    assert changes["images"] == 3
    assert changes["files"] == ["balloons-000.json", "balloons-001.json", "balloons-004.json"]
    assert document["check"]["files"] == 3
    assert "hole-without-group" in document["check"]["rules"]
    assert code == (FAILED if document["check"]["errors"] else OK)


def test_it_is_a_table_for_people(party, tmp_path, capsys):
    _, out, _ = label(capsys, "--labelme", make_program(tmp_path, WORK))
    assert out.splitlines()[:4] == [
        "annotations/party: 3 images changed",
        "",
        "  class    added  moved  removed  relabelled",
        "  balloon      2      1        1  1 → hole",
    ]


def test_a_label_that_is_no_class_makes_it_fail(party, tmp_path, capsys):
    work = 'raw = read("balloons-000.json"); raw["shapes"].append(square("baloon")); save("balloons-000.json", raw)'
    code, document = label_json(capsys, "--labelme", make_program(tmp_path, work))
    assert (code, document["check"]["rules"]) == (FAILED, {"unknown-label": 1})


def test_a_file_that_was_deleted_is_told(party, tmp_path, capsys):
    _, document = label_json(capsys, "--labelme", make_program(tmp_path, f'(folder / "{FIRST}").unlink()'))
    assert document["changes"]["deleted"] == [FIRST]
    assert document["changes"]["removed"]["balloon"] > 0


# Nothing is lost


def test_a_crash_is_told_with_its_last_words_and_what_was_saved_counts(party, tmp_path, capsys):
    work = WORK + 'print("Segmentation fault", file=sys.stderr); os._exit(139)'
    code, out, err = label(capsys, "--labelme", make_program(tmp_path, work))
    assert code == FAILED
    assert "did not end well (exit 139: Segmentation fault)" in err
    assert "3 images changed" in out


def test_a_window_that_was_killed_is_told_by_its_signal(party, tmp_path, capsys):
    work = WORK + "os.kill(os.getpid(), 9)"
    code, out, err = label(capsys, "--labelme", make_program(tmp_path, work))
    assert code == FAILED and "did not end well (signal 9" in err and "3 images changed" in out


def test_a_draft_that_was_torn_stays_on_the_desk_and_is_told_until_it_is_dealt_with(party, tmp_path, capsys):
    Path("queue.txt").write_text("balloons-000.jpg\nballoons-001.jpg\n")
    before = (IMAGES / FIRST).read_bytes()
    torn = make_program(tmp_path, f'(folder / "{FIRST}").write_text("{{")')
    _, document = label_json(capsys, "--labelme", torn, "--queue", "queue.txt")
    (left,) = document["changes"]["desk"]["left"]
    assert left["image"] == "balloons-000.jpg" and "whole JSON" in left["why"]
    assert (IMAGES / FIRST).read_bytes() == before
    _, out, _ = label(capsys, "--labelme", make_program(tmp_path))
    assert "still on the desk: balloons-000.jpg: " in out
    (party / "drafts" / "queue" / FIRST).unlink()
    label(capsys, "--labelme", make_program(tmp_path))
    assert not [name for name in desk_of(party) if "backup" not in name]


def test_a_file_that_was_torn_lies_ready_as_it_was(party, tmp_path, capsys):
    before = (IMAGES / FIRST).read_bytes()
    work = f'(folder / "{FIRST}").write_bytes({before[:300]!r})'
    code, document = label_json(capsys, "--labelme", make_program(tmp_path, work))
    (torn,) = document["changes"]["torn"]
    assert code == FAILED
    assert torn["path"] == FIRST and "whole JSON" in torn["message"]
    assert Path(torn["rescued"]).read_bytes() == before
    assert (IMAGES / FIRST).read_bytes() == before[:300]  # it is a person's, and stays


def start(*words: object) -> subprocess.Popen:
    code = "from workbench.cli import main; import sys; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, "label", "party", *map(str, words)],
        env=environment,
        stderr=subprocess.PIPE,
    )


def wait_for(path: Path) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


WAIT = (
    WORK
    + """
(here / "drawn").touch()
while not (here / "enough").exists():
    time.sleep(0.05)
"""
)


@pytest.mark.parametrize("words", [[], ["--queue", "queue.txt"]], ids=["annotations", "desk"])
def test_a_window_whose_workbench_was_killed_is_still_a_window_and_accounted_for(
    words, party, tmp_path, capsys
):
    Path("queue.txt").write_text("balloons-000.jpg\nballoons-001\nballoons-004.jpg\n")
    program = make_program(tmp_path, WAIT)
    killed = start("--labelme", program, *words)
    wait_for(Path("drawn"))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    quiet = make_program(tmp_path)
    code, _, err = label(capsys, "--labelme", quiet)
    assert code == BUSY and "Labelme is open on it already" in err
    Path("enough").touch()
    end = time.monotonic() + 20
    while (found := label(capsys, "--json", "--labelme", quiet))[0] == BUSY:
        assert time.monotonic() < end
        time.sleep(0.2)
    document = json.loads(found[1])
    unseen = document["unseen"]
    assert (unseen["added"], unseen["removed"]) == ({"balloon": 2}, {"balloon": 1})
    assert document["changes"]["files"] == []
    assert len(read_annotation(IMAGES / FREE).shapes) == 1


def test_ctrl_c_closes_the_window_and_the_next_one_tells(party, tmp_path, capsys):
    stopped = start("--labelme", make_program(tmp_path, WAIT))
    wait_for(Path("drawn"))
    stopped.send_signal(signal.SIGINT)
    _, err = stopped.communicate(timeout=30)
    assert stopped.returncode == 130 and b"interrupted" in err
    _, document = label_json(capsys, "--labelme", make_program(tmp_path))
    assert document["unseen"]["added"] == {"balloon": 2}


# Parts of a project


def desk_of(party: Path) -> list[str]:
    desk = party / "drafts" / "queue"
    return sorted(path.relative_to(desk).as_posix() for path in desk.rglob("*") if path.is_file())


def opened(tmp_path: Path) -> dict:
    return json.loads((tmp_path / "said.json").read_text())


LIST = '(here / "listed").write_text(json.dumps(sorted(path.name for path in folder.iterdir() if path.is_file())))\n'


def test_a_queue_opens_only_what_it_names(party, tmp_path, capsys):
    Path("queue.txt").write_text("# two of them\nballoons-001.jpg\n\nannotations/party/balloons-003.json\n")
    program = make_program(tmp_path, LIST)
    code, document = label_json(capsys, "--labelme", program, "--queue", "queue.txt")
    listed = json.loads(Path("listed").read_text())
    assert code == OK
    assert document["images"] == ["balloons-001.jpg", "balloons-003.jpg"]
    assert listed == ["balloons-001.jpg", "balloons-001.json", "balloons-003.jpg", "balloons-003.json"]
    said = opened(tmp_path)  # from within, so that the window's list has names and no paths
    assert (said["words"][0], said["folder"]) == (".", str(party / "drafts" / "queue"))


def test_what_was_done_on_the_desk_comes_back_and_the_desk_is_empty(party, tmp_path, capsys):
    Path("queue.txt").write_text("balloons-000.jpg\nballoons-001.jpg\nballoons-002.jpg\nballoons-004.jpg\n")
    before = state(tmp_path / "annotations")
    program = make_program(tmp_path, WORK)
    _, document = label_json(capsys, "--labelme", program, "--queue", "queue.txt")
    changes, after = document["changes"], state(tmp_path / "annotations")
    assert changes["added"] == {"balloon": 2} and changes["relabelled"]
    assert sorted(changes["desk"]["brought"]) == ["balloons-000.jpg", "balloons-001.jpg", "balloons-004.jpg"]
    assert changes["desk"]["untouched"] == ["balloons-002.jpg"]
    assert {name for name in after if after[name] != before.get(name)} == {
        f"party/balloons-00{number}.json" for number in (0, 1, 4)
    }
    assert not [name for name in desk_of(party) if "backup" not in name]


def test_unlabelled_opens_what_has_no_file(party, tmp_path, capsys):
    program = make_program(tmp_path, LIST)
    _, document = label_json(capsys, "--labelme", program, "--unlabelled")
    assert document["images"] == ["balloons-004.jpg"]
    assert not (IMAGES / FREE).exists()


def test_an_image_that_was_ticked_is_an_image_without_objects(party, tmp_path, capsys):
    work = """
for path in folder.glob("*.json"):
    raw = read(path.name)
    raw["flags"] = {name: name.startswith("workbench: reviewed") for name in raw["flags"]}
    save(path.name, raw)
"""
    _, document = label_json(capsys, "--labelme", make_program(tmp_path, work), "--unlabelled")
    assert document["changes"]["desk"]["looked_at"] == ["balloons-004.jpg"]
    assert read_annotation(IMAGES / FREE).shapes == ()


def test_when_everything_is_labelled_nothing_is_opened(party, tmp_path, capsys):
    (IMAGES / "balloons-004.jpg").unlink()
    code, out, err = label(capsys, "--labelme", make_program(tmp_path), "--unlabelled")
    assert (code, out) == (OK, "") and "no image to open" in err
    code, document = label_json(capsys, "--labelme", make_program(tmp_path), "--unlabelled")
    assert (code, document["images"], document["changes"]["files"]) == (OK, [], [])
    assert not (tmp_path / "said.json").exists()


def test_lines_that_name_no_image_are_told_and_the_others_opened(party, tmp_path, capsys):
    Path("queue.txt").write_text("balloons-001.jpg\nbaloons-002.jpg\n../secret.jpg\n")
    code, _, err = label(capsys, "--labelme", make_program(tmp_path), "--queue", "queue.txt")
    assert code == OK
    assert (
        "baloons-002.jpg: must be an image of annotations/party" in err and 'did you mean "balloons-00' in err
    )
    assert "../secret.jpg: must be an image" in err


@pytest.mark.parametrize("content", ["", "# nothing\n", "nobody.jpg\n", "[]", "[3]", "{}"])
def test_a_queue_that_names_nothing_is_refused(content, party, tmp_path, capsys):
    Path("queue").write_text(content)
    code, _, err = label(capsys, "--labelme", make_program(tmp_path), "--queue", "queue")
    assert code == BAD_DATA and err.startswith("workbench: queue")


def test_a_selection_and_lists_of_names_and_objects_are_queues(party, tmp_path, capsys):
    pick = {"image": "balloons-002.jpg", "why": "a suspect"}
    for content in (
        {"run": "r", "source": "suspects", "picks": [pick]},
        ["balloons-002.jpg"],
        [pick],
        [{"file_name": "balloons-002.jpg"}],
    ):
        Path("queue.json").write_text(json.dumps(content))
        _, document = label_json(
            capsys, "--dry-run", "--labelme", make_program(tmp_path), "--queue", "queue.json"
        )
        assert document["images"] == ["balloons-002.jpg"]


def test_seen_needs_a_queue(party, capsys):
    assert label(capsys, "--seen")[0] == USAGE


# New classes


def test_a_new_class_is_offered_and_what_was_labelled_before_is_a_queue(party, tmp_path, capsys):
    write_project(party, ["balloon", "string"])
    code, out, err = label(capsys, "--labelme", make_program(tmp_path))
    assert code == OK
    assert (IMAGES / "labels.txt").read_text() == "__ignore__\nhole\nballoon\nstring\n"
    assert "annotations/party/labels.txt: string was added" in err
    assert "string is newer than the labels of 4 images" in err
    assert "workbench label party --queue projects/party/labelme/look-again.txt" in out
    queue = (party / "labelme" / "look-again.txt").read_text().splitlines()
    assert queue[1:] == [f"balloons-00{number}.jpg" for number in range(4)]
    assert json.loads((party / "classes.json").read_text())["classes"] == ["balloon", "string"]


DRAW_STRING = """
raw = read("balloons-000.json")
raw["shapes"].append(square("string"))
save("balloons-000.json", raw)
raw = read("balloons-001.json")
raw["flags"] = {name: name.startswith("workbench") for name in raw["flags"]}
save("balloons-001.json", raw)
"""


def test_images_leave_the_queue_as_they_are_looked_at(party, tmp_path, capsys):
    write_project(party, ["balloon", "string"])
    label(capsys, "--labelme", make_program(tmp_path))
    queue = party / "labelme" / "look-again.txt"
    _, document = label_json(capsys, "--labelme", make_program(tmp_path, DRAW_STRING), "--queue", queue)
    assert document["classes"]["look_again"] == {"string": ["balloons-002.jpg", "balloons-003.jpg"]}
    Path("rest.txt").write_text("balloons-003.jpg\n")
    code, out, _ = label(capsys, "--queue", "rest.txt", "--seen")
    assert (code, out) == (OK, "looked at: 1 images; still to look at: 1 for string\n")
    label(capsys, "--queue", queue, "--seen")
    assert not queue.exists()
    assert json.loads((party / "classes.json").read_text())["look_again"] == {}

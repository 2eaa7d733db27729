"""Labelme's window for real, on a screen that nobody sees: drawn in, moved in, closed, and what comes of it."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.labelling.conftest import ROOT, write_project
from tests.labelling.window import Hand, find_missing, open_screen
from workbench.cli import main
from workbench.data.annotation import Shape
from workbench.drafting.accept import bring_back
from workbench.drafting.desk import lay_out
from workbench.drafting.draft import Draft, mark_proposal
from workbench.errors import WorkbenchError
from workbench.formats.labelme import read_annotation
from workbench.labelling.labelme import find_labelme

IMAGES = Path("annotations/party")


@pytest.fixture(scope="module")
def hand():
    missing = find_missing()
    if missing:
        pytest.skip(f"no screen to draw on: apt-get install {missing}")
    try:
        find_labelme()
    except WorkbenchError as error:
        pytest.skip(str(error))
    with open_screen() as display:
        yield Hand(display)


@contextmanager
def window(hand, home, *words):
    """Start the verb as a person would; what it said is in the list when the window is closed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DISPLAY": hand.display, "HOME": str(home)}
    environment.pop("QT_QPA_PLATFORM", None)
    child = subprocess.Popen(
        [sys.executable, "-m", "workbench", "label", "party", "--json", *words],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    told = {}
    try:
        hand.wait_for("^Labelme - ")
        yield told
        hand.close()
        out, err = child.communicate(timeout=40)
        told.update(json.loads(out), code=child.returncode, err=err)
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()


CORNERS = [(600, 480), (700, 480), (700, 600), (600, 600)]


def find_place(drawn, point):
    """Where a point of the image is on the screen, as what was just drawn tells."""
    (left, top), (right, bottom) = drawn.points[0], drawn.points[2]
    across, down = (
        (CORNERS[2][0] - CORNERS[0][0]) / (right - left),
        (CORNERS[2][1] - CORNERS[0][1]) / (bottom - top),
    )
    return CORNERS[0][0] + (point[0] - left) * across, CORNERS[0][1] + (point[1] - top) * down


def outlines(shapes):
    return [(shape.label, shape.kind, shape.points) for shape in shapes]


def test_what_is_drawn_and_moved_is_told_saved_and_in_the_next_dataset(hand, home, party, capsys):
    (home / ".labelmerc").write_text("epsilon: 8\nauto_save: false\n")
    name = "balloons-000.json"
    before = read_annotation(IMAGES / name)
    with window(hand, home) as told:
        hand.draw(CORNERS, "balloon")
        drawn = read_annotation(IMAGES / name).shapes[-1]  # auto-save: nothing else was pressed
        large = max(before.shapes, key=lambda shape: len({round(x / 20) for x, _ in shape.points}))
        corner = min(large.points)  # leftmost
        x, y = find_place(drawn, corner)
        hand.key("ctrl+j")
        hand.drag((x, y), (x - 15, y + 20))
    assert told["code"] == 0, told
    changes, after = told["changes"], read_annotation(IMAGES / name)
    assert (changes["added"], changes["moved"], changes["removed"]) == ({"balloon": 1}, {"balloon": 1}, {})
    assert changes["files"] == [name] and told["check"]["errors"] == 0
    old, new = outlines(before.shapes), outlines(after.shapes)
    place = before.shapes.index(large)
    assert [one for one in new[:-1] if one != new[place]] == [one for one in old if one != old[place]]
    assert set(large.points) - set(after.shapes[place].points) == {corner}
    assert after.image_data is None and outlines([drawn]) == new[-1:]
    assert main(["convert", "party", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["ledger"]
    assert counts["shapes"] == sum(len(read_annotation(path).shapes) for path in IMAGES.glob("*.json"))
    assert (home / ".labelmerc").read_text() == "epsilon: 8\nauto_save: false\n"
    assert sorted(path.name for path in home.iterdir()) == [".cache", ".labelmerc"]


def test_a_new_class_is_drawn_on_the_desk_and_comes_back(hand, home, party):
    write_project(party, ["balloon", "string"])
    Path("queue.txt").write_text("balloons-004.jpg\nballoons-002.jpg\n")
    before = (IMAGES / "balloons-002.json").read_bytes()
    with window(hand, home, "--queue", "queue.txt") as told:
        hand.key("d")  # the next image
        hand.wait_for("balloons-004.jpg")
        hand.draw(CORNERS, "string")
    assert told["changes"]["added"] == {"string": 1}, told
    assert told["changes"]["desk"]["brought"] == ["balloons-004.jpg"]
    assert [shape.label for shape in read_annotation(IMAGES / "balloons-004.json").shapes] == ["string"]
    assert (IMAGES / "balloons-002.json").read_bytes() == before
    assert told["classes"]["added_to_labels"] == ["string"]


def test_a_machines_draft_is_finished_by_hand(hand, home, party):
    desk, image = party / "drafts" / "machine", "balloons-004.jpg"
    guess = Shape(label="balloon", kind="polygon", points=((150.0, 120.0), (200.0, 120.0), (200.0, 180.0)))
    draft = Draft(image=image, proposals=mark_proposal([guess], run="r1", name="0", score=0.8))
    lay_out(desk, [draft], annotations=IMAGES, source="r1")
    code = "; ".join(
        [
            "from pathlib import Path",
            "from workbench.labelling.labelme import open_labelme",
            "from workbench.project import read_project",
            f"print(open_labelme(Path({str(desk)!r}), read_project(Path('projects/party'))).code)",
        ]
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DISPLAY": hand.display, "HOME": str(home)}
    environment.pop("QT_QPA_PLATFORM", None)
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as child:
        hand.wait_for("^Labelme - ")
        hand.draw(CORNERS, "balloon")
        hand.close()
        assert child.communicate(timeout=40)[0].strip() == b"0"
    (brought,) = bring_back(desk, annotations=IMAGES, stamp="now")
    assert (brought.state, brought.taken) == ("edited", True)
    assert outlines(read_annotation(IMAGES / "balloons-004.json").shapes)[0] == outlines([guess])[0]
    assert len(read_annotation(IMAGES / "balloons-004.json").shapes) == 2
